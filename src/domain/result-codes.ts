import type { Source } from './keys.js';

/** The specification's result codes (5.1.1.3.3, 5.1.3.3.3) that mean the same for customers and users. */
const common = {
  '00000': '交易成功',
  '00001': '交易失败',
  '00002': '参数要素不全',
  '00003': '非业务时间',
  '00004': '业务未授权',
  '00005': '查询结果为空',
  '00006': '系统无此业务',
  '00008': '查询密码错误',
  '00201': '查询数据库异常',
  '00202': '插入数据异常',
  '00203': '修改数据异常',
  '00204': '删除数据异常',
  '00205': '过程执行异常',
  '00401': '关键数据项不能为空',
  '00402': '业务数据内容不存在',
  '00403': '数据格式不正确',
  '00404': '业务逻辑执行错误',
  '00405': '有用户未解绑',
  '00406': '绑定用户已超上限',
  '00601': '连接服务异常',
  '00602': '断开服务异常',
  '00603': '发送数据失败',
  '00604': '接收数据失败',
} as const;

/** The codes of M2M products: the same number means different things for customers and for users. */
const m2mCustomer = {
  '00701': 'CustID 错误',
  '00702': 'ProductID 错误',
  '00703': 'AreaCode 错误',
  '00704': 'MDN 错误',
  '00705': 'MDN 已存在',
  '00706': 'IMSI 已使用',
  '00707': 'ICCID 已使用',
  '00708': 'UIMID 已使用',
} as const;

const m2mAccount = {
  '00701': 'CustID 错误',
  '00702': 'ProductID 错误',
  '00703': 'CustID 不存在',
  '00704': 'UserStatus 错误',
  '00705': 'MDN 错误',
  '00706': 'MDN 未开通',
  '00707': 'MDN 与 CustID 对应关系错误',
  '00708': 'MDN 不存在',
  '00709': 'IMSI 已使用',
  '00710': 'ICCID 已使用',
  '00711': 'UIMID 已使用',
  '00712': 'MDN 与 CustID 对应关系错误',
} as const;

/** A code of the registry. */
export type ResultCode = keyof typeof common | keyof typeof m2mCustomer | keyof typeof m2mAccount;

const registry: Readonly<Record<Source, Readonly<Record<string, string>>>> = {
  CUST: { ...common, ...m2mCustomer },
  ACCOUNT: { ...common, ...m2mAccount },
};

/** The standard text of a code for rows of a table, or undefined when the registry does not hold the code there. */
export function resultText(source: Source, code: string): string | undefined {
  return Object.hasOwn(registry[source], code) ? registry[source][code] : undefined;
}

/** Whether a row of this table may be refused with this code: registered, and not the code of success. */
export function isRefusalCode(source: Source, code: string): code is ResultCode {
  return code !== '00000' && resultText(source, code) !== undefined;
}

/** Every code with its standard text for a table, in code order. */
export function resultCodes(source: Source): { code: string; text: string }[] {
  return Object.entries(registry[source])
    .map(([code, text]) => ({ code, text }))
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}
