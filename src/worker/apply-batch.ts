import {
  BatchDecider,
  journalChanges,
  journalled,
  lookUpJournal,
  snapshotRequestOf,
  type RowDecision,
  type UndecidedRow,
} from '../domain/decide-batch.js';
import type { Refusal } from '../domain/err-content.js';
import type { Rules } from '../domain/rules.js';
import { WorkingSet } from '../domain/working-set.js';
import type { ApplyTransaction } from '../store/port.js';
import type { Batch, BatchRow } from './batch.js';
import { callHandler, handlerCall, type HandlerUse } from './call-handler.js';

/** A row whose decision is in the journal: only its mark is left. */
export type DecidedRow = RowDecision<BatchRow>;

/** A row whose handler met an unexpected error. */
interface ErroredRow {
  readonly row: BatchRow;
  readonly error: Error;
}

/** What came of a batch. Rows in neither list go back to the next poll. */
export interface BatchResult {
  readonly decided: readonly DecidedRow[];
  readonly errored: readonly ErroredRow[];
}

/** What the decisions of a batch depend on besides the store. */
export interface DecisionSettings {
  readonly rules: Rules;
  readonly dependencyGraceMs: number;
  readonly handling: HandlerUse;
  /** Rows that are refused whatever their content, by `rowId`: those that failed alone too often. */
  readonly forcedRefusals: ReadonlyMap<string, Refusal>;
  /** How many rows a handler may fail before the rest of the batch is left undecided. */
  readonly maxErrored: number;
}

/**
 * Decides a batch in one transaction of the product store: journal and snapshot are read once, rows are decided in
 * memory one after another in their order, and what changed is written with the journal. Nothing is kept between calls:
 * a batch that fails half-way leaves no trace.
 */
export async function applyBatch(
  transaction: ApplyTransaction,
  batch: Batch,
  settings: DecisionSettings,
): Promise<BatchResult> {
  const { rules, dependencyGraceMs, forcedRefusals } = settings;
  const entries = await transaction.journal(journalled(batch.rows));
  const { decided, undecided } = lookUpJournal(batch.rows, entries, forcedRefusals);
  const request = snapshotRequestOf(undecided, rules);
  const work = new WorkingSet(request, await transaction.snapshot(request));
  const context = { rules, at: transaction.at, now: batch.now, dependencyGraceMs };
  const decider = new BatchDecider<BatchRow>(work, context);
  const errored = await decideRows(transaction, { decider, undecided, settings });
  await transaction.write(work.changes());
  const { records, superseding } = journalChanges(decider.decisions);
  await transaction.record(records, superseding);
  return { decided: [...decided, ...decider.decisions.map(({ decision }) => decision)], errored };
}

interface DecisionRun {
  readonly decider: BatchDecider<BatchRow>;
  readonly undecided: readonly UndecidedRow<BatchRow>[];
  readonly settings: DecisionSettings;
}

/** Returns the rows whose handlers failed. Only a row whose handler is called costs a promise. */
async function decideRows(
  transaction: ApplyTransaction,
  { decider, undecided, settings: { handling: use, maxErrored } }: DecisionRun,
): Promise<readonly ErroredRow[]> {
  const errored: ErroredRow[] = [];
  for (const open of undecided) {
    const proposed = decider.decide(open);
    if (proposed === null) continue;
    const { operation, effect } = proposed;
    const call = handlerCall(transaction.at, decider.work, { operation, effect, handlers: use.handlers });
    const handled = call === null ? null : await callHandler(transaction, open.row, { call, use });
    if (handled === null) decider.take(proposed);
    else if (handled.kind === 'refused') decider.refuse(open, handled.refusal);
    else {
      decider.leave(open);
      errored.push({ row: open.row, error: handled.error });
      if (errored.length >= maxErrored) break;
    }
  }
  return errored;
}
