import { tableOf } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import type { FullRow } from '../middle/admin-port.js';

/** A failed row as `failed --json` lists it. */
export interface FailedRow {
  /** The specification's table name. */
  readonly table: string;
  readonly streamingNo: string;
  readonly opFlag: Cell;
  readonly productId: Cell;
  readonly custId: Cell;
  readonly bizId: Cell;
  readonly userId: Cell;
  /** The code that ErrContent starts with; null where it starts with none. */
  readonly code: string | null;
  readonly errContent: Cell;
  readonly createDate: Cell;
  readonly stateDate: Cell;
}

/** A failed row as it is listed. */
export function failedRow(row: FullRow): FailedRow {
  return {
    table: tableOf[row.source],
    streamingNo: row.streamingNo,
    opFlag: row.opFlag,
    productId: row.productId,
    custId: row.custId,
    bizId: row.bizId,
    userId: row.userId,
    code: codeOf(row.errContent),
    errContent: row.errContent,
    createDate: row.createDate,
    stateDate: row.stateDate,
  };
}

/** The result code that a text starts with. */
export function codeOf(errContent: Cell): string | null {
  return /^\d{5}(?!\d)/.exec(errContent ?? '')?.[0] ?? null;
}
