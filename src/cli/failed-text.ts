import type { FailedRow } from '../operator/contract/rows.js';
import { tableLines } from './output.js';
import { shortTableName } from './labels.js';

/** Failed rows as a list for people. */
export function failedLines(rows: readonly FailedRow[]): readonly string[] {
  return tableLines(rows, [
    { head: 'Table', of: (row) => shortTableName(row.table) },
    { head: 'StreamingNo', of: (row) => row.streamingNo },
    { head: 'OPFlag', of: (row) => row.opFlag },
    { head: 'ProductID', optional: true, of: (row) => row.productId },
    { head: 'CustID', of: (row) => row.custId },
    { head: 'BizID', optional: true, of: (row) => row.bizId },
    { head: 'UserID', shorten: 14, optional: true, of: (row) => row.userId },
    { head: 'StateDate', optional: true, of: (row) => row.stateDate },
    { head: 'ErrContent', shorten: 50, of: (row) => row.errContent },
  ]);
}
