import {
  BatchDecider,
  journalled,
  lookUpJournal,
  snapshotRequestOf,
  type JournalLookup,
  type RowDecision,
  type RowToDecide,
} from '../domain/decide-batch.js';
import type { Refusal } from '../domain/err-content.js';
import { groupByKey, oncePerKey, rowId, tableOf, type Attempt } from '../domain/keys.js';
import { repeatedStreamingNo, tooManyAttributes } from '../domain/operation.js';
import type { Rules } from '../domain/rules.js';
import type { InterfaceRow, PolledRow } from '../domain/rows.js';
import { State } from '../domain/states.js';
import { broughtBy, dependenciesOf, planBatch, rowAgeMs, type Seen, type Wait } from '../domain/waiting.js';
import { WorkingSet } from '../domain/working-set.js';
import { nothingPaused, type MiddleDatabase, type Paused } from '../middle/port.js';
import type { MiddleAdmin } from '../middle/admin-port.js';
import type { PreviewedRow } from './contract/rows.js';
import type { Databases } from './databases.js';
import { durationText } from './duration.js';

/** Where a preview reads. */
export interface PreviewSources extends Databases {
  /** Polls as a worker does. */
  readonly poller: Pick<MiddleDatabase, 'poll'>;
}

/** Dependencies of a preview besides the databases. */
export interface PreviewSettings {
  /** The most rows to look at, from the head of both tables. */
  readonly limit: number;
  readonly rules: Rules;
  readonly settleMs: number;
  readonly dependencyGraceMs: number;
  readonly maxAttributes: number;
  /** Rows held back by these pauses are shown as waiting. */
  readonly paused: Paused;
}

/**
 * Decides the head of the pending rows as a worker would now, in order, and changes nothing. The product's handlers are
 * not called. Rows still settling are decided too, with a note.
 */
export async function preview(
  { poller, middle, store }: PreviewSources,
  settings: PreviewSettings,
): Promise<readonly PreviewedRow[]> {
  const { page, paused } = await headOf(poller, settings);
  const polled = oncePerKey(page.rows);
  const rows = await readRows(middle, page.rows, settings.maxAttributes);
  const entries = await store.journal(journalled([...rows, ...otherAttempts(page.rows, rows)]));
  const lookup = lookUpJournal(rows, entries);
  const request = snapshotRequestOf(lookup.undecided, settings.rules);
  const work = new WorkingSet(request, await store.snapshot(request));
  const at = await store.now();
  const seen = await store.seen(dependenciesOf(polled, page.now, settings.dependencyGraceMs));
  const present = new Set(rows.map(rowId));
  const pending = page.rows.filter((row) => present.has(rowId(row)) && !paused.has(rowId(row)));
  const attempts = new Map(
    [...groupByKey(entries)].map(([id, ofRow]) => [id, ofRow.map(({ attempt }) => attempt)]),
  );
  const forecasts = forecast(pending, { lookup, attempts, work, at, now: page.now, seen, settings });
  return polled.flatMap((row) => {
    const id = rowId(row);
    const shown = present.has(id) && paused.has(id) ? heldBack(row, settings.paused) : forecasts.get(id);
    return shown === undefined ? [] : [previewed(row, shown, page.now, settings)];
  });
}

/** The first rows in order, and those that a worker would not poll because of a pause. */
async function headOf(
  poller: PreviewSources['poller'],
  { limit, paused }: PreviewSettings,
): Promise<{ page: Awaited<ReturnType<MiddleDatabase['poll']>>; paused: ReadonlySet<string> }> {
  const request = { limit, settleMs: 0, shards: { count: 1, held: 'all' }, excluded: [], waits: [] } as const;
  const page = await poller.poll({ ...request, paused: nothingPaused });
  if (paused.sources.length === 0 && paused.productIds.length === 0) return { page, paused: new Set() };
  // The same length and order: a row missing here is held back by a pause.
  const free = new Set((await poller.poll({ ...request, paused })).rows.map(rowId));
  return { page, paused: new Set(page.rows.map(rowId).filter((id) => !free.has(id))) };
}

/** The outcome of a row, without the row's own columns. */
type Forecast = Pick<PreviewedRow, 'outcome' | 'errContent' | 'note'>;

function heldBack(row: PolledRow, { sources, productIds }: Paused): Forecast {
  const waits = (note: string): Forecast => ({ outcome: 'waits', errContent: null, note });
  if (sources.includes(row.source)) return waits(`${tableOf[row.source]} is paused`);
  if (row.productId !== null && productIds.includes(row.productId))
    return waits(`product ${row.productId} is paused`);
  return waits('its customer has open rows in a table that is paused');
}

/** Reads the rows' content; rows gone or finished since the poll are left out. */
async function readRows(
  middle: MiddleAdmin,
  polled: readonly PolledRow[],
  maxAttributes: number,
): Promise<readonly RowToDecide[]> {
  const keys = oncePerKey(polled);
  const found = groupByKey(await middle.find(keys));
  const polledOf = groupByKey(polled);
  return keys.flatMap((key): RowToDecide[] => {
    const rows = found.get(rowId(key)) ?? [];
    const row = rows.find((each) => isPending(each) && each.custId === key.custId);
    if (row === undefined) return [];
    const { source, streamingNo } = key;
    const attempt = attemptOf(polledOf.get(rowId(key)) ?? []);
    const refusal = refusalOf(row, rows.length, maxAttributes);
    return [{ source, streamingNo, attempt, row, ...(refusal !== null && { refusal }) }];
  });
}

function isPending({ state }: InterfaceRow): boolean {
  return state === State.Initial || state === State.Processing;
}

/** The attempt under which a worker would decide the rows of a key; empty: a new one, as for every row in State 0. */
function attemptOf(polled: readonly PolledRow[]): string {
  const attempts = polled.map(({ state, stateDate }) =>
    state === State.Processing ? (stateDate ?? '') : '',
  );
  return attempts.includes('') ? '' : (attempts.sort().at(-1) ?? '');
}

/** Attempts in which rows stand that share their key with another one, besides those of `rows`. */
function otherAttempts(polled: readonly PolledRow[], rows: readonly RowToDecide[]): readonly Attempt[] {
  const attempts = new Map(rows.map((row) => [rowId(row), row.attempt]));
  return polled.flatMap(({ source, streamingNo, state, stateDate }) => {
    const attempt = state === State.Processing ? stateDate : null;
    const isOther = attempt !== null && attempts.get(rowId({ source, streamingNo })) !== attempt;
    return isOther ? [{ source, streamingNo, attempt }] : [];
  });
}

/** The refusal that does not depend on a row's content: the same as `acceptClaimed` in the worker. */
function refusalOf(row: InterfaceRow, rowsWithKey: number, maxAttributes: number): Refusal | null {
  if (rowsWithKey > 1) return repeatedStreamingNo(row.streamingNo, rowsWithKey);
  return row.attributes.length > maxAttributes ? tooManyAttributes(row, maxAttributes) : null;
}

interface ForecastContext {
  readonly lookup: JournalLookup<RowToDecide>;
  /** Attempts that the journal has decided, by `rowId`. */
  readonly attempts: ReadonlyMap<string, readonly string[]>;
  readonly work: WorkingSet;
  /** The store's clock. */
  readonly at: string;
  /** The middle database's clock. */
  readonly now: string;
  /** The products and users known to the store. */
  readonly seen: Seen;
  readonly settings: PreviewSettings;
}

/** Decides in rounds, like consecutive polls: a round may apply what other rows wait for. */
function forecast(
  pending: readonly PolledRow[],
  { lookup, attempts, work, at, now, settings, ...context }: ForecastContext,
): ReadonlyMap<string, Forecast> {
  const { rules, dependencyGraceMs } = settings;
  const decided = new Map(lookup.decided.map((decision) => [rowId(decision.row), decision]));
  const undecided = new Map(lookup.undecided.map((row) => [rowId(row.row), row]));
  const seen = new Set(context.seen);
  const forecasts = new Map<string, Forecast>();
  let open = pending;
  for (;;) {
    const plan = planBatch(open, { seen, now, graceMs: dependencyGraceMs, attempts });
    const ids = oncePerKey(plan.claim).map(rowId);
    const decider = new BatchDecider(work, { rules, at, now, dependencyGraceMs });
    decider.decideAll(ids.flatMap((id) => undecided.get(id) ?? []));
    const decisions = decider.decisions.map(({ decision }) => decision);
    for (const { row, outcome } of decisions) {
      const brought = outcome === 'applied' ? broughtBy(row.row) : null;
      if (brought !== null) seen.add(brought);
    }
    const answered = ids.flatMap((id) => decided.get(id) ?? []);
    for (const decision of [...answered, ...decisions])
      forecasts.set(rowId(decision.row), forecastOf(decision));
    const left = open.filter((row) => !forecasts.has(rowId(row)));
    if (left.length === open.length || left.length === 0) {
      for (const row of left) forecasts.set(rowId(row), waiting(row, plan.waits));
      return forecasts;
    }
    open = left;
  }
}

function forecastOf({ outcome, errContent, alreadyJournalled, contentChanged }: RowDecision): Forecast {
  return { outcome, errContent, note: journalNote(alreadyJournalled, contentChanged) };
}

function journalNote(
  alreadyJournalled: RowDecision['alreadyJournalled'],
  contentChanged: boolean,
): string | null {
  if (alreadyJournalled === undefined) return contentChanged ? 'applied before with other content' : null;
  return alreadyJournalled.again
    ? 'applied before with the same content: marked again, without a second effect'
    : 'decided already, only its mark is missing';
}

function waiting(row: PolledRow, waits: readonly Wait[]): Forecast {
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
  forecast: Forecast,
  now: string,
  { settleMs }: PreviewSettings,
): PreviewedRow {
  const ageMs = rowAgeMs(row.createDate, now);
  const settling = row.state === State.Initial && ageMs < settleMs;
  const ahead = ageMs < 0 ? `, its CreateDate is ${waitText(-ageMs)} ahead of the database's clock` : '';
  const notes = [
    forecast.note,
    settling ? `left alone for ${waitText(settleMs - ageMs)} more${ahead}` : null,
  ];
  const { streamingNo, opFlag, productId, custId, bizId, userId, createDate, state } = row;
  return {
    table: tableOf[row.source],
    ...{ streamingNo, opFlag, productId, custId, bizId, userId, createDate, state },
    outcome: forecast.outcome,
    code: forecast.errContent?.slice(0, 5) ?? null,
    errContent: forecast.errContent,
    note: notes.filter((note) => note !== null).join('; ') || null,
  };
}
