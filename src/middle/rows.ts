import { compareNumbers, type Source } from '../domain/keys.js';
import type { AttributeRow, Cell, InterfaceRow, PolledRow } from '../domain/rows.js';

/*
 * Converts a driver's rows to the domain's, the same for every database.
 */

/** A row as a driver returns it. */
export type DriverRow = Readonly<Record<string, unknown>>;

const commonColumns = ['StreamingNo', 'ProductID', 'BizID', 'AreaCode', 'CustID', 'OPFlag'];

/** The numbers and texts of a main table's row, by the specification's names (5.2.2.1, 5.2.2.3). */
export const textColumns: Readonly<Record<Source, readonly string[]>> = {
  CUST: [...commonColumns, 'CustAccount', 'CustName'],
  ACCOUNT: [...commonColumns, 'UserID', 'AccType', 'AccName'],
};

/** A row of a poll as the domain knows it. */
export function polledRow(row: DriverRow): PolledRow {
  return {
    source: row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT',
    streamingNo: String(row['streaming_no']),
    custId: cell(row['cust_id']),
    productId: numberCell(row['product_id']),
    bizId: cell(row['biz_id']),
    userId: cell(row['user_id']),
    opFlag: cell(row['op_flag']),
    createDate: cell(row['create_date']),
    state: Number(row['state']),
    stateDate: cell(row['state_date']),
    attributes: Number(row['attributes']),
  };
}

/** A driver's value as a cell: text, with `''` the same as NULL. */
export function cell(value: unknown): Cell {
  if (value === null || value === undefined || value === '') return null;
  return typeof value === 'string' ? value : String(value);
}

/** A number that is no key: decimal places that are all zeros, as a column may have them, are dropped. */
export function numberCell(value: unknown): Cell {
  return cell(value)?.replace(/^(-?\d+)\.0+$/, '$1') ?? null;
}

/** Attribute rows by StreamingNo, each list in attribute-id order. */
export function attributesByRow(rows: readonly DriverRow[]): Map<string, AttributeRow[]> {
  const byRow = new Map<string, AttributeRow[]>();
  for (const row of rows) {
    const streamingNo = String(row['StreamingNo']);
    const attribute = {
      attrId: numberCell(row['AttrID']),
      attrSpecId: numberCell(row['AttrSpecID']),
      attrValue: cell(row['AttrValue']),
    };
    const list = byRow.get(streamingNo);
    if (list === undefined) byRow.set(streamingNo, [attribute]);
    else list.push(attribute);
  }
  for (const list of byRow.values()) if (list.length > 1) list.sort(compareAttributes);
  return byRow;
}

function compareAttributes(a: AttributeRow, b: AttributeRow): number {
  return (
    compareNumbers(a.attrId ?? '', b.attrId ?? '') ||
    compareNumbers(a.attrSpecId ?? '', b.attrSpecId ?? '') ||
    compareNumbers(a.attrValue ?? '', b.attrValue ?? '')
  );
}

/** A driver's row as the domain knows it. */
export function interfaceRow(
  source: Source,
  row: DriverRow,
  attributes: readonly AttributeRow[],
): InterfaceRow {
  return {
    source,
    streamingNo: String(row['StreamingNo']),
    productId: numberCell(row['ProductID']),
    bizId: cell(row['BizID']),
    areaCode: cell(row['AreaCode']),
    custId: cell(row['CustID']),
    custAccount: cell(row['CustAccount']),
    custName: cell(row['CustName']),
    userId: cell(row['UserID']),
    accType: numberCell(row['AccType']),
    accName: cell(row['AccName']),
    opFlag: cell(row['OPFlag']),
    createDate: cell(row['CreateDate']),
    state: row['State'] === null ? null : Number(row['State']),
    stateDate: cell(row['StateDate']),
    attributes,
  };
}
