import type { DeferralCause } from '../domain/deferral.js';
import { cutToBytes, shorterTexts } from '../domain/err-content.js';
import { rowId, type Attempt, type RowKey, type Source } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import { State } from '../domain/states.js';
import type { Mark, MarkConflict, MarkResult, NotChanged } from '../middle/port.js';
import type { DecidedRow } from './apply-batch.js';
import type { FailedRowEvent, OutcomeCount, WorkerEvents } from './events.js';
import { bisectBatch, isRefusedByDatabase, partsByDeferral } from './bisect-batch.js';
import { deferRows } from './defer-rows.js';
import { recordProgress, type WorkerContext } from './context.js';

/*
 * The marks of decided rows.
 *
 * Customers whose rows all succeeded are marked in a statement of their own, so that no success depends on the text of
 * another customer's failure. A customer's marks land in order or together. A text that the database refuses is shortened
 * for that row, down to the code alone, and the length it took is remembered for a while. A row that is still refused, is
 * locked or does not change is deferred and stays in State 1: its outcome is in the journal.
 */

/** How long a refused length is remembered. */
const roomKnownMs = 10 * 60_000;

/** The length of text that a table takes, as far as it is known. */
interface Room {
  /** Texts of this many bytes or more were refused. */
  readonly refused: number;
  /** A text of this many bytes was taken. */
  readonly taken: number;
  readonly until: number;
}

/** A mark that is due. */
interface DueMark {
  readonly row: DecidedRow;
  readonly marks: readonly Mark[];
}

const custIdOf = ({ row }: DueMark) => row.row.row.custId;
const idOf = ({ row }: DueMark) => rowId(row.row);

/** Writes outcomes to the middle database. */
export class MarkStage {
  readonly #context: WorkerContext;
  readonly #room = new Map<Source, Room>();
  /** Until when `errContentShortened` is not emitted again for a table. */
  readonly #reportedUntil = new Map<Source, number>();
  /** The attempts that were marked last, by `rowId`, oldest first. */
  readonly #marked = new Map<string, string>();

  constructor(context: WorkerContext) {
    this.#context = context;
  }

  /** Marks rows and defers those that it cannot mark. Throws what stopped it. */
  async mark(decided: readonly DecidedRow[]): Promise<void> {
    const { claims, sightings, deferrals, breakers, health, guard, emit, clock } = this.#context;
    // The decision may be lost: a row in State 1 is decided again, a row in State 2 would be lost with it.
    if (guard.isOpen) return;
    const startedAt = clock.now();
    const due = decided.map((row): DueMark => ({ row, marks: marksOf(row) }));
    const customerOf = new Map(due.map((row) => [idOf(row), custIdOf(row)]));
    const withCustomer = (key: NotChanged) => ({ ...key, custId: customerOf.get(rowId(key)) ?? null });
    const { results, refused, stoppedBy } = await bisectBatch(partsOf(due, deferrals.customers), {
      custIdOf,
      idOf,
      attempt: (rows) => this.#attempt(rows),
      stoppedBy: ({ left }) => left.map((key) => withCustomer(key).custId),
      isKnown: ({ row }) => deferrals.tries(row.row, 'mark', 'refused') > 0,
      breaker: breakers.mark,
    });
    const done = results.flatMap((result) => result.done.map(({ row }) => row));
    claims.remove(done.map(({ row }) => row));
    sightings.forget(done.map(({ row }) => row));
    if (done.length > 0) this.#emitMarked(done, clock.now() - startedAt);
    for (const conflict of results.flatMap(({ conflicts }) => conflicts))
      if (!answersAlready(conflict)) emit('markConflict', conflict);
    await deferrals.end(done.map(({ row }) => row));
    await deferRows(this.#context, 'mark', {
      refused: refused.map(({ row, error }) => ({ ...row.row.row.row, error })),
      left: results.flatMap(({ left }) => left.map(withCustomer)),
      wentThrough: done.length,
    });
    if (stoppedBy !== undefined) throw stoppedBy as Error;
    health.markHealthy('middle');
    health.markHealthy('store');
  }

  /** A single failure is tried with ever shorter texts. */
  async #attempt(rows: readonly DueMark[]): Promise<Written> {
    const [only] = rows;
    const errContent = only?.row.errContent ?? null;
    if (rows.length > 1 || only === undefined || errContent === null) return this.#write(rows);
    const { source } = only.row.row;
    const text = this.#fitted(source, errContent);
    try {
      return await this.#write(rows);
    } catch (error) {
      if (!isRefusedByDatabase(error)) throw error;
      for (const shorter of shorterTexts(source, text, error.room)) {
        const result = await this.#tryText(only, shorter);
        if (result === null) continue;
        this.#learn(only.row.row, text, shorter);
        return { ...result, done: result.done.length === 0 ? [] : [only] };
      }
      throw error;
    }
  }

  /** Null where this text is refused, too. */
  async #tryText({ row, marks }: DueMark, errContent: string): Promise<Written | null> {
    try {
      return await this.#write([{ row, marks: marks.map((mark) => ({ ...mark, errContent })) }]);
    } catch (error) {
      if (isRefusedByDatabase(error)) return null;
      throw error;
    }
  }

  async #write(rows: readonly DueMark[]): Promise<Written> {
    const { middle, health } = this.#context;
    const marks = rows.flatMap((row) => row.marks.map((mark) => this.#fittedMark(mark)));
    const result = await health.trackRows('middle', () => middle.mark(marks));
    if (result.marked > 0) recordProgress(this.#context, 'mark');
    const open = new Set([...result.left, ...result.heldBack].map(rowId));
    const done = rows.filter((row) => !open.has(idOf(row)));
    for (const { row } of done) this.#remember(row.row);
    return { ...result, done };
  }

  #remember(row: Attempt): void {
    this.#marked.delete(rowId(row));
    this.#marked.set(rowId(row), row.attempt);
    const [oldest] = this.#marked.keys();
    if (this.#marked.size > marksRemembered && oldest !== undefined) this.#marked.delete(oldest);
  }

  #fittedMark(mark: Mark): Mark {
    const again = this.#marked.get(rowId(mark)) === mark.attempt ? { again: true } : {};
    if (mark.errContent === null) return { ...mark, ...again };
    return { ...mark, ...again, errContent: this.#fitted(mark.source, mark.errContent) };
  }

  /** A text as long as the table takes it, as far as that is known. */
  #fitted(source: Source, text: string): string {
    const room = this.#room.get(source);
    if (room === undefined || this.#context.clock.now() > room.until) return text;
    return Buffer.byteLength(text) >= room.refused ? cutToBytes(text, room.taken) : text;
  }

  #learn({ source, streamingNo }: RowKey, text: string, shorter: string): void {
    const { emit, clock } = this.#context;
    const [bytes, taken] = [Buffer.byteLength(text), Buffer.byteLength(shorter)];
    if (clock.now() >= (this.#reportedUntil.get(source) ?? 0)) {
      this.#reportedUntil.set(source, clock.now() + roomKnownMs);
      emit('errContentShortened', { source, streamingNo, bytes, taken });
    }
    // Only a cut text shows how much room there is.
    if (!text.startsWith(shorter) || shorter.length <= codeLength) return;
    this.#room.set(source, { refused: bytes, taken, until: clock.now() + roomKnownMs });
  }

  #emitMarked(done: readonly DecidedRow[], durationMs: number): void {
    const { emit } = this.#context;
    const marks = done.flatMap(marksOf);
    const failed = marks.filter((mark) => mark.errContent !== null).length;
    const outcomes = outcomesOf(done);
    emit('marked', { succeeded: marks.length - failed, failed, outcomes, durationMs });
    for (const { row, code, errContent, alreadyJournalled, contentChanged } of done) {
      const { source, streamingNo } = row;
      if (alreadyJournalled?.again === true) emit('alreadyJournalled', { source, streamingNo });
      if (contentChanged) emit('contentChanged', { source, streamingNo });
      if (errContent !== null) emit('rowFailed', { source, streamingNo, code: code ?? '', errContent });
    }
    for (const rows of failuresByCode(done)) emit('rowsFailed', rows);
  }
}

/** A few batches: a row whose mark had no effect comes back with one of the next polls. */
const marksRemembered = 20_000;

/** The codes of the registry have five digits. */
const codeLength = 5;

/** The result of a mark, and the rows that need no other. */
type Written = MarkResult & { readonly done: readonly DueMark[] };

/** Customers whose rows all succeeded; customers with a failure; customers with deferred rows. */
function partsOf(
  due: readonly DueMark[],
  customers: ReadonlyMap<Cell, DeferralCause>,
): (readonly DueMark[])[] {
  const [usual = [], ...apart] = partsByDeferral(due, custIdOf, customers);
  const failing = new Set(usual.filter(({ row }) => row.errContent !== null).map(custIdOf));
  if (failing.size === 0) return [usual, ...apart];
  return [
    usual.filter((row) => !failing.has(custIdOf(row))),
    usual.filter((row) => failing.has(custIdOf(row))),
    ...apart,
  ];
}

function marksOf({ row, errContent }: DecidedRow): Mark[] {
  const { source, streamingNo } = row;
  const { custId } = row.row;
  return [row.attempt, ...row.duplicates].map((attempt) => ({
    source,
    streamingNo,
    attempt,
    custId,
    errContent,
    ...(row.attributesStay === true && { attributesStay: true }),
  }));
}

/** Failures of a batch by table and code. */
function failuresByCode(done: readonly DecidedRow[]): readonly WorkerEvents['rowsFailed'][] {
  const byCode = new Map<string, FailedRowEvent[]>();
  for (const { row, code, errContent } of done) {
    if (errContent === null) continue;
    const { source, streamingNo } = row;
    const failed = { source, streamingNo, code: code ?? '', errContent };
    const key = `${source} ${failed.code}`;
    const rows = byCode.get(key);
    if (rows === undefined) byCode.set(key, [failed]);
    else rows.push(failed);
  }
  return [...byCode.values()].flatMap((rows) => {
    const [first] = rows;
    if (first === undefined) return [];
    const { source, code } = first;
    return [{ source, code, rows: rows.length, examples: rows.slice(0, examplesPerCode) }];
  });
}

const examplesPerCode = 3;

/** Rows by table, outcome and code. */
function outcomesOf(decided: readonly DecidedRow[]): readonly OutcomeCount[] {
  const counts = new Map<string, OutcomeCount>();
  for (const { row, outcome, code } of decided) {
    const { source, duplicates } = row;
    const key = `${source} ${outcome} ${code ?? ''}`;
    const rows = (counts.get(key)?.rows ?? 0) + 1 + duplicates.length;
    counts.set(key, { source, outcome, code, rows });
  }
  return [...counts.values()];
}

/** The mark had landed before; its acknowledgement was lost. */
function answersAlready({ mark, state }: MarkConflict): boolean {
  return state === (mark.errContent === null ? State.Succeeded : State.Failed);
}
