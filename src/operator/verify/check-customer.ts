import { errContent } from '../../domain/err-content.js';
import { tableOf, type RowKey } from '../../domain/keys.js';
import type { Rules } from '../../domain/rules.js';
import { compareRecords, type Records } from './compare.js';
import type { Difference, LateRows, NotJudged } from '../contract/checks.js';
import { noLateRows, productOf, rowDifference, type CustomerCheck } from './difference.js';
import { inJournalOrder, type EffectiveRows } from './effective-rows.js';
import { replay } from './replay.js';
import { LateWatch, rightOrderOf, type RightOrder } from './order.js';

/** A row whose State and journal entry disagree. */
export interface CandidateRow extends RowKey {
  readonly kind: 'notInJournal' | 'refusedInJournal' | 'changedSince' | 'appliedInJournal';
  readonly state: string;
  /** What the journal says: `applied`, a failure's ErrContent, or nothing. */
  readonly journal: string | null;
}

/** Everything known of a customer. */
export interface Evidence extends EffectiveRows {
  readonly custId: string | null;
  readonly candidateRows: readonly CandidateRow[];
  /** Why rows that took effect are missing here; null: none is. */
  readonly lost: 'rowsLeft' | 'rowsRewritten' | null;
  /** Its product store records. */
  readonly stored: Records;
}

/** How a customer is judged. */
export interface CheckSettings {
  readonly attributes: Rules['attributes'];
  /** An instant, ISO 8601, before which the journal may be incomplete; null: never purged. */
  readonly journalSince: string | null;
}

/** Judges a customer. Pure. */
export function checkCustomer(
  evidence: Evidence,
  { attributes, journalSince }: CheckSettings,
): CustomerCheck {
  const rows = evidence.candidateRows.map((row) => candidateDifference(row, evidence.custId));
  if (evidence.lost !== null) return { differences: rows, notJudged: evidence.lost, late: noLateRows };
  const watch = new LateWatch();
  const journalled = watch.over(evidence.journalled);
  const folded = replay(inJournalOrder({ ...evidence, journalled }), attributes);
  rows.push(
    ...folded.impossible.map(({ row, refusal }) =>
      rowDifference(row, evidence.custId, { kind: 'impossible', found: errContent(row.source, refusal) }),
    ),
  );
  if (folded.incomplete) return { differences: rows, notJudged: 'historyIncomplete', late: noLateRows };
  const order = watch.others === 0 ? null : rightOrderOf(evidence, folded, attributes);
  const outOfOrder = order === null ? [] : outOfOrderRows(order, evidence);
  const expected = order?.expected ?? folded;
  const { differences, older } = compareRecords(expected, evidence.stored, journalSince);
  const notJudged: NotJudged | null = older > 0 ? 'olderThanJournal' : null;
  const { requeued, undated, others } = watch;
  const waited = order?.waited ?? 0;
  const sameValues = others - waited - outOfOrder.length;
  const late: LateRows = { requeued, waited, undated, sameValues };
  return { differences: [...rows, ...outOfOrder, ...differences], notJudged, late };
}

/** Late rows of products whose stored records differ from the right order's. */
function outOfOrderRows({ outOfOrder, expected }: RightOrder, { custId, stored }: Evidence): Difference[] {
  if (outOfOrder.length === 0) return [];
  const wrong = new Set(compareRecords(expected, stored, null).differences.map(productOf));
  return outOfOrder
    .filter(({ product }) => wrong.has(product))
    .map((row) =>
      rowDifference(row, custId, {
        kind: 'outOfOrder',
        laterTable: tableOf[row.later.source],
        laterStreamingNo: row.later.streamingNo,
      }),
    );
}

function candidateDifference(row: CandidateRow, custId: string | null): Difference {
  const { kind, state, journal } = row;
  return rowDifference(row, custId, { kind, expected: state, found: journal });
}
