import type { RowKey, Source } from '../../domain/keys.js';
import type { Cell } from '../../domain/rows.js';
import { corrected, newMessages } from './correction.js';
import { correctedRemark, readBadRow, type Correction, type BadRow } from './bad-row.js';
import { contentColumns, type Content, type Message } from './message.js';
import { withNumbers, type Numbers } from './numbers.js';
import type { Answered, NumberedMessage } from './knex/statements.js';

/** A correction that was sent. */
export interface SentCorrection {
  /** The refused row. */
  readonly refused: RowKey;
  readonly fault: BadRow;
  /** The rows that correct it, the corrected message last; the refused row itself if it was requeued. */
  readonly sent: readonly RowKey[];
}

/** A refused row with its correction. */
export interface RefusedSimulatedRow {
  readonly message: NumberedMessage;
  readonly remark: string;
  readonly fault: BadRow;
  readonly correction: Correction;
}

type DriverRow = Readonly<Record<string, unknown>>;

/** Reads refused rows and their attribute rows; rows without a correction in their Remark are left out. */
export function refusedRows(
  source: Source,
  rows: readonly DriverRow[],
  attributeRows: readonly DriverRow[],
): RefusedSimulatedRow[] {
  const byRow = new Map<string, DriverRow[]>();
  for (const attribute of attributeRows) {
    const streamingNo = String(attribute['streamingNo']);
    byRow.set(streamingNo, [...(byRow.get(streamingNo) ?? []), attribute]);
  }
  return rows.flatMap((row) => refusedRow(source, row, byRow.get(String(row['streamingNo'])) ?? []));
}

function cell(value: unknown): Cell {
  return typeof value === 'string' ? value : null;
}

function refusedRow(
  source: Source,
  row: DriverRow,
  attributeRows: readonly DriverRow[],
): RefusedSimulatedRow[] {
  const remark = cell(row['remark']) ?? '';
  const fault = readBadRow(remark);
  if (fault?.correction === undefined || fault.correction === null) return [];
  const attributes = attributeRows.map((attribute) => ({
    attrId: String(attribute['attrId']),
    attrSpecId: cell(attribute['attrSpecId']),
    attrValue: cell(attribute['attrValue']),
  }));
  const content = Object.fromEntries(contentColumns[source].map(({ field }) => [field, cell(row[field])]));
  const streamingNo = String(row['streamingNo']);
  const message = { ...emptyContent, ...content, source, streamingNo, attributes, remark };
  return [{ message, remark, fault, correction: fault.correction }];
}

const emptyContent: Content = {
  productId: null,
  bizId: null,
  areaCode: null,
  custId: null,
  custAccount: null,
  custName: null,
  userId: null,
  accType: null,
  accName: null,
  opFlag: null,
};

/** A refused row with the new rows that correct it. */
export interface Resent extends Answered {
  readonly row: RefusedSimulatedRow;
  readonly messages: readonly NumberedMessage[];
}

/** The new rows for a refused one. */
export function resent(row: RefusedSimulatedRow, numbers: Numbers): Resent {
  const messages = newMessages(row.message, row.correction).map((message) => withNumbers(message, numbers));
  const newRemark = correctedRemark(row.fault, `由 ${messages.at(-1)?.streamingNo ?? ''} 更正`);
  return { row, messages, streamingNo: row.message.streamingNo, oldRemark: row.remark, newRemark };
}

/** A refused row with its right content. */
export interface Edited extends Answered {
  readonly row: RefusedSimulatedRow;
  readonly message: Message;
}

/** The right content of a refused row to requeue. */
export function edited(row: RefusedSimulatedRow): Edited {
  const message = corrected(row.message, row.correction);
  const newRemark = correctedRemark(row.fault, '已更正');
  return { row, message, streamingNo: row.message.streamingNo, oldRemark: row.remark, newRemark };
}

/** What was sent for a refused row. */
export function sentCorrection(
  { message, fault }: RefusedSimulatedRow,
  messages: readonly Message[],
): SentCorrection {
  const { source, streamingNo } = message;
  const sent = messages.map((each) => ({ source: each.source, streamingNo: each.streamingNo ?? '' }));
  return { refused: { source, streamingNo }, fault, sent };
}
