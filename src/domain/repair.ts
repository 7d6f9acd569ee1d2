import { BatchDecider, journalChanges, type NewDecision, type UndecidedRow } from './decide-batch.js';
import { rowDigest } from './digest.js';
import type { JournalEntry, JournalRecord } from './journal.js';
import { groupByKey, rowId, type Attempt, type RowKey } from './keys.js';
import { plus } from './loss.js';
import { isRefusal, parseOperation, type Operation } from './operation.js';
import type { Cell, InterfaceRow } from './rows.js';
import type { Rules } from './rules.js';
import {
  snapshotRequest,
  WorkingSet,
  type Changes,
  type Snapshot,
  type SnapshotRequest,
} from './working-set.js';

/*
 * Rows in State 2 whose decisions the product store has lost take effect once more (P14), in the order of their marks: the
 * marks of a customer land in its order (P12). A worker judged each of them when it was applied, so rules that only say
 * whether a row is refused are not applied again. A row that cannot take effect all the same shows that something before it
 * is missing, too: nothing of its customer is changed.
 */

/** Rules for rows that have taken effect before: none refuses what another rule would have allowed. */
export function rulesOfFinishedRows(attributes: Rules['attributes']): Rules {
  return {
    onDuplicateOpen: 'update',
    onDuplicateBind: 'update',
    onCancelWithUsers: 'unbind',
    attributes,
    userLimitAttrSpecId: null,
  };
}

/** A row in State 2 whose decision is lost. */
export interface LostRow extends RowKey {
  readonly row: InterfaceRow;
  /** When it was marked, by the middle database's clock. */
  readonly stateDate: string;
  /** When its effect is taken to have been: ISO 8601, UTC, by the store's clock. */
  readonly at: string;
}

/** What the two clocks say, and how far the journal knows the customer. */
export interface EffectClocks {
  /** The store's clock minus the middle database's, in milliseconds. */
  readonly offsetMs: number;
  /** The newest decision about the customer, ISO 8601; null: none. */
  readonly newest: string | null;
}

/**
 * Gives lost rows of one customer, in the order of their marks, the times of their effects: those of their marks, but
 * always later than what the journal knows, and in their order. Rows of one second share a time: there the order is that
 * of the rows.
 */
export function withTimes(
  rows: readonly InterfaceRow[],
  { offsetMs, newest }: EffectClocks,
): readonly LostRow[] {
  let last = newest === null ? -Infinity : Date.parse(newest);
  let lastDate: string | null = null;
  return rows.flatMap((row) => {
    const { source, streamingNo, stateDate } = row;
    if (stateDate === null) return [];
    if (stateDate !== lastDate) last = Math.max(last + 1, timeOf(stateDate) + offsetMs);
    lastDate = stateDate;
    return [{ source, streamingNo, row, stateDate, at: new Date(last).toISOString() }];
  });
}

/** Milliseconds of a StateDate, as if it were UTC. */
export function timeOf(date: string): number {
  return Date.parse(`${date.replace(' ', 'T')}Z`);
}

/** What must be read of the product store before lost rows are applied. */
export function requestOfLost(rows: readonly LostRow[], attributes: Rules['attributes']): SnapshotRequest {
  const operations = rows.map(({ row }) => parseOperation(row));
  return snapshotRequest(
    operations.filter((operation): operation is Operation => !isRefusal(operation)),
    rulesOfFinishedRows(attributes),
  );
}

/** A journal record with the time of its decision. */
export interface DatedRecord extends JournalRecord {
  /** ISO 8601, UTC. */
  readonly decidedAt: string;
}

/** A lost row that cannot take effect on what the store holds. */
interface ImpossibleRow {
  readonly row: LostRow;
  /** As an ErrContent. */
  readonly why: string;
}

/** What applying lost rows once more changes. */
export interface Repaired {
  readonly rows: readonly LostRow[];
  readonly records: readonly DatedRecord[];
  readonly superseding: readonly RowKey[];
  readonly changes: Changes;
  /** The first of each customer that has one; none of the customer's rows is in `rows`. */
  readonly impossible: readonly ImpossibleRow[];
}

/** What lost rows are applied over. */
export interface RepairContext {
  readonly request: SnapshotRequest;
  readonly snapshot: Snapshot;
  /** The journal's current entries of these rows: failures of earlier attempts. */
  readonly entries: readonly JournalEntry[];
  readonly attributes: Rules['attributes'];
}

/** Applies lost rows, in the order given. */
export function repair(rows: readonly LostRow[], context: RepairContext): Repaired {
  const { impossible } = applyAll(rows, context);
  const left = new Set<Cell>(impossible.map(({ row }) => row.row.custId));
  const kept = left.size === 0 ? rows : rows.filter(({ row }) => !left.has(row.custId));
  const { work } = applyAll(kept, context);
  return { rows: kept, ...recordsOfLost(kept, context.entries), changes: work.changes(), impossible };
}

/** What the journal records of lost rows that take effect; `entries`: what it knows of them. */
export function recordsOfLost(
  rows: readonly LostRow[],
  entries: readonly JournalEntry[],
): Pick<Repaired, 'records' | 'superseding'> {
  const entriesOf = groupByKey(entries);
  const decisions = rows.map((lost): NewDecision => {
    const row = undecided(lost, entriesOf.get(rowId(lost)) ?? []);
    const applied = { outcome: 'applied', code: null, errContent: null, contentChanged: false } as const;
    return { undecided: row, decision: { row: row.row, ...applied } };
  });
  const at = new Map(rows.map((row) => [rowId(row), row.at]));
  const { records, superseding } = journalChanges(decisions);
  return {
    records: records.map((record) => ({ ...record, decidedAt: at.get(rowId(record)) ?? '' })),
    superseding,
  };
}

function applyAll(
  rows: readonly LostRow[],
  { request, snapshot, entries, attributes }: RepairContext,
): { readonly work: WorkingSet; readonly impossible: readonly ImpossibleRow[] } {
  const work = new WorkingSet(request, snapshot);
  const rules = rulesOfFinishedRows(attributes);
  const entriesOf = groupByKey(entries);
  const impossible = new Map<Cell, ImpossibleRow>();
  for (const row of rows) {
    if (impossible.has(row.row.custId)) continue;
    const decider = new BatchDecider(work, { rules, at: row.at, now: row.stateDate, dependencyGraceMs: 0 });
    decider.decideAll([undecided(row, entriesOf.get(rowId(row)) ?? [])]);
    const [decided] = decider.decisions;
    if (decided?.decision.outcome !== 'applied')
      impossible.set(row.row.custId, { row, why: decided?.decision.errContent ?? '' });
  }
  return { work, impossible: [...impossible.values()] };
}

/** The attempt is named by the mark's StateDate, the claim's being gone; later than any that the journal knows. */
function undecided({ row, stateDate, ...key }: LostRow, entries: readonly JournalEntry[]): UndecidedRow {
  const known =
    entries
      .map(({ attempt }) => attempt)
      .sort()
      .at(-1) ?? '';
  const attempt: Attempt = { ...key, attempt: stateDate > known ? stateDate : plus(known, 1000) };
  return {
    row: { ...attempt, row },
    digest: rowDigest(row),
    asks: parseOperation(row),
    supersedes: entries.some(({ superseded }) => !superseded),
    contentChanged: false,
  };
}
