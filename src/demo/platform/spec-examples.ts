import type { Message, MessageAttribute } from './message.js';

/*
 * The example packages of the specification (5.1.1.3.4, 5.1.2.3.4, 5.1.3.3.4, 5.1.4.3.4) as rows, with its numbers.
 * Sent together, all of them succeed: the first customer's product is opened, changed, used and cancelled, the second
 * one's stays open.
 */

/** The attributes of the open of product 323002000, in the specification's order; several specs occur more than once. */
const openedAttributes: readonly MessageAttribute[] = attributes(5001, [
  ['11002001000000000000', '1'],
  ['11002004000000000000', '0'],
  ['11002005000000000000', '0'],
  ['11002006000000000000', '0'],
  ['11002007000000000000', '0'],
  ['11002008000000000000', '0'],
  ['11002009000000000000', null],
  ['11002009001000000000', '1'],
  ['11002009002000000000', '1'],
  ['11002009000000000000', null],
  ['11002009001000000000', '2'],
  ['11002009002000000000', '1'],
  ['11002009000000000000', null],
  ['11002009001000000000', '3'],
  ['11002009002000000000', '1'],
  ['11002010000000000000', '1'],
]);

const boundAttributes = attributes(7001, [
  ['11002001000000000000', '200'],
  ['11002004000000000000', '1'],
]);

const testCustomer = {
  source: 'CUST',
  productId: '200',
  bizId: '666666',
  areaCode: '57102',
  custId: '6',
  custAccount: 'aptest',
  custName: '中国电信测试企业',
  userId: null,
  accType: null,
  accName: null,
  attributes: [],
} as const;

const testUser = {
  ...testCustomer,
  source: 'ACCOUNT',
  areaCode: null,
  custAccount: null,
  custName: null,
  userId: 'ap',
  accType: '1',
  accName: '马汉',
} as const;

const openCustomer = {
  productId: '323002000',
  bizId: '40825826451003',
  areaCode: '020',
  /** GD990947809 in the SOAP example; the column is a number. */
  custId: '990947809',
} as const;

/** The examples in StreamingNo order. */
export const specExamples: readonly (Message & { readonly streamingNo: string })[] = [
  { ...testCustomer, streamingNo: '1141', opFlag: '0101', remark: '客户开通产品' },
  { ...testCustomer, streamingNo: '1142', opFlag: '0102', remark: '客户变更产品' },
  { ...testUser, streamingNo: '1143', opFlag: '0201', remark: '用户绑定产品' },
  { ...testUser, streamingNo: '1144', opFlag: '0202', remark: '用户信息变更' },
  { ...testUser, streamingNo: '1148', opFlag: '0203', remark: '用户解绑产品' },
  { ...testCustomer, streamingNo: '1149', opFlag: '0103', remark: '客户退订产品' },
  {
    ...testCustomer,
    ...openCustomer,
    streamingNo: '1150',
    custAccount: 'eshoretetxm06121',
    custName: 'test',
    opFlag: '0101',
    attributes: openedAttributes,
    remark: '客户开通产品',
  },
  {
    ...testUser,
    ...openCustomer,
    streamingNo: '1151',
    accName: '张三',
    opFlag: '0201',
    attributes: boundAttributes,
    remark: '用户绑定产品',
  },
];

/** The expected outcome once all examples are answered. */
export const specExamplesOutcome = {
  /** Rows that succeed: all of them. */
  applied: specExamples.map(({ source, streamingNo }) => ({ source, streamingNo })),
  customers: [
    { productId: '200', custId: '6', bizId: '666666', status: 'cancelled', attributes: [] },
    {
      productId: openCustomer.productId,
      custId: openCustomer.custId,
      bizId: openCustomer.bizId,
      status: 'active',
      attributes: openedAttributes,
    },
  ],
  users: [
    {
      productId: '200',
      custId: '6',
      bizId: '666666',
      userId: 'ap',
      accName: '马汉',
      status: 'unbound',
      attributes: [],
    },
    { ...openCustomer, userId: 'ap', accName: '张三', status: 'bound', attributes: boundAttributes },
  ],
} as const;

function attributes(
  firstId: number,
  values: readonly (readonly [string, string | null])[],
): MessageAttribute[] {
  return values.map(([attrSpecId, attrValue], index) => ({
    attrId: String(firstId + index),
    attrSpecId,
    attrValue,
  }));
}
