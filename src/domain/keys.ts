/** Which main table a row stands in, as the journal writes it: IF_BNET_CUST or IF_BNET_ACCOUNT. */
export type Source = 'CUST' | 'ACCOUNT';

/** Both main tables, in the order that breaks ties between equal keys. */
export const sources: readonly Source[] = ['CUST', 'ACCOUNT'];

/** The specification's name of each main table (5.2.2.1, 5.2.2.3). */
export const tableOf = { CUST: 'IF_BNET_CUST', ACCOUNT: 'IF_BNET_ACCOUNT' } as const satisfies Record<
  Source,
  string
>;

/** The name of a main table. */
export type TableName = (typeof tableOf)[Source];

/** The specification's name of each attribute table (5.2.2.2, 5.2.2.4). */
export const attributeTableOf: Readonly<Record<Source, string>> = {
  CUST: 'IF_BNET_CUST_ATTR',
  ACCOUNT: 'IF_BNET_ACCOUNT_ATTR',
};

/** What names a row: its table and its StreamingNo, a number of up to 30 digits kept as text. */
export interface RowKey {
  readonly source: Source;
  readonly streamingNo: string;
}

/** What names one attempt at a row: the row and the StateDate its claim gave it. No two attempts share it. */
export interface Attempt extends RowKey {
  /** `YYYY-MM-DD HH:MM:SS` by the middle database's clock. */
  readonly attempt: string;
}

/** A row's key as one string, for maps and logs: `IF_BNET_CUST:1141`. */
export function rowId(key: RowKey): string {
  return `${tableOf[key.source]}:${key.streamingNo}`;
}

/** Rows without those whose key came before: one stands for all rows with its key. */
export function oncePerKey<T extends RowKey>(rows: readonly T[]): T[] {
  return [...new Map(rows.map((row) => [rowId(row), row])).values()];
}

/** Rows by `rowId`: rows that share a key stand in one list. */
export function groupByKey<T extends RowKey>(rows: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const id = rowId(row);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [row]);
    else group.push(row);
  }
  return groups;
}

/** The StreamingNos of keys, table by table, without tables that have none. */
export function byTable(
  keys: readonly RowKey[],
): readonly { readonly source: Source; readonly streamingNos: readonly string[] }[] {
  return sources.flatMap((source) => {
    const streamingNos = keys.filter((key) => key.source === source).map(({ streamingNo }) => streamingNo);
    return streamingNos.length === 0 ? [] : [{ source, streamingNos }];
  });
}

/** A row's place in its customer's order (P3). */
export interface RowOrder extends RowKey {
  readonly createDate: string | null;
}

/** Compares by (CreateDate, StreamingNo): a missing CreateDate comes first, customers before accounts on a tie. */
export function compareRows(a: RowOrder, b: RowOrder): number {
  return (
    compareText(a.createDate ?? '', b.createDate ?? '') ||
    compareNumbers(a.streamingNo, b.streamingNo) ||
    sources.indexOf(a.source) - sources.indexOf(b.source)
  );
}

/** Compares two integers that are kept as text: of two without a sign the shorter is the smaller. */
export function compareNumbers(a: string, b: string): number {
  const [isBelow, isOtherBelow] = [a.startsWith('-'), b.startsWith('-')];
  if (isBelow !== isOtherBelow) return isBelow ? -1 : 1;
  const order = a.length - b.length || compareText(a, b);
  return isBelow ? 0 - order : order;
}

function compareText(a: string, b: string): number {
  return Number(a > b) - Number(a < b);
}

const canonicalNumber = /^(?:0|-?[1-9][0-9]{0,29})$/;

/** Whether a text is a NUMBER(30,0) in the one way a database writes it (no leading zeros, no exponent). */
export function isCanonicalNumber(text: string): boolean {
  return canonicalNumber.test(text);
}

/** The shard a customer falls into, `CustID mod shards`; a CustID that is missing or no number falls into shard 0. */
export function shardOf(custId: string | null, shards: number): number {
  if (custId === null || !isCanonicalNumber(custId)) return 0;
  const digits = custId.startsWith('-') ? custId.slice(1) : custId;
  // Stryker disable next-line ConditionalExpression,EqualityOperator: both are exact here, a number is quicker.
  return digits.length <= 15 ? Number(digits) % shards : Number(BigInt(digits) % BigInt(shards));
}
