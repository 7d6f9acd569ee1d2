import { setImmediate } from 'node:timers/promises';
import { shardOf } from '../../domain/keys.js';
import { repair, requestOfLost, type LostRow, type Repaired } from '../../domain/repair.js';
import { compareFinished } from '../../guard/compare-finished.js';
import { AlreadyDecidedError } from '../../store/port.js';
import { repairedBy, type RepairTransaction } from '../../store/admin-port.js';
import { takeIntended, type ActionOutcome } from '../audit.js';
import type { Actor, RepairReport } from '../contract/actions.js';
import { named } from '../named.js';
import { NotOurProductError, type ActionOptions, type OperatorSettings } from '../requests.js';
import { Loader, type OnProgress, type Pace } from '../verify/load.js';
import { nobody, type StagingDatabase } from '../verify/staging.js';
import type { VerifySources } from '../verify/verify.js';
import {
  custIdsOf,
  LostCustomers,
  readLossBounds,
  type LeftCustomer,
  type LeftReason,
  type LossBounds,
  type LostPart,
} from './lost-customers.js';

/*
 * Repair: finished rows whose decisions the product store has lost take effect once more (P14).
 *
 * Rows are read first, then the journal: a row stands in State 2 only after its entry was committed, so one without an entry
 * has lost it. The lost rows of a customer are the end of its history, and are applied to what the store holds, in the order
 * of their marks. Each transaction locks the leases of its shards, and changes nothing where a row of its customers was
 * decided since the journal was read. What was done stays done: a repair that ends early, for any reason, is simply
 * started again, and finds what is left.
 *
 * Alarms are closed by a repair of everything that leaves no lost row behind, once another look at the rows finished last
 * finds none: marks that were under way may land while it runs.
 */

/** What an operator asks to repair. */
export interface RepairRequest extends ActionOptions {
  /** Only this customer; null: all. */
  readonly custId: string | null;
  /** Only this product; null: all. */
  readonly productId: string | null;
  /** All finished rows of the scope that the journal does not know were finished by our workers. */
  readonly all: boolean;
  readonly onProgress: OnProgress;
}

/** What a repair must know of the configuration. */
export type RepairSettings = Pick<OperatorSettings, 'productIds' | 'rules' | 'shards' | 'othersFinishRows'>;

/** The store is new, or was wiped: which finished rows are ours is not known. */
class NoOriginError extends Error {
  override readonly name = 'NoOriginError';

  constructor() {
    super(
      'the product store is new, or was wiped, and does not know since when finished rows are ours; "bnet-sync repair --all" ' +
        'takes all of them for ours, "bnet-sync migrate --new-store" none of those that are finished by now',
    );
  }
}

/** How often everything is read anew, where rows changed meanwhile. */
const rounds = 3;
const pageRows = 500;
const namedExamples = 20;

/** Workers stand still and wait for it: it takes no rest between pages, but lets signals and timers have their turn. */
const pace: Pace = { now: () => 0, rest: () => setImmediate() };

/** Repairs what an operator asks for. NotOurProductError, NoOriginError. */
export async function repairStore(
  sources: VerifySources,
  actor: Actor,
  settings: RepairSettings,
  request: RepairRequest,
): Promise<RepairReport> {
  const { custId, productId, all, dryRun, reason } = request;
  const { productIds } = settings;
  if (productId !== null && productIds.length > 0 && !productIds.includes(productId))
    throw new NotOurProductError(productId);
  if (!all && (await sources.store.guard.origins()).length === 0) throw new NoOriginError();
  const job = new RepairJob(sources, settings, request, `${repairedBy}${actor.name}`);
  if (dryRun) {
    await job.run();
    await job.countAlarms();
    return job.report(null);
  }
  const intent = { action: 'repair', what: { custId, productId, all }, reason } as const;
  return takeIntended(sources.store.records, actor, intent, {
    take: async (intentId) => {
      await job.run();
      await job.closeAlarms(actor.name);
      await job.countAlarms();
      return job.report(intentId);
    },
    outcome: () => job.outcome(),
  });
}

/** Lost rows that were not applied because their customer changed meanwhile, by CustID. */
type BusyCustomers = ReadonlyMap<string, readonly LostRow[]>;

class RepairJob {
  readonly #sources: VerifySources;
  readonly #settings: RepairSettings;
  readonly #request: RepairRequest;
  readonly #who: string;
  #rows = 0;
  readonly #customers = new Set<string>();
  #examples: LostRow[] = [];
  readonly #left: LeftCustomer[] = [];
  /** Of the first round, which reads everything. */
  #byOthers: number | null = null;
  #alarmsClosed = 0;
  #alarmsOpen = 0;

  constructor(sources: VerifySources, settings: RepairSettings, request: RepairRequest, who: string) {
    this.#sources = sources;
    this.#settings = settings;
    this.#request = request;
    this.#who = who;
  }

  async run(): Promise<void> {
    const { custId } = this.#request;
    let busy = await this.#round(custId === null ? null : [custId]);
    for (let round = 1; round < rounds && busy.size > 0; round += 1)
      busy = await this.#round([...busy.keys()]);
    for (const [name, rows] of busy) this.#leave(name, 'busy', rows);
  }

  #leave(custId: string, reason: LeftReason, rows: readonly LostRow[], why: string | null = null): void {
    const [first] = rows;
    if (first !== undefined) this.#left.push({ custId, reason, rows: rows.length, first, why });
  }

  /** Reads and applies; returns the lost rows of customers that changed meanwhile. */
  async #round(custIds: readonly string[] | null): Promise<BusyCustomers> {
    const stage = await this.#sources.openStaging();
    try {
      const { productIds, shards } = this.#settings;
      const { productId, all, onProgress } = this.#request;
      const loader = new Loader(this.#sources, stage, {
        productIds,
        productId,
        pageRows,
        pace,
        onProgress,
      });
      await loader.gatherRows(custIds);
      const { othersFinishRows } = this.#settings;
      const bounds = await readLossBounds(this.#sources, { shards, isAnyOurs: all, othersFinishRows });
      return await this.#apply(stage, bounds);
    } finally {
      stage.close();
    }
  }

  async #apply(stage: StagingDatabase, bounds: LossBounds): Promise<BusyCustomers> {
    const { all, dryRun, onProgress } = this.#request;
    const lost = new LostCustomers(stage, bounds, all);
    const busy = new Map<string, readonly LostRow[]>();
    for (const part of lost.parts(!dryRun)) {
      // A customer that comes in several parts stops with the first that was not applied.
      const stopped = new Set([...busy.keys(), ...this.#left.map(({ custId }) => custId)]);
      const rows = part.rows.filter(({ row }) => !stopped.has(row.custId ?? nobody));
      const moved = rows.length === 0 ? [] : await this.#applyPart({ ...part, rows });
      for (const custId of moved)
        busy.set(
          custId,
          rows.filter(({ row }) => row.custId === custId),
        );
      onProgress('repaired', this.#rows);
      await pace.rest(0);
    }
    this.#left.push(...lost.left);
    this.#byOthers ??= lost.byOthers;
    return busy;
  }

  /** Returns the customers that changed since they were read. */
  async #applyPart(part: LostPart): Promise<readonly string[]> {
    const shards = [...new Set(part.rows.map(({ row }) => shardOf(row.custId, this.#settings.shards)))];
    try {
      return await this.#sources.store.repairs
        .transaction(shards, async (transaction) => {
          const moved = await this.#moved(transaction, part);
          const rows = part.rows.filter(({ row }) => !moved.has(row.custId ?? nobody));
          const repaired = await this.#repair(transaction, rows);
          if (!this.#request.dryRun) {
            await transaction.write(repaired.changes);
            await transaction.record(repaired.records, repaired.superseding, this.#who);
          }
          return { moved: [...moved], repaired };
        })
        .then(({ moved, repaired }) => {
          this.#count(repaired);
          return moved;
        });
    } catch (error) {
      if (error instanceof AlreadyDecidedError) return custIdsOf(part.rows);
      throw error;
    }
  }

  async #moved(transaction: RepairTransaction, { rows, newest }: LostPart): Promise<ReadonlySet<string>> {
    const { productIds } = this.#settings;
    const { productId, dryRun } = this.#request;
    // Nothing was written before this part, so a customer that comes in several parts is as it was read.
    if (dryRun) return new Set();
    const now = await transaction.newestDecisions({
      productIds: productId === null ? productIds : [productId],
      custIds: custIdsOf(rows),
    });
    return new Set(custIdsOf(rows).filter((custId) => (now.get(custId) ?? null) !== newest.get(custId)));
  }

  async #repair(transaction: RepairTransaction, rows: readonly LostRow[]): Promise<Repaired> {
    const { attributes } = this.#settings.rules;
    const request = requestOfLost(rows, attributes);
    const entries = await transaction.journal(
      rows.map(({ source, streamingNo, stateDate }) => ({ source, streamingNo, attempt: stateDate })),
    );
    const snapshot = await transaction.snapshot(request);
    return repair(rows, { request, snapshot, entries, attributes });
  }

  #count({ rows, impossible }: Repaired): void {
    this.#rows += rows.length;
    for (const custId of custIdsOf(rows)) this.#customers.add(custId);
    this.#examples = [...this.#examples, ...rows].slice(0, namedExamples);
    for (const { row, why } of impossible) this.#leave(row.row.custId ?? nobody, 'impossible', [row], why);
  }

  /** Closes alarms where nothing is lost any more; a part of everything closes none. */
  async closeAlarms(who: string): Promise<void> {
    const { custId, productId } = this.#request;
    if (custId !== null || productId !== null || this.#left.length > 0) return;
    const { shards } = this.#settings;
    const { middle, store } = this.#sources;
    const { lost } = await compareFinished(
      { middle: middle.finished, store: store.guard },
      { shards, of: 'all' },
    );
    if (lost.length === 0) this.#alarmsClosed = await store.guard.close(who);
  }

  /** Counts the alarms that are open in the end. */
  async countAlarms(): Promise<void> {
    this.#alarmsOpen = (await this.#sources.store.guard.openAlarms()).length;
  }

  outcome(): ActionOutcome {
    const { custId, productId, all } = this.#request;
    return {
      what: { custId, productId, all, customers: this.#customers.size, left: this.#left.length },
      rows: this.#rows,
    };
  }

  report(action: string | null): RepairReport {
    return {
      dryRun: this.#request.dryRun,
      action,
      rows: this.#rows,
      customers: this.#customers.size,
      examples: this.#examples.map(({ source, streamingNo, row, stateDate }) =>
        named({ source, streamingNo, custId: row.custId, opFlag: row.opFlag, stateDate }),
      ),
      left: this.#left.map(({ custId, reason, rows, first, why }) => ({
        ...named({ source: first.source, streamingNo: first.streamingNo }),
        ...{ custId, reason, rows, why },
      })),
      byOthers: this.#byOthers ?? 0,
      alarmsClosed: this.#alarmsClosed,
      alarmsOpen: this.#alarmsOpen,
    };
  }
}
