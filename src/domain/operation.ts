import { z } from 'zod';
import type { Attribute, Identity } from './customer.js';
import { quoted, type Refusal } from './err-content.js';
import { compareNumbers, isCanonicalNumber } from './keys.js';
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
const notANumber = '不是 30 位以内的整数';

const cell = z
  .string()
  .nullable()
  .transform((value) => (isBlank(value) ? null : value));

/** Text of at most so many characters; the database counted its bytes already, if it counts bytes. */
const text = (maxCharacters: number) =>
  cell.superRefine((value, issue) => {
    if (value === null) return;
    if (value.includes('\u0000')) issue.addIssue('含有空字符 (NUL)');
    if (value.length > maxCharacters && [...value].length > maxCharacters)
      issue.addIssue(`超过 ${maxCharacters} 位`);
  });

const number30 = cell.superRefine((value, issue) => {
  if (value !== null && !isCanonicalNumber(value)) issue.addIssue(notANumber);
});

const accType = cell.superRefine((value, issue) => {
  if (value !== null && value !== '1' && value !== '2') issue.addIssue('不是 1 (管理员) 或 2 (普通用户)');
});

const required = (column: z.ZodType<string | null, string | null>) =>
  column.transform((value, issue): string => {
    if (value !== null) return value;
    issue.addIssue(missing);
    return z.NEVER;
  });

const attribute = z.object({
  attrId: number30,
  attrSpecId: required(number30),
  attrValue: z
    .string()
    .nullable()
    .transform((value) => (value === '' ? null : value))
    .superRefine((value, issue) => {
      if (value?.includes('\u0000') === true) issue.addIssue('含有空字符 (NUL)');
      if (value !== null && value.length > 100 && [...value].length > 100) issue.addIssue('超过 100 位');
    }),
});

const productId = required(number30);
const custId = required(number30);
const bizId = required(text(20));
const userId = required(text(100));

const identityColumns = {
  streamingNo: required(number30),
  productId,
  bizId,
  custId,
  areaCode: text(5),
  attributes: z.array(attribute),
};

const userColumns = { ...identityColumns, userId, accType, accName: text(100) };
const customerColumns = { ...identityColumns, custAccount: text(100), custName: text(128) };

/** The rows of the six operations, with the specification's lengths (5.2.2.1 to 5.2.2.4). */
const operationSchemas = {
  '0101': z.object({ ...customerColumns, custAccount: required(text(100)), custName: required(text(128)) }),
  '0102': z.object(customerColumns),
  '0103': z.object(customerColumns),
  '0201': z.object({ ...userColumns, accType: required(accType), accName: required(text(100)) }),
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
  const parsed = userId.safeParse(cell);
  return parsed.success ? parsed.data : null;
}

const identitySchema = z.object({ productId, custId, bizId });

/** Reads a row as an operation, or says why it cannot be one: missing fields (00401) before malformed ones (00403). */
export function parseOperation(row: InterfaceRow): Operation | Refusal {
  if (isBlank(row.opFlag)) return { code: '00401', detail: 'OPFlag' };
  return row.source === 'CUST' ? parseCustomerRow(row) : parseAccountRow(row);
}

/** The refusal of rows that share one StreamingNo: none of them can be told from the others. */
export function repeatedStreamingNo(streamingNo: string, count: number): Refusal {
  return { code: '00404', detail: `StreamingNo ${streamingNo} 在表中重复出现 ${count} 次` };
}

/** Tells a refusal from an operation. */
export function isRefusal(result: Operation | Refusal): result is Refusal {
  return 'code' in result;
}

function parseCustomerRow(row: InterfaceRow): CustomerOperation | Refusal {
  const opFlag = customerFlags.find((flag) => flag === row.opFlag);
  if (opFlag === undefined) return unknownFlag(row.opFlag, customerFlags);
  const parsed = operationSchemas[opFlag].safeParse(row);
  if (!parsed.success) return refusalOf(row, parsed.error);
  const { custAccount, custName } = parsed.data;
  return { source: 'CUST', opFlag, ...commonFields(parsed.data), custAccount, custName };
}

function parseAccountRow(row: InterfaceRow): AccountOperation | Refusal {
  const opFlag = accountFlags.find((flag) => flag === row.opFlag);
  if (opFlag === undefined) return unknownFlag(row.opFlag, accountFlags);
  const parsed = operationSchemas[opFlag].safeParse(row);
  if (!parsed.success) return refusalOf(row, parsed.error);
  const { userId: user, accType: type, accName } = parsed.data;
  return { source: 'ACCOUNT', opFlag, ...commonFields(parsed.data), userId: user, accType: type, accName };
}

function commonFields(data: z.output<(typeof operationSchemas)['0102' | '0202']>) {
  const { streamingNo, areaCode, attributes } = data;
  const identity = { productId: data.productId, custId: data.custId, bizId: data.bizId };
  return { streamingNo, identity, areaCode, attributes: inIdOrder(attributes) };
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
