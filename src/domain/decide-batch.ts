import type { DecisionContext, Effect } from './decide.js';
import { rowDigest } from './digest.js';
import { errContent, type Refusal } from './err-content.js';
import { oneLine } from './foreign-text.js';
import { answerOf, type JournalEntry, type JournalRecord, type Outcome } from './journal.js';
import { groupByKey, isCanonicalNumber, rowId, type Attempt, type RowKey } from './keys.js';
import { isRefusal, parseOperation, type Operation } from './operation.js';
import type { Cell, InterfaceRow } from './rows.js';
import type { Rules } from './rules.js';
import { waitedMs } from './waiting.js';
import { snapshotRequest, type SnapshotRequest, type WorkingSet } from './working-set.js';

/*
 * How a batch is decided. Rows with a journalled outcome keep it; the others are decided in order, each over the effects
 * of those before it. Nothing here does I/O. The caller reads the journal (`journalled`, `lookUpJournal`), reads the
 * snapshot of a working set (`snapshotRequestOf`), decides (`BatchDecider`), and writes the changes of the working set with
 * the journal (`journalChanges`).
 */

/** A row of a batch, in its customer's order. */
export interface RowToDecide extends Attempt {
  readonly row: InterfaceRow;
  /** Set where the row is refused whatever its content. Its digest is then no digest of the content either. */
  readonly refusal?: Refusal;
  /** Milliseconds since the process first saw it, at the poll; absent where that is not known. */
  readonly seenForMs?: number;
}

/** The decision about a row. */
export interface RowDecision<Row extends RowToDecide = RowToDecide> {
  readonly row: Row;
  readonly outcome: Outcome;
  /** Null when applied. */
  readonly code: string | null;
  readonly errContent: string | null;
  /** Set where the journal had the outcome; `again`: of an earlier attempt of the row. */
  readonly alreadyJournalled?: { readonly again: boolean };
  /** An earlier attempt was applied with other content. */
  readonly contentChanged: boolean;
}

/** A row without a journalled outcome. */
export interface UndecidedRow<Row extends RowToDecide = RowToDecide> {
  readonly row: Row;
  readonly digest: string;
  readonly asks: Operation | Refusal;
  /** The journal's current entry, of another attempt, is closed with the decision. */
  readonly supersedes: boolean;
  readonly contentChanged: boolean;
}

/** A batch after the look-up in the journal. Both lists are in the order of the batch. */
export interface JournalLookup<Row extends RowToDecide> {
  readonly decided: readonly RowDecision<Row>[];
  readonly undecided: readonly UndecidedRow<Row>[];
}

/** The rows that the journal can hold: its StreamingNo is a number. */
export function journalled<Row extends RowKey>(rows: readonly Row[]): Row[] {
  return rows.filter(({ streamingNo }) => isCanonicalNumber(streamingNo));
}

/**
 * Parts a batch by the journal's entries for it, and parses the rows that are still to be decided. `forcedRefusals`, by
 * `rowId`, take the place of what a row asks for.
 */
export function lookUpJournal<Row extends RowToDecide>(
  rows: readonly Row[],
  entries: readonly JournalEntry[],
  forcedRefusals: ReadonlyMap<string, Refusal> = new Map(),
): JournalLookup<Row> {
  const entriesOf = groupByKey(entries);
  const decided: RowDecision<Row>[] = [];
  const undecided: UndecidedRow<Row>[] = [];
  for (const row of rows) {
    const id = rowId(row);
    const digest = row.refusal === undefined ? rowDigest(row.row) : `duplicate of ${row.attempt}`;
    const answer = answerOf(entriesOf.get(id) ?? [], row.attempt, digest);
    if (answer.kind === 'decided') {
      const { outcome, errContent: text, again } = answer;
      const code = text?.slice(0, 5) ?? null;
      const alreadyJournalled = { again };
      decided.push({ row, outcome, code, errContent: text, alreadyJournalled, contentChanged: false });
      continue;
    }
    const { supersedes, contentChanged } = answer;
    const asks = row.refusal ?? forcedRefusals.get(id) ?? parseOperation(row.row);
    undecided.push({ row, digest, asks, supersedes, contentChanged });
  }
  return { decided, undecided };
}

/** The snapshot that the working set of a batch needs. */
export function snapshotRequestOf(rows: readonly UndecidedRow[], rules: Rules): SnapshotRequest {
  const operations = rows.map(({ asks }) => asks).filter((asks): asks is Operation => !isRefusal(asks));
  return snapshotRequest(operations, rules);
}

/** What the decisions of a batch depend on besides rows and state. */
export interface BatchContext extends DecisionContext {
  /** The middle database's clock at the poll. */
  readonly now: string;
  /** How long a row may wait for its open or bind (`worker.dependencyGraceMs`). */
  readonly dependencyGraceMs: number;
}

/** An effect that a row would have; the working set does not hold it yet. */
export interface ProposedEffect<Row extends RowToDecide> {
  readonly undecided: UndecidedRow<Row>;
  readonly operation: Operation;
  readonly effect: Effect;
}

/** A decision that is not journalled yet. */
export interface NewDecision<Row extends RowToDecide = RowToDecide> {
  readonly undecided: UndecidedRow<Row>;
  readonly decision: RowDecision<Row>;
}

/**
 * Decides rows in order over a working set. `decide` returns the effect that a row would have, and before the next row the
 * caller takes it, refuses the row, or leaves it; rows without an effect are refused or left by `decide` itself. A row
 * that is left stays undecided with the later rows of its customer, so that their order holds.
 */
export class BatchDecider<Row extends RowToDecide = RowToDecide> {
  readonly work: WorkingSet;
  readonly #context: BatchContext;
  readonly #decisions: NewDecision<Row>[] = [];
  /** CustIDs. */
  readonly #left = new Set<Cell>();

  constructor(work: WorkingSet, context: BatchContext) {
    this.work = work;
    this.#context = context;
  }

  /** In the order of the rows; those that were left are missing. */
  get decisions(): readonly NewDecision<Row>[] {
    return this.#decisions;
  }

  /** Null: the row is refused or left. */
  decide(undecided: UndecidedRow<Row>): ProposedEffect<Row> | null {
    const { row, asks } = undecided;
    if (this.#left.has(row.row.custId)) return null;
    if (isRefusal(asks)) {
      this.refuse(undecided, asks);
      return null;
    }
    const decision = this.work.decide(asks, this.#context);
    if (decision.kind === 'effect') return { undecided, operation: asks, effect: decision };
    if (decision.missing !== undefined && this.#mayWait(row)) this.leave(undecided);
    else this.refuse(undecided, decision.refusal);
    return null;
  }

  /** Decides rows and takes every effect. */
  decideAll(rows: readonly UndecidedRow<Row>[]): void {
    for (const row of rows) {
      const proposed = this.decide(row);
      if (proposed !== null) this.take(proposed);
    }
  }

  take({ undecided, operation, effect }: ProposedEffect<Row>): void {
    this.work.take(operation, effect, this.#context.at);
    const { row, contentChanged } = undecided;
    const decision = { row, outcome: 'applied', code: null, errContent: null, contentChanged } as const;
    this.#decisions.push({ undecided, decision });
  }

  refuse(undecided: UndecidedRow<Row>, refusal: Refusal): void {
    const { row, contentChanged } = undecided;
    const text = errContent(row.source, refusal);
    const decision = {
      row,
      outcome: 'failed',
      code: refusal.code,
      errContent: text,
      contentChanged,
    } as const;
    this.#decisions.push({ undecided, decision });
  }

  leave({ row }: UndecidedRow<Row>): void {
    this.#left.add(row.row.custId);
  }

  /** Whether the row is young enough to wait for an open or a bind that is missing. */
  #mayWait({ row, seenForMs = Infinity }: Row): boolean {
    const { dependencyGraceMs: graceMs, now } = this.#context;
    return graceMs > 0 && waitedMs(row.createDate, seenForMs, now) < graceMs;
  }
}

/** What the journal must record of new decisions, and the rows whose current entries are closed by it. */
export function journalChanges(decisions: readonly NewDecision[]): {
  readonly records: readonly JournalRecord[];
  readonly superseding: readonly RowKey[];
} {
  const recorded = decisions.filter(({ decision }) => isCanonicalNumber(decision.row.streamingNo));
  const superseding = recorded.filter(({ undecided }) => undecided.supersedes);
  return { records: recorded.map(recordOf), superseding: superseding.map(({ decision }) => decision.row) };
}

function recordOf({ decision, undecided }: NewDecision): JournalRecord {
  const { row, outcome, code, errContent: text } = decision;
  const { productId, custId, bizId, userId, opFlag } = row.row;
  return {
    source: row.source,
    streamingNo: row.streamingNo,
    attempt: row.attempt,
    outcome,
    code,
    errContent: text,
    opFlag: asText(opFlag),
    productId: asNumber(productId),
    custId: asNumber(custId),
    bizId: asText(bizId),
    userId: asText(userId),
    digest: undecided.digest,
  };
}

/** The journal's columns take a refused row's values: a number only where it is one, text without control characters. */
function asNumber(value: Cell): Cell {
  return value !== null && isCanonicalNumber(value) ? value : null;
}

function asText(value: Cell): Cell {
  return value === null ? null : oneLine(value);
}
