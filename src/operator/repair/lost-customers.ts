import { compareRows, shardOf } from '../../domain/keys.js';
import { partUnknown, plus, type FinishedRow, type LossContext } from '../../domain/loss.js';
import { withTimes, type LostRow } from '../../domain/repair.js';
import type { Cell, InterfaceRow } from '../../domain/rows.js';
import { originLookup } from '../../guard/origin.js';
import type { Databases } from '../databases.js';
import { nobody, type AppliedLater, type StagingDatabase } from '../verify/staging.js';

/*
 * Which finished rows the product store has lost: those that the guard takes for lost (domain/loss.ts), or where an
 * operator says so, all that the journal does not know as applied.
 */

/** What a repair must know of both databases besides rows and journal. */
export interface LossBounds {
  readonly context: Omit<LossContext, 'journal'>;
  /** The store's clock minus the middle database's, in milliseconds. */
  readonly offsetMs: number;
  /** When the oldest open alarm was raised, ISO 8601; null: none is open. */
  readonly since: string | null;
  /** Others finish rows as well: one that the journal does not know is theirs. */
  readonly isNoneLost: boolean;
}

/**
 * Reads the bounds. `isAnyOurs`: all finished rows of the scope were finished by our workers; `othersFinishRows`: without that
 * none counts as lost.
 */
export async function readLossBounds(
  { middle, store }: Databases,
  { shards, isAnyOurs, othersFinishRows }: LossQuestion,
): Promise<LossBounds> {
  const [oldest] = await store.guard.openAlarms();
  const originOf = originLookup(isAnyOurs ? [] : await store.guard.origins());
  const now = await middle.now();
  const held = await store.guard.heldShards('all');
  const heldUntil = new Map(
    [...held.heldUntil].map(([shard, until]) => [
      shard,
      until === null || isAnyOurs ? null : plus(now, Date.parse(until) - Date.parse(held.now)),
    ]),
  );
  return {
    context: { shards, heldUntil, originOf, now },
    offsetMs: Date.parse(held.now) - Date.parse(`${now.replace(' ', 'T')}Z`),
    since: oldest?.raisedAt ?? null,
    isNoneLost: othersFinishRows && !isAnyOurs,
  };
}

/** Whose finished rows count. */
interface LossQuestion {
  readonly shards: number;
  readonly isAnyOurs: boolean;
  readonly othersFinishRows: boolean;
}

/** Why a customer is left as it is. */
export type LeftReason = 'decidedSince' | 'impossible' | 'busy';

/** Lost rows of some customers; only a customer with very many comes in several parts, one after the other. */
export interface LostPart {
  readonly rows: readonly LostRow[];
  /** By CustID: when a row of it was decided last before these, ISO 8601; null: never. */
  readonly newest: ReadonlyMap<string, string | null>;
}

/** A customer that is left without being tried, and how many lost rows it has. */
export interface LeftCustomer {
  readonly custId: string;
  readonly reason: LeftReason;
  readonly rows: number;
  /** The first of them. */
  readonly first: LostRow;
  /** What speaks against it; null: the reason says it all. */
  readonly why: string | null;
}

/** The most rows that are applied in one transaction, unless a customer is not to be split. */
const rowsAtOnce = 500;
const customersAtOnce = 100;

/** What was found out about the finished rows that the journal does not know as applied. */
export class LostCustomers {
  /** Rows that were finished by other hands. */
  byOthers = 0;
  readonly left: LeftCustomer[] = [];
  readonly #stage: StagingDatabase;
  readonly #bounds: LossBounds;
  readonly #isAnyOurs: boolean;

  constructor(stage: StagingDatabase, bounds: LossBounds, isAnyOurs: boolean) {
    this.#stage = stage;
    this.#bounds = bounds;
    this.#isAnyOurs = isAnyOurs;
  }

  /** Lost rows, customer by customer, in parts of a bounded size. `splits`: also a customer with more rows comes in such parts. */
  *parts(splits: boolean): Generator<LostPart> {
    let part: Part = emptyPart();
    for (const { custId, rows, newest } of this.#repairable()) {
      const isFull = part.newest.size >= customersAtOnce || part.rows.length + rows.length > rowsAtOnce;
      if (isFull && part.rows.length > 0) {
        yield part;
        part = emptyPart();
      }
      let known = newest;
      for (const some of splits ? slices(rows) : [rows]) {
        if (part.rows.length > 0 && part.newest.has(custId)) {
          yield part;
          part = emptyPart();
        }
        part.newest.set(custId, known);
        part.rows.push(...some);
        known = some.at(-1)?.at ?? known;
      }
    }
    if (part.rows.length > 0) yield part;
  }

  /** The lost rows of each customer of which no row was applied after them. */
  *#repairable(): Generator<{
    readonly custId: string;
    readonly rows: readonly LostRow[];
    readonly newest: string | null;
  }> {
    for (const { custId, lost } of this.#customers(this.#claimedUntil())) {
      const newest = this.#stage.newestDecision(custId);
      const rows = withTimes(lost, { offsetMs: this.#bounds.offsetMs, newest });
      const [first] = rows;
      if (first !== undefined && !this.#isLeft(custId, first, rows.length)) yield { custId, rows, newest };
    }
  }

  #isLeft(custId: string, first: LostRow, rows: number): boolean {
    const { since } = this.#bounds;
    const later = this.#stage.appliedFrom(custId, { stateDate: first.stateDate, since });
    if (!later.some((row) => isAfter(row, first, since))) return false;
    this.left.push({ custId, reason: 'decidedSince', rows, first, why: null });
    return true;
  }

  *#customers(
    claimedUntil: ReadonlyMap<number, string>,
  ): Generator<{ readonly custId: string; readonly lost: readonly InterfaceRow[] }> {
    const pages = (after: string | null) => this.#stage.customersNotApplied(after, customersAtOnce);
    for (let custs = pages(null); custs.length > 0; custs = pages(custs.at(-1) ?? null))
      for (const custId of custs) {
        // Rows without a CustID have no effect.
        if (custId === nobody) continue;
        const rows = [...this.#stage.notApplied(custId)];
        const finished = rows.flatMap(finishedRow);
        const { lost, byOthers } = partUnknown(finished, claimedUntil, {
          ...this.#bounds.context,
          journal: new Map(),
        });
        if (this.#bounds.isNoneLost) {
          this.byOthers += lost.length + byOthers.length;
          continue;
        }
        this.byOthers += byOthers.length;
        const isLost = new Set(lost.map(({ source, streamingNo }) => `${source}/${streamingNo}`));
        const lostRows = rows.filter(({ source, streamingNo }) => isLost.has(`${source}/${streamingNo}`));
        yield { custId, lost: lostRows };
      }
  }

  /** By shard: when a row was claimed last that the journal knows as applied. */
  #claimedUntil(): ReadonlyMap<number, string> {
    const newest = new Map<number, string>();
    if (this.#isAnyOurs) return newest;
    for (const { custId, attempt } of this.#stage.newestClaims()) {
      const shard = shardOf(custId, this.#bounds.context.shards);
      if (attempt > (newest.get(shard) ?? '')) newest.set(shard, attempt);
    }
    return newest;
  }
}

/** A part that is being filled. */
interface Part extends LostPart {
  readonly rows: LostRow[];
  readonly newest: Map<string, string | null>;
}

function emptyPart(): Part {
  return { rows: [], newest: new Map() };
}

function slices(rows: readonly LostRow[]): readonly (readonly LostRow[])[] {
  const count = Math.ceil(rows.length / rowsAtOnce);
  return Array.from({ length: count }, (_, index) =>
    rows.slice(index * rowsAtOnce, (index + 1) * rowsAtOnce),
  );
}

/**
 * Whether a row that the journal knows took effect after a lost one: it was decided since the alarm, or it was both claimed and
 * marked later. Within one second the rows' own order decides: in doubt it was later.
 */
function isAfter(
  row: AppliedLater,
  { row: lost, stateDate: lostAt }: LostRow,
  since: string | null,
): boolean {
  if (since !== null && row.decidedAt !== null && row.decidedAt >= since) return true;
  const standsAfter = compareRows(row, lost) > 0;
  const isLater = (date: string): boolean => date > lostAt || (date === lostAt && standsAfter);
  return isLater(row.attempt) && (row.stateDate === null || isLater(row.stateDate));
}

function finishedRow({ source, streamingNo, custId, productId, stateDate }: InterfaceRow): FinishedRow[] {
  return stateDate === null ? [] : [{ source, streamingNo, custId, productId, stateDate }];
}

/** The CustIDs of rows, each once. */
export function custIdsOf(rows: readonly LostRow[]): string[] {
  return [...new Set(rows.map(({ row }): Cell => row.custId))].filter((custId) => custId !== null);
}
