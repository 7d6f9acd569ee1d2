import { z } from 'zod';
import type { Attribute, Identity } from './customer.js';
import { quoted, type Refusal } from './err-content.js';
import { attributeTableOf, compareNumbers, isCanonicalNumber, type RowKey } from './keys.js';
import type { AttributeRow, Cell, InterfaceRow } from './rows.js';

interface OperationFields {
  readonly streamingNo: string;
  readonly identity: Identity;
  /** Null: not given, the old one stays. So with every field below. */
  readonly areaCode: string | null;
  /** In attribute-id order. */
  readonly attributes: readonly Attribute[];
}

/** Open (0101), change (0102) or cancel (0103) of a customer's product. */
export interface CustomerOperation extends OperationFields {
  readonly source: 'CUST';
  readonly opFlag: '0101' | '0102' | '0103';
  readonly custAccount: string | null;
  readonly custName: string | null;
}

/** Bind (0201), change (0202) or unbind (0203) of a user. */
export interface AccountOperation extends OperationFields {
  readonly source: 'ACCOUNT';
  readonly opFlag: '0201' | '0202' | '0203';
  readonly userId: string;
  readonly accType: string | null;
  readonly accName: string | null;
}

/** What a valid row asks for. */
export type Operation = CustomerOperation | AccountOperation;

/** A cell without content: absent, `''` or blank. */
function isBlank(cell: Cell): cell is null {
  return cell === null || cell.trim() === '';
}

/*
 * Columns. A schema says what is wrong with a value in Chinese, without naming the column: zod's path does that.
 * The message `missing` stands for a missing value, which is another result code (00401).
 */

const missing = 'missing';

/** What is wrong with a value: nothing, one thing or several. */
type Check = (value: string) => readonly string[];

const fine: readonly string[] = [];

/** Text of at most so many characters; the database counted its bytes already, if it counts bytes. */
const text =
  (maxCharacters: number): Check =>
  (value) => {
    const faults: string[] = [];
    if (value.includes('\u0000')) faults.push('含有空字符 (NUL)');
    if (value.length > maxCharacters && [...value].length > maxCharacters)
      faults.push(`超过 ${maxCharacters} 位`);
    return faults;
  };

const number30: Check = (value) => (isCanonicalNumber(value) ? fine : ['不是 30 位以内的整数']);

/** A StreamingNo is a place in the order: numbers below 0 have none, and databases do not agree on one. */
const orderNumber: Check = (value) =>
  isCanonicalNumber(value) && !value.startsWith('-') ? fine : ['不是 30 位以内的非负整数'];

const accountType: Check = (value) =>
  value === '1' || value === '2' ? fine : ['不是 1 (管理员) 或 2 (普通用户)'];

/** One transformation per column and nothing else: a row has up to two dozen, and a page a thousand rows. */
const optional = (check: Check) =>
  z.transform((value: Cell, issue): Cell => {
    if (isBlank(value)) return null;
    for (const fault of check(value)) issue.addIssue(fault);
    return value;
  });

const required = (check: Check) =>
  z.transform((value: Cell, issue): string => {
    if (isBlank(value)) {
      issue.addIssue(missing);
      return z.NEVER;
    }
    for (const fault of check(value)) issue.addIssue(fault);
    return value;
  });

const [text100, text128] = [text(100), text(128)];

const attribute = z.object({
  attrId: optional(number30),
  attrSpecId: required(number30),
  /** Blanks are a value here. */
  attrValue: z.transform((value: Cell, issue): Cell => {
    if (value === null || value === '') return null;
    for (const fault of text100(value)) issue.addIssue(fault);
    return value;
  }),
});

const productId = required(number30);
const custId = required(number30);
const bizId = required(text(20));
const user = required(text100);

const identityColumns = {
  streamingNo: required(orderNumber),
  productId,
  bizId,
  custId,
  areaCode: optional(text(5)),
  attributes: z.array(attribute),
};

const userColumns = {
  ...identityColumns,
  userId: user,
  accType: optional(accountType),
  accName: optional(text100),
};
const customerColumns = {
  ...identityColumns,
  custAccount: optional(text100),
  custName: optional(text128),
};

/** The rows of the six operations, with the specification's lengths (5.2.2.1 to 5.2.2.4). */
const operationSchemas = {
  '0101': z.object({ ...customerColumns, custAccount: required(text100), custName: required(text128) }),
  '0102': z.object(customerColumns),
  '0103': z.object(customerColumns),
  '0201': z.object({ ...userColumns, accType: required(accountType), accName: required(text100) }),
  '0202': z.object(userColumns),
  '0203': z.object(userColumns),
} as const;

const customerFlags = ['0101', '0102', '0103'] as const;
const accountFlags = ['0201', '0202', '0203'] as const;

/** The specification's names of the columns, as they stand in ErrContent. */
const columnNames: Readonly<Record<string, string>> = {
  streamingNo: 'StreamingNo',
  productId: 'ProductID',
  bizId: 'BizID',
  custId: 'CustID',
  areaCode: 'AreaCode',
  custAccount: 'CustAccount',
  custName: 'CustName',
  userId: 'UserID',
  accType: 'AccType',
  accName: 'AccName',
  attrSpecId: 'AttrSpecID',
  attrValue: 'AttrValue',
};

/** The identity that a row names; null where it names none, so that the row will be refused for it. */
export function parseIdentity(row: { productId: Cell; custId: Cell; bizId: Cell }): Identity | null {
  const parsed = identitySchema.safeParse(row);
  return parsed.success ? parsed.data : null;
}

/** The user that a row names; null where it names none, so that the row will be refused for it. */
export function parseUserId(cell: Cell): string | null {
  const parsed = user.safeParse(cell);
  return parsed.success ? parsed.data : null;
}

const identitySchema = z.object({ productId, custId, bizId });

/** Reads a row as an operation, or says why it cannot be one: missing fields (00401) before malformed ones (00403). */
export function parseOperation(row: InterfaceRow): Operation | Refusal {
  if (isBlank(row.opFlag)) return { code: '00401', detail: 'OPFlag' };
  return row.source === 'CUST' ? parseCustomerRow(row) : parseAccountRow(row);
}

/** The refusal of rows that share one StreamingNo: they cannot be told apart. */
export function repeatedStreamingNo(streamingNo: string, count: number): Refusal {
  return { code: '00404', detail: `StreamingNo ${streamingNo} 在表中重复出现 ${count} 次` };
}

/** The refusal of a row with more attribute rows than `worker.maxAttributes` allows. */
export function tooManyAttributes({ source, streamingNo }: RowKey, most: number): Refusal {
  return {
    code: '00403',
    detail: `${attributeTableOf[source]} 中 StreamingNo ${streamingNo} 的属性超过 ${most} 条`,
  };
}

/** Whether it is a refusal and not an operation. */
export function isRefusal(result: Operation | Refusal): result is Refusal {
  return 'code' in result;
}

function parseCustomerRow(row: InterfaceRow): CustomerOperation | Refusal {
  const opFlag = customerFlags.find((flag) => flag === row.opFlag);
  if (opFlag === undefined) return unknownFlag(row.opFlag, customerFlags);
  const parsed = operationSchemas[opFlag].safeParse(row);
  if (!parsed.success) return refusalOf(row, parsed.error);
  const { streamingNo, areaCode, custAccount, custName } = parsed.data;
  const [identity, attributes] = [identityOf(parsed.data), inIdOrder(parsed.data.attributes)];
  return { source: 'CUST', opFlag, streamingNo, identity, areaCode, attributes, custAccount, custName };
}

function parseAccountRow(row: InterfaceRow): AccountOperation | Refusal {
  const opFlag = accountFlags.find((flag) => flag === row.opFlag);
  if (opFlag === undefined) return unknownFlag(row.opFlag, accountFlags);
  const parsed = operationSchemas[opFlag].safeParse(row);
  if (!parsed.success) return refusalOf(row, parsed.error);
  const { streamingNo, areaCode, userId, accType, accName } = parsed.data;
  const [identity, attributes] = [identityOf(parsed.data), inIdOrder(parsed.data.attributes)];
  return { source: 'ACCOUNT', opFlag, streamingNo, identity, areaCode, attributes, userId, accType, accName };
}

function identityOf({ productId, custId, bizId }: Identity): Identity {
  return { productId, custId, bizId };
}

function inIdOrder(attributes: Attribute[]): Attribute[] {
  return attributes.length < 2
    ? attributes
    : attributes.sort((a, b) => compareNumbers(a.attrId ?? '', b.attrId ?? ''));
}

function unknownFlag(opFlag: Cell, expected: readonly string[]): Refusal {
  return { code: '00403', detail: `OPFlag ${quoted(opFlag ?? '')} 不是 ${expected.join('、')}` };
}

function refusalOf(row: InterfaceRow, error: z.ZodError): Refusal {
  const absent = error.issues.filter((issue) => issue.message === missing);
  if (absent.length > 0)
    return { code: '00401', detail: absent.map((issue) => describe(row, issue.path).name).join(', ') };
  const faults = error.issues.map((issue) => {
    const { name, value } = describe(row, issue.path);
    return `${name} ${quoted(value ?? '')} ${issue.message}`;
  });
  return { code: '00403', detail: faults.join('; ') };
}

function describe(row: InterfaceRow, path: readonly PropertyKey[]): { name: string; value: Cell } {
  const [first, index, column] = path;
  if (first !== 'attributes') {
    return {
      name: columnNames[String(first)] ?? String(first),
      value: row[first as keyof InterfaceRow] as Cell,
    };
  }
  const attributeRow = row.attributes[Number(index)];
  const idName = row.source === 'CUST' ? 'CustAttrID' : 'AccAttrID';
  const plain = column === 'attrId' ? idName : (columnNames[String(column)] ?? String(column));
  const name = column === 'attrId' ? plain : `${plain} (${idName}=${attributeRow?.attrId ?? ''})`;
  return { name, value: attributeRow?.[column as keyof AttributeRow] ?? null };
}
