import { rowDigest } from '../domain/digest.js';
import { errContent, type Refusal } from '../domain/err-content.js';
import { answerOf, type JournalEntry } from '../domain/journal.js';
import { isCanonicalNumber, rowId, tableOf, type RowKey } from '../domain/keys.js';
import {
  isRefusal,
  parseOperation,
  repeatedStreamingNo,
  tooManyAttributes,
  type Operation,
} from '../domain/operation.js';
import type { Rules } from '../domain/rules.js';
import type { Cell, InterfaceRow, PolledRow } from '../domain/rows.js';
import { State } from '../domain/states.js';
import { dependenciesOf, planBatch, productKey, rowAgeMs, userKey, type Wait } from '../domain/waiting.js';
import { snapshotRequest, WorkingSet } from '../domain/working-set.js';
import { nothingPaused, type MiddleDatabase, type MiddleAdmin, type Paused } from '../middle/port.js';
import type { StoreAdmin } from '../store/port.js';
import { durationText } from './duration.js';

/** Where a preview reads. */
export interface PreviewSources {
  readonly database: MiddleDatabase;
  readonly middle: MiddleAdmin;
  readonly store: StoreAdmin;
}

/** What decides besides the rows. */
export interface PreviewSettings {
  /** The most rows to look at, from the head of both tables. */
  readonly limit: number;
  readonly rules: Rules;
  readonly settleMs: number;
  readonly dependencyGraceMs: number;
  readonly maxAttributes: number;
  /** Rows that wait for these are shown as waiting. */
  readonly paused: Paused;
}

/** What would become of a row. */
export interface PreviewedRow {
  /** The specification's table name. */
  readonly table: string;
  readonly streamingNo: string;
  readonly opFlag: Cell;
  readonly productId: Cell;
  readonly custId: Cell;
  readonly bizId: Cell;
  readonly userId: Cell;
  readonly createDate: Cell;
  readonly state: number;
  readonly outcome: 'applied' | 'failed' | 'waits';
  /** Of a failure. */
  readonly code: string | null;
  readonly errContent: string | null;
  /** What else there is to know. */
  readonly note: string | null;
}

/**
 * Decides the head of the pending rows as a worker would now, in order, and changes nothing. The product's own handlers
 * are not called. Rows that are still settling are decided too, and say so.
 */
export async function preview(
  sources: PreviewSources,
  settings: PreviewSettings,
): Promise<readonly PreviewedRow[]> {
  const { page, paused } = await headOf(sources.database, settings);
  const polled = [...new Map(page.rows.map((row) => [rowId(row), row])).values()];
  const questions = await questionsOf(sources, polled, settings.maxAttributes);
  const operations = [...questions.values()].flatMap(({ asks }) =>
    asks === null || isRefusal(asks) ? [] : [asks],
  );
  const request = snapshotRequest(operations, settings.rules);
  const { dependencyGraceMs: graceMs } = settings;
  const rehearsal = new Rehearsal(questions, new WorkingSet(request, await sources.store.snapshot(request)), {
    at: await sources.store.now(),
    now: page.now,
    seen: new Set(await sources.store.seen(dependenciesOf(polled, page.now, graceMs))),
    settings,
  });
  const verdicts = rehearsal.run(
    polled.filter((row) => questions.has(rowId(row)) && !paused.has(rowId(row))),
  );
  return polled.flatMap((row) => {
    const id = rowId(row);
    const verdict =
      questions.has(id) && paused.has(id) ? pausedVerdict(row, settings.paused) : verdicts.get(id);
    return verdict === undefined ? [] : [previewed(row, verdict, page.now, settings)];
  });
}

/** The first rows in order, and which of them a worker would not poll because of a pause. */
async function headOf(
  database: MiddleDatabase,
  { limit, paused }: PreviewSettings,
): Promise<{ page: Awaited<ReturnType<MiddleDatabase['poll']>>; paused: ReadonlySet<string> }> {
  const request = { limit, settleMs: 0, shards: { count: 1, held: 'all' }, excluded: [], waits: [] } as const;
  const page = await database.poll({ ...request, paused: nothingPaused });
  if (paused.sources.length === 0 && paused.productIds.length === 0) return { page, paused: new Set() };
  // Of the same length and in the same order: what is missing here, the pauses left out.
  const free = new Set((await database.poll({ ...request, paused })).rows.map(rowId));
  return { page, paused: new Set(page.rows.map(rowId).filter((id) => !free.has(id))) };
}

function pausedVerdict(row: PolledRow, { sources, productIds }: Paused): Verdict {
  const waits = (note: string): Verdict => ({ outcome: 'waits', errContent: null, note });
  if (sources.includes(row.source)) return waits(`${tableOf[row.source]} is paused`);
  if (row.productId !== null && productIds.includes(row.productId))
    return waits(`product ${row.productId} is paused`);
  return waits('its customer has open rows in a table that is paused');
}

/** What a row asks for, and what the journal says of it. */
interface Question {
  /** Null: the journal has the answer. */
  readonly asks: Operation | Refusal | null;
  readonly answer: Verdict | null;
  readonly note: string | null;
}

interface Verdict {
  readonly outcome: PreviewedRow['outcome'];
  readonly errContent: string | null;
  readonly note: string | null;
}

/** Reads the rows' content and the journal; rows that have gone or were finished meanwhile are left out. */
async function questionsOf(
  sources: PreviewSources,
  polled: readonly PolledRow[],
  maxAttributes: number,
): Promise<Map<string, Question>> {
  const rows = new Map<string, InterfaceRow[]>();
  for (const row of await sources.middle.find(polled))
    rows.set(rowId(row), [...(rows.get(rowId(row)) ?? []), row]);
  const entries = new Map<string, JournalEntry[]>();
  for (const entry of await sources.store.journal(polled.filter(isJournalled).map(attemptOf))) {
    entries.set(rowId(entry), [...(entries.get(rowId(entry)) ?? []), entry]);
  }
  const questions = new Map<string, Question>();
  for (const key of polled) {
    const [row, ...duplicates] = rows.get(rowId(key)) ?? [];
    if (row === undefined || (row.state !== State.Initial && row.state !== State.Processing)) continue;
    const question =
      duplicates.length > 0
        ? { asks: repeatedStreamingNo(key.streamingNo, duplicates.length + 1), answer: null, note: null }
        : questionOf(row, attemptOf(key).attempt, entries.get(rowId(key)) ?? [], maxAttributes);
    questions.set(rowId(key), question);
  }
  return questions;
}

function isJournalled(key: RowKey): boolean {
  return isCanonicalNumber(key.streamingNo);
}

/** A row in State 0 is a new attempt, whatever its StateDate. */
function attemptOf(row: PolledRow): { source: PolledRow['source']; streamingNo: string; attempt: string } {
  const attempt = row.state === State.Processing ? (row.stateDate ?? '') : '';
  return { source: row.source, streamingNo: row.streamingNo, attempt };
}

function questionOf(
  row: InterfaceRow,
  attempt: string,
  entries: readonly JournalEntry[],
  maxAttributes: number,
): Question {
  const answer = answerOf(entries, attempt, rowDigest(row));
  if (answer.kind === 'decided') {
    const outcome = answer.outcome;
    const note = answer.again
      ? 'applied before with the same content: marked again, without a second effect'
      : 'decided already, only its mark is missing';
    return { asks: null, answer: { outcome, errContent: answer.errContent, note }, note };
  }
  const isTooLong = row.attributes.length > maxAttributes;
  return {
    asks: isTooLong ? tooManyAttributes(row, maxAttributes) : parseOperation(row),
    answer: null,
    note: answer.contentChanged ? 'applied before with other content' : null,
  };
}

interface Circumstances {
  /** The store's clock. */
  readonly at: string;
  /** The middle database's clock. */
  readonly now: string;
  /** Products and users known; grows with what is applied. */
  readonly seen: Set<string>;
  readonly settings: PreviewSettings;
}

/** Decides rows over a working set that is thrown away. */
class Rehearsal {
  readonly #questions: ReadonlyMap<string, Question>;
  readonly #work: WorkingSet;
  readonly #circumstances: Circumstances;
  readonly #verdicts = new Map<string, Verdict>();

  constructor(questions: ReadonlyMap<string, Question>, work: WorkingSet, circumstances: Circumstances) {
    this.#questions = questions;
    this.#work = work;
    this.#circumstances = circumstances;
  }

  /** Round after round, as polls would follow one another: what a round applies may be what other rows wait for. */
  run(rows: readonly PolledRow[]): ReadonlyMap<string, Verdict> {
    const { now, seen, settings } = this.#circumstances;
    let open = rows;
    for (;;) {
      const plan = planBatch(open, { seen, now, graceMs: settings.dependencyGraceMs });
      for (const row of plan.claim) this.#decide(row);
      const left = open.filter((row) => !this.#verdicts.has(rowId(row)));
      if (left.length === open.length || left.length === 0) {
        for (const row of left) this.#verdicts.set(rowId(row), waiting(row, plan.waits));
        return this.#verdicts;
      }
      open = left;
    }
  }

  #decide(row: PolledRow): void {
    const question = this.#questions.get(rowId(row));
    if (question === undefined) return;
    const verdict = question.answer ?? this.#verdictOn(row, question);
    if (verdict !== null) this.#verdicts.set(rowId(row), verdict);
  }

  /** Null: it may wait for what it misses. */
  #verdictOn(row: PolledRow, { asks, note }: Question): Verdict | null {
    const { at, now, seen, settings } = this.#circumstances;
    if (asks === null) return null;
    const refused = (refusal: Refusal): Verdict => {
      return { outcome: 'failed', errContent: errContent(row.source, refusal), note };
    };
    if (isRefusal(asks)) return refused(asks);
    const decision = this.#work.decide(asks, { rules: settings.rules, at });
    if (decision.kind === 'refused') {
      const { dependencyGraceMs: graceMs } = settings;
      const young = graceMs > 0 && rowAgeMs(row.createDate, now) < graceMs;
      return decision.missing !== undefined && young ? null : refused(decision.refusal);
    }
    this.#work.take(asks, decision, at);
    if (decision.customer !== undefined) seen.add(productKey(decision.customer));
    if (decision.account !== undefined) seen.add(userKey(decision.account, decision.account.userId));
    return { outcome: 'applied', errContent: null, note };
  }
}

function waiting(row: PolledRow, waits: readonly Wait[]): Verdict {
  const wait = waits.find(({ custId }) => custId === row.custId);
  if (wait === undefined)
    return { outcome: 'waits', errContent: null, note: 'its customer waits for an open or a bind' };
  const { productId, bizId } = wait.product;
  const missing = wait.userId === null ? 'the open (0101)' : `the bind (0201) of UserID ${wait.userId}`;
  const note = `its customer waits up to ${waitText(wait.remainingMs)} for ${missing}, ProductID ${productId}, BizID ${bizId}`;
  return { outcome: 'waits', errContent: null, note };
}

function waitText(milliseconds: number): string {
  return durationText(Math.ceil(milliseconds / 1000));
}

function previewed(
  row: PolledRow,
  verdict: Verdict,
  now: string,
  { settleMs }: PreviewSettings,
): PreviewedRow {
  const ageMs = rowAgeMs(row.createDate, now);
  const settling = row.state === State.Initial && ageMs < settleMs;
  const ahead = ageMs < 0 ? `, its CreateDate is ${waitText(-ageMs)} ahead of the database's clock` : '';
  const notes = [verdict.note, settling ? `left alone for ${waitText(settleMs - ageMs)} more${ahead}` : null];
  const { streamingNo, opFlag, productId, custId, bizId, userId, createDate, state } = row;
  return {
    table: tableOf[row.source],
    ...{ streamingNo, opFlag, productId, custId, bizId, userId, createDate, state },
    outcome: verdict.outcome,
    code: verdict.errContent?.slice(0, 5) ?? null,
    errContent: verdict.errContent,
    note: notes.filter((note) => note !== null).join('; ') || null,
  };
}
