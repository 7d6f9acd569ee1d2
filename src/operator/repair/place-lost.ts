import { compareRows, type Attempt } from '../../domain/keys.js';
import { timeOf, type LostRow } from '../../domain/repair.js';
import type { InterfaceRow } from '../../domain/rows.js';
import type { AppliedLater, JournalledRow } from '../verify/staging.js';

/*
 * Where the lost rows of a customer belong among the rows that its journal knows: before the first that took effect after
 * them. What is lost is the end of a history, so that is where the history goes on after the loss.
 */

/** A lost row as the middle database has it: State 2, with the StateDate of its mark. */
export type MarkedRow = InterfaceRow & { readonly stateDate: string };

/** What tells whether a row took effect after a lost one. */
export interface LossClocks {
  /** The store's clock minus the middle database's, in milliseconds. */
  readonly offsetMs: number;
  /** When the oldest open alarm was raised, ISO 8601; null: none is open. */
  readonly since: string | null;
}

/** A row that was refused, and may have been only because of the loss. */
export interface RowRefusedSince extends Attempt {
  readonly row: InterfaceRow;
  /** ISO 8601. */
  readonly decidedAt: string;
}

/** What happened to a row, or is to happen, in its place. */
export interface PlacedStep {
  readonly kind: 'decided' | 'lost' | 'refused';
  readonly row: InterfaceRow;
  /** ISO 8601. */
  readonly at: string;
}

/** The place of lost rows in the order of effect. */
export interface PlacedRows {
  /** In the order of their marks, with the times of their places. */
  readonly lost: readonly LostRow[];
  /** All rows in the order of effect, read anew at each iteration. */
  readonly steps: Iterable<PlacedStep>;
}

/**
 * Whether a row that the journal knows took effect after a lost one: it was decided since the alarm, or it was both claimed and
 * marked later. Within one second the rows' own order decides: in doubt it was later.
 */
export function isAfter(row: AppliedLater, lost: MarkedRow, since: string | null): boolean {
  if (since !== null && row.decidedAt !== null && row.decidedAt >= since) return true;
  const standsAfter = compareRows(row, lost) > 0;
  const isLater = (date: string): boolean =>
    date > lost.stateDate || (date === lost.stateDate && standsAfter);
  return isLater(row.attempt) && (row.stateDate === null || isLater(row.stateDate));
}

/** A decision of the journal, for placing lost rows. */
interface Decision extends PlacedStep {
  readonly place: AppliedLater;
}

/** Where a lost row stands: between the decisions before it and the next one. */
interface Place {
  readonly row: MarkedRow;
  /** The number of decisions before it. */
  readonly index: number;
  /** Milliseconds. */
  readonly after: number;
  readonly before: number;
}

/** What is placed. */
export interface RowsToPlace {
  /** Rows that the journal knows as applied, in its order. */
  readonly decided: Iterable<JournalledRow>;
  /** Refusals since the loss, likewise. */
  readonly refused: readonly RowRefusedSince[];
  /** In the order of their marks. */
  readonly lost: readonly MarkedRow[];
}

/** Places lost rows. Null: there is no time between the decisions around one of them. */
export function placeLost(
  { decided, refused, lost }: RowsToPlace,
  { offsetMs, since }: LossClocks,
): PlacedRows | null {
  const decisions = { [Symbol.iterator]: () => inOrder(decided, refused) };
  const places = findPlaces(decisions, lost, since);
  const times = timesOf(places, offsetMs);
  if (times === null) return null;
  const rows = places.map(({ row }, index): LostRow => {
    const { source, streamingNo, stateDate } = row;
    return { source, streamingNo, row, stateDate, at: new Date(times[index] ?? 0).toISOString() };
  });
  const steps = { [Symbol.iterator]: () => merged(decisions, places, rows) };
  return { lost: rows, steps };
}

function* inOrder(
  decided: Iterable<JournalledRow>,
  refused: readonly RowRefusedSince[],
): Generator<Decision> {
  const isLater = (row: JournalledRow, other: RowRefusedSince): boolean =>
    row.decidedAt > other.decidedAt ||
    (row.decidedAt === other.decidedAt && compareRows(row.row, other.row) > 0);
  let next = 0;
  for (const row of decided) {
    for (let other = refused[next]; other !== undefined && isLater(row, other); other = refused[next]) {
      yield refusal(other);
      next += 1;
    }
    yield { kind: 'decided', row: row.row, at: row.decidedAt, place: placeOf(row) };
  }
  for (const other of refused.slice(next)) yield refusal(other);
}

function refusal({ row, attempt, decidedAt }: RowRefusedSince): Decision {
  const { source, streamingNo, createDate } = row;
  const place = { source, streamingNo, createDate, attempt, stateDate: null, decidedAt };
  return { kind: 'refused', row, at: decidedAt, place };
}

function findPlaces(
  decisions: Iterable<Decision>,
  lost: readonly MarkedRow[],
  since: string | null,
): readonly Place[] {
  const places: Place[] = [];
  let index = 0;
  let after = -Infinity;
  for (const { place, at } of decisions) {
    const before = Date.parse(at);
    for (let row = lost[places.length]; row !== undefined; row = lost[places.length]) {
      if (!isAfter(place, row, since)) break;
      places.push({ row, index, after, before });
    }
    index += 1;
    after = Math.max(after, before);
  }
  return [...places, ...lost.slice(places.length).map((row) => ({ row, index, after, before: Infinity }))];
}

/** Where a row stands that the journal knows. */
export function placeOf({ row, attempt, decidedAt, repaired }: JournalledRow): AppliedLater {
  const { source, streamingNo, createDate, state, stateDate } = row;
  return {
    ...{ source, streamingNo, createDate, attempt },
    stateDate: state === 2 ? stateDate : null,
    decidedAt: repaired ? null : decidedAt,
  };
}

/**
 * The times of their marks, moved as little as it takes to stand between the decisions around them and to keep the order;
 * rows of one second share a time.
 */
function timesOf(places: readonly Place[], offsetMs: number): readonly number[] | null {
  const isNext = (index: number): boolean =>
    places[index]?.row.stateDate !== places[index - 1]?.row.stateDate;
  const times: number[] = [];
  for (const [index, { row, after }] of places.entries()) {
    const last = times[index - 1] ?? -Infinity;
    times.push(Math.max(timeOf(row.stateDate) + offsetMs, after + 1, isNext(index) ? last + 1 : last));
  }
  for (let index = places.length - 1; index >= 0; index -= 1) {
    const next = times[index + 1] ?? Infinity;
    const before = (places[index]?.before ?? Infinity) - 1;
    times[index] = Math.min(times[index] ?? 0, before, isNext(index + 1) ? next - 1 : next);
  }
  return places.every(({ after }, index) => (times[index] ?? 0) > after) ? times : null;
}

function* merged(
  decisions: Iterable<Decision>,
  places: readonly Place[],
  lost: readonly LostRow[],
): Generator<PlacedStep> {
  let placed = 0;
  let index = 0;
  for (const decision of decisions) {
    for (; places[placed]?.index === index; placed += 1) yield* stepOf(lost[placed]);
    yield decision;
    index += 1;
  }
  for (; placed < lost.length; placed += 1) yield* stepOf(lost[placed]);
}

function* stepOf(lost: LostRow | undefined): Generator<PlacedStep> {
  if (lost !== undefined) yield { kind: 'lost', row: lost.row, at: lost.at };
}
