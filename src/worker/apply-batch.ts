import type { Effect } from '../domain/decide.js';
import { rowDigest } from '../domain/digest.js';
import { errContent, type Refusal } from '../domain/err-content.js';
import { oneLine } from '../domain/foreign-text.js';
import { answerOf, type JournalEntry, type JournalRecord, type Outcome } from '../domain/journal.js';
import { isCanonicalNumber, rowId, type RowKey } from '../domain/keys.js';
import { isRefusal, parseOperation, type Operation } from '../domain/operation.js';
import type { Rules } from '../domain/rules.js';
import type { Cell } from '../domain/rows.js';
import { waitedMs } from '../domain/waiting.js';
import { snapshotRequest, WorkingSet } from '../domain/working-set.js';
import type { ApplyTransaction } from '../store/port.js';
import type { Batch, BatchRow } from './batch.js';
import { callHandler, handlerCall, type HandlerUse, type HandlerOutcome } from './call-handler.js';

/** A row's answer, recorded in the journal: what is left is its mark. */
export interface DecidedRow {
  readonly row: BatchRow;
  readonly outcome: Outcome;
  readonly code: string | null;
  readonly errContent: string | null;
  /** Set where the journal had the answer; `again`: for an earlier attempt of the row. */
  readonly alreadyJournalled?: { readonly again: boolean };
  readonly contentChanged: boolean;
}

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
  /** Rows that are refused whatever they say, by `rowId`: those that failed alone too often. */
  readonly forcedRefusals: ReadonlyMap<string, Refusal>;
  /** How many rows a handler may fail before the rest of the batch is left alone. */
  readonly maxErrored: number;
}

interface OpenRow {
  readonly row: BatchRow;
  readonly digest: string;
  readonly asks: Operation | Refusal;
  readonly supersedes: boolean;
  readonly contentChanged: boolean;
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
  const { decided, open } = await lookUpJournal(transaction, batch.rows, settings);
  const operations = open.map(({ asks }) => asks).filter((asks): asks is Operation => !isRefusal(asks));
  const request = snapshotRequest(operations, settings.rules);
  const work = new WorkingSet(request, await transaction.snapshot(request));
  const result = await decideRows(transaction, work, { open, now: batch.now, settings });
  await transaction.write(work.changes());
  const recorded = result.decided.filter(({ row }) => isCanonicalNumber(row.streamingNo));
  const closing = new Set(open.filter(({ supersedes }) => supersedes).map(({ row }) => rowId(row)));
  await transaction.record(
    recorded.map((row) => recordOf(row.decided, row.digest)),
    recorded.map(({ row }): RowKey => row).filter((key) => closing.has(rowId(key))),
  );
  return { decided: [...decided, ...result.decided.map((row) => row.decided)], errored: result.errored };
}

async function lookUpJournal(
  transaction: ApplyTransaction,
  rows: readonly BatchRow[],
  settings: DecisionSettings,
) {
  const entries = new Map<string, JournalEntry[]>();
  for (const entry of await transaction.journal(rows.filter((row) => isCanonicalNumber(row.streamingNo)))) {
    const id = rowId(entry);
    entries.set(id, [...(entries.get(id) ?? []), entry]);
  }
  const decided: DecidedRow[] = [];
  const open: OpenRow[] = [];
  for (const row of rows) {
    const digest = row.refusal === undefined ? rowDigest(row.row) : `twin of ${row.attempt}`;
    const answer = answerOf(entries.get(rowId(row)) ?? [], row.attempt, digest);
    if (answer.kind === 'decided') {
      decided.push(fromJournal(row, answer));
      continue;
    }
    const asks = row.refusal ?? settings.forcedRefusals.get(rowId(row)) ?? parseOperation(row.row);
    open.push({ row, digest, asks, supersedes: answer.supersedes, contentChanged: answer.contentChanged });
  }
  return { decided, open };
}

function fromJournal(
  row: BatchRow,
  answer: { outcome: Outcome; errContent: string | null; again: boolean },
): DecidedRow {
  const code = answer.errContent?.slice(0, 5) ?? null;
  const { outcome, again } = answer;
  return {
    row,
    outcome,
    code,
    errContent: answer.errContent,
    alreadyJournalled: { again },
    contentChanged: false,
  };
}

interface Decisions {
  readonly decided: { readonly decided: DecidedRow; readonly row: BatchRow; readonly digest: string }[];
  readonly errored: ErroredRow[];
}

/** Rows are decided without a promise each, as long as no handler has a say. */
async function decideRows(
  transaction: ApplyTransaction,
  work: WorkingSet,
  { open, now, settings }: { open: readonly OpenRow[]; now: string; settings: DecisionSettings },
): Promise<Decisions> {
  const { at } = transaction;
  const { handling: use } = settings;
  const decided: Decisions['decided'] = [];
  const errored: ErroredRow[] = [];
  const deferred = new Set<Cell>();
  for (const row of open) {
    const { custId } = row.row.row;
    if (deferred.has(custId)) continue;
    let decision = decideRow(work, row, { at, now, settings });
    if (decision.kind === 'applied') {
      const call = handlerCall(at, work, { ...decision, handlers: use.handlers });
      const handlerOutcome = call === null ? null : await callHandler(transaction, row.row, { call, use });
      if (handlerOutcome === null) work.take(decision.operation, decision.effect, at);
      else decision = handlerOutcome;
    }
    if (decision.kind === 'later') deferred.add(custId);
    else if (decision.kind === 'errored') {
      deferred.add(custId);
      errored.push({ row: row.row, error: decision.error });
      if (errored.length >= settings.maxErrored) break;
    } else decided.push({ decided: outcomeOf(row, decision), row: row.row, digest: row.digest });
  }
  return { decided, errored };
}

type RowDecision =
  | { readonly kind: 'applied'; readonly operation: Operation; readonly effect: Effect }
  /** It may wait for an open or a bind: not decided now. */
  | { readonly kind: 'later' }
  | HandlerOutcome;

/** What becomes of a row if its handler has nothing against it. */
function decideRow(
  work: WorkingSet,
  { row: { row, seenForMs = Infinity }, asks }: OpenRow,
  { at, now, settings }: { at: string; now: string; settings: DecisionSettings },
): RowDecision {
  if (isRefusal(asks)) return { kind: 'refused', refusal: asks };
  const decision = work.decide(asks, { rules: settings.rules, at });
  if (decision.kind === 'effect') return { kind: 'applied', operation: asks, effect: decision };
  const { dependencyGraceMs: graceMs } = settings;
  const mayWait = graceMs > 0 && waitedMs(row.createDate, seenForMs, now) < graceMs;
  if (decision.missing !== undefined && mayWait) return { kind: 'later' };
  return { kind: 'refused', refusal: decision.refusal };
}

function outcomeOf(
  { row, contentChanged }: OpenRow,
  decision: RowDecision & { kind: 'applied' | 'refused' },
): DecidedRow {
  if (decision.kind === 'applied')
    return { row, outcome: 'applied', code: null, errContent: null, contentChanged };
  const text = errContent(row.source, decision.refusal);
  return { row, outcome: 'failed', code: decision.refusal.code, errContent: text, contentChanged };
}

function recordOf({ row, outcome, code, errContent: text }: DecidedRow, digest: string): JournalRecord {
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
    digest,
  };
}

/** The journal's columns take what a refused row holds: a number only where it is one, text without control characters. */
function asNumber(value: Cell): Cell {
  return value !== null && isCanonicalNumber(value) ? value : null;
}

function asText(value: Cell): Cell {
  return value === null ? null : oneLine(value);
}
