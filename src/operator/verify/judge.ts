import { errContent } from '../../domain/err-content.js';
import type { RowKey } from '../../domain/keys.js';
import type { Rules } from '../../domain/rules.js';
import { compareRecords, type Records } from './compare.js';
import { rowDifference, type Difference, type Judgement, type NotJudged } from './difference.js';
import { fold, type EffectiveRows } from './fold.js';

/** A row whose State and journal entry do not agree. */
export interface SuspectRow extends RowKey {
  readonly kind: 'notInJournal' | 'refusedInJournal' | 'changedSince' | 'appliedInJournal';
  readonly state: string;
  /** What the journal says: `applied`, a failure's ErrContent, or nothing. */
  readonly journal: string | null;
}

/** All that is known of a customer. */
export interface Evidence extends EffectiveRows {
  readonly custId: string | null;
  readonly suspectRows: readonly SuspectRow[];
  /** Why the rows that took effect are not all here; null: they are. */
  readonly lost: 'rowsLeft' | 'rowsRewritten' | null;
  /** What the product store holds. */
  readonly stored: Records;
}

/** How a customer is judged. */
export interface JudgeSettings {
  readonly attributes: Rules['attributes'];
  /** An instant, ISO 8601, before which the journal may be incomplete; null: it never was purged. */
  readonly journalSince: string | null;
}

/** Judges a customer. Pure. */
export function judge(evidence: Evidence, { attributes, journalSince }: JudgeSettings): Judgement {
  const rows = evidence.suspectRows.map((row) => suspectDifference(row, evidence.custId));
  if (evidence.lost !== null) return { differences: rows, notJudged: evidence.lost };
  const folded = fold(evidence, attributes);
  rows.push(
    ...folded.impossible.map(({ row, refusal }) =>
      rowDifference(row, evidence.custId, { kind: 'impossible', found: errContent(row.source, refusal) }),
    ),
  );
  if (folded.incomplete) return { differences: rows, notJudged: 'historyIncomplete' };
  const { differences, older } = compareRecords(folded, evidence.stored, journalSince);
  const notJudged: NotJudged | null = older > 0 ? 'olderThanJournal' : null;
  return { differences: [...rows, ...differences], notJudged };
}

function suspectDifference(row: SuspectRow, custId: string | null): Difference {
  const { kind, state, journal } = row;
  return rowDifference(row, custId, { kind, expected: state, found: journal });
}
