import type { FailedRow } from '../operator/contract/rows.js';
import { listLines } from './output.js';
import { shortTableName } from './labels.js';

/** Failed rows as a list for people. */
export function failedLines(rows: readonly FailedRow[]): readonly string[] {
  return listLines({
    columns: [
      { head: 'Table' },
      { head: 'StreamingNo' },
      { head: 'OPFlag' },
      { head: 'ProductID', optional: true },
      { head: 'CustID' },
      { head: 'BizID', optional: true },
      { head: 'UserID', shorten: 14, optional: true },
      { head: 'StateDate', optional: true },
      { head: 'ErrContent', shorten: 50 },
    ],
    rows: rows.map((row) => [
      shortTableName(row.table),
      row.streamingNo,
      row.opFlag,
      row.productId,
      row.custId,
      row.bizId,
      row.userId,
      row.stateDate,
      row.errContent,
    ]),
  });
}
