import type { RowDetails, DeferredRow, DeferredSummary } from '../operator/contract/rows.js';
import { durationText } from '../operator/duration.js';
import { tableLines, shown } from './output.js';
import { quantity, shortTableName } from './labels.js';

/** Deferred rows as a list for people. */
export function deferredListLines(rows: readonly DeferredRow[]): readonly string[] {
  return tableLines(rows, [
    { head: 'Table', of: (row) => shortTableName(row.table) },
    { head: 'StreamingNo', of: (row) => row.streamingNo },
    { head: 'CustID', optional: true, of: (row) => row.custId },
    { head: 'Stage', of: (row) => row.stage },
    { head: 'Cause', of: (row) => row.cause },
    { head: 'Tries', right: true, of: (row) => row.tries },
    { head: 'Since', optional: true, of: (row) => row.since },
    { head: 'Next try', optional: true, of: (row) => row.nextAt },
    { head: 'Reason', shorten: 30, of: (row) => row.reason },
  ]);
}

/** What `status` says of them: nothing where there are none. */
export function deferredLines({
  rows,
  customers,
  oldestSeconds,
  byStage,
  oldest,
}: DeferredSummary): string[] {
  const [first] = oldest;
  if (rows === 0 || first === undefined) return [];
  const parts = byStage.map((count) => `${count.stage} ${count.cause} ${count.rows}`).join(', ');
  const age = durationText(oldestSeconds ?? 0);
  return [
    `Deferred: ${quantity(rows, 'row')} of ${quantity(customers, 'customer')} (${parts}), the first for ${age}, ` +
      `${first.table} ${first.streamingNo}; the others go on. "bnet-sync deferred" lists them.`,
  ];
}

/** What `show` says of a deferred row, or waits for one that is. */
export function standingLines({
  deferred,
  heldBackBy,
}: Pick<RowDetails, 'deferred' | 'heldBackBy'>): string[] {
  const own =
    deferred === null
      ? []
      : [
          `Deferred since ${deferred.since} (${deferred.stage}, ${deferred.cause}; tries: ${deferred.tries}), next try ${deferred.nextAt}:`,
          `  ${shown(deferred.reason)}`,
        ];
  const others =
    heldBackBy.length === 0
      ? []
      : [
          'Waits for rows of its customer that are deferred:',
          ...heldBackBy.map(
            ({ table, streamingNo, stage, cause, since }) =>
              `  ${table} ${streamingNo}, since ${since} (${stage}, ${cause})`,
          ),
        ];
  return own.length + others.length === 0 ? [] : [...own, ...others, ''];
}
