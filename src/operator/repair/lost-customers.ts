import { rowId, shardOf } from '../../domain/keys.js';
import { partUnknown, plus, type FinishedRow, type LossContext } from '../../domain/loss.js';
import { withTimes, type LostRow } from '../../domain/repair.js';
import type { Cell, InterfaceRow } from '../../domain/rows.js';
import { originLookup } from '../../guard/origin.js';
import type { Databases } from '../databases.js';
import { nobody, type RefusedEntry, type StagingDatabase } from '../verify/staging.js';
import { isAfter, type LossClocks, type MarkedRow } from './place-lost.js';
import { refusedSince } from './refused-since.js';

/*
 * Which finished rows the product store has lost: those that the guard takes for lost (domain/loss.ts), or where an
 * operator says so, all that the journal does not know as applied.
 */

/** What a repair must know of both databases besides rows and journal. */
export interface LossBounds extends LossClocks {
  readonly context: Omit<LossContext, 'journal'>;
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

/** Lost rows of some customers; only a customer with very many comes in several parts, one after the other. */
export interface LostPart {
  readonly rows: readonly LostRow[];
  /** By CustID: when a row of it was decided last before these, ISO 8601; null: never. */
  readonly newest: ReadonlyMap<string, string | null>;
}

/** The most rows that are applied in one transaction, unless a customer is not to be split. */
const rowsAtOnce = 500;
/** How many customers are looked at between two rests. */
const customersAtOnce = 500;

/** What was found out about the finished rows that the journal does not know as applied. */
export class LostCustomers {
  /** Rows that were finished by other hands. */
  byOthers = 0;
  /** Customers with rows decided after lost ones; complete once all parts were read. */
  readonly decidedSince: string[] = [];
  readonly #stage: StagingDatabase;
  readonly #bounds: LossBounds;
  readonly #isAnyOurs: boolean;
  readonly #rest: () => Promise<void>;
  /** By shard: when a row was claimed last that the journal knows as applied; read before the first part. */
  #claimedUntil: ReadonlyMap<number, string> = new Map();

  /** @param rest - lets others have their turn, and fails where the search is to end */
  constructor(
    stage: StagingDatabase,
    bounds: LossBounds,
    { isAnyOurs, rest }: { readonly isAnyOurs: boolean; readonly rest: () => Promise<void> },
  ) {
    this.#stage = stage;
    this.#bounds = bounds;
    this.#isAnyOurs = isAnyOurs;
    this.#rest = rest;
  }

  /** Lost rows, customer by customer, in parts of a bounded size. `splits`: also a customer with more rows comes in such parts. */
  async *parts(splits: boolean): AsyncGenerator<LostPart> {
    if (!this.#isAnyOurs) this.#claimedUntil = await this.#readClaims();
    let part: Part = emptyPart();
    for await (const { custId, rows, newest } of this.#repairable()) {
      if (part.rows.length > 0 && part.rows.length + rows.length > rowsAtOnce) {
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

  /** The lost rows of a customer, in the order of their marks. */
  lostOf(custId: string): readonly MarkedRow[] {
    return this.#unknownOf(custId).lost;
  }

  /** Its refusals after a lost row that may be due to the loss. */
  refusedSince(custId: string, lost: MarkedRow): readonly RefusedEntry[] {
    return refusedSince(this.#stage, custId, { lost, since: this.#bounds.since });
  }

  /** The lost rows of each customer of which no row was decided after them. */
  async *#repairable(): AsyncGenerator<{
    readonly custId: string;
    readonly rows: readonly LostRow[];
    readonly newest: string | null;
  }> {
    for await (const custId of this.#customers()) {
      const { lost, byOthers } = this.#unknownOf(custId);
      this.byOthers += byOthers;
      const [first] = lost;
      if (first === undefined) continue;
      if (this.#isAppliedSince(custId, first) || this.refusedSince(custId, first).length > 0) {
        this.decidedSince.push(custId);
        continue;
      }
      const newest = this.#stage.newestDecision(custId);
      yield { custId, rows: withTimes(lost, { offsetMs: this.#bounds.offsetMs, newest }), newest };
    }
  }

  #isAppliedSince(custId: string, lost: MarkedRow): boolean {
    const { since } = this.#bounds;
    const later = this.#stage.appliedFrom(custId, { stateDate: lost.stateDate, since });
    return later.some((row) => isAfter(row, lost, since));
  }

  async *#customers(): AsyncGenerator<string> {
    for await (const custs of this.#pages())
      // Rows without a CustID have no effect.
      yield* this.#stage.withNotApplied(custs).filter((custId) => custId !== nobody);
  }

  async #readClaims(): Promise<ReadonlyMap<number, string>> {
    const newest = new Map<number, string>();
    for await (const custs of this.#pages())
      for (const { custId, attempt } of this.#stage.newestClaims(custs)) {
        const shard = shardOf(custId, this.#bounds.context.shards);
        if (attempt > (newest.get(shard) ?? '')) newest.set(shard, attempt);
      }
    return newest;
  }

  /** All customers, with a rest after each page: the stage answers while everything else stands still. */
  async *#pages(): AsyncGenerator<readonly string[]> {
    const read = (after: string | null) => this.#stage.customersAfter(after, customersAtOnce);
    for (let custs = read(null); custs.length > 0; custs = read(custs.at(-1) ?? null)) {
      yield custs;
      await this.#rest();
    }
  }

  #unknownOf(custId: string): { readonly lost: readonly MarkedRow[]; readonly byOthers: number } {
    const rows = [...this.#stage.notApplied(custId)].filter(isMarked);
    const finished = rows.map((row): FinishedRow => row);
    const { lost, byOthers } = partUnknown(finished, this.#claimedUntil, {
      ...this.#bounds.context,
      journal: new Map(),
    });
    if (this.#bounds.isNoneLost) return { lost: [], byOthers: lost.length + byOthers.length };
    const isLost = new Set(lost.map(rowId));
    return { lost: rows.filter((row) => isLost.has(rowId(row))), byOthers: byOthers.length };
  }
}

function isMarked(row: InterfaceRow): row is MarkedRow {
  return row.stateDate !== null;
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

/** The CustIDs of rows, each once. */
export function custIdsOf(rows: readonly LostRow[]): string[] {
  return [...new Set(rows.map(({ row }): Cell => row.custId))].filter((custId) => custId !== null);
}
