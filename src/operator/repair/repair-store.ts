import { setImmediate } from 'node:timers/promises';
import type { RowKey } from '../../domain/keys.js';
import type { Repaired } from '../../domain/repair.js';
import type { Cell } from '../../domain/rows.js';
import { compareFinished } from '../../guard/compare-finished.js';
import { repairedBy } from '../../store/admin-port.js';
import { takeIntended, type ActionOutcome } from '../audit.js';
import type { Actor, RepairReport } from '../contract/actions.js';
import { NotOurProductError, type ActionOptions, type OperatorSettings } from '../requests.js';
import { Loader, type OnProgress, type Pace } from '../verify/load.js';
import { nobody, type StagingDatabase } from '../verify/staging.js';
import type { VerifySources } from '../verify/verify.js';
import { custIdsOf, LostCustomers, readLossBounds, type LossBounds } from './lost-customers.js';
import { LostRowWriter } from './lost-row-writer.js';
import type { MarkedRow } from './place-lost.js';
import { RepairTally } from './repair-tally.js';
import { replayCustomer } from './replay-customer.js';

/*
 * Repair: finished rows whose decisions the product store has lost take effect once more (P14).
 *
 * Rows are read first, then the journal: a row stands in State 2 only after its entry was committed, so one without an entry
 * has lost it. The lost rows of a customer are the end of its history, and are applied to what the store holds, in the order
 * of their marks. Where rows of the customer were applied since, all of them are applied in memory instead, each in its
 * place (replay-customer.ts). Each transaction locks the leases of its shards, and changes nothing where a row of its
 * customers was decided since the journal was read. What was done stays done: a repair that ends early, for any reason, is
 * simply started again, and finds what is left.
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
/** Customers that are read anew, with their records, in one go. */
const customersAtOnce = 100;

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
  const by = `${repairedBy}${actor.name}`;
  const writer = new LostRowWriter(sources.store, { ...settings, productId, dryRun, by });
  const job = new RepairJob(sources, settings, request, writer);
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
type BusyCustomers = ReadonlyMap<string, readonly RowKey[]>;

/** What one round has read. */
interface Reading {
  readonly stage: StagingDatabase;
  readonly loader: Loader;
  readonly bounds: LossBounds;
}

class RepairJob {
  readonly #sources: VerifySources;
  readonly #settings: RepairSettings;
  readonly #request: RepairRequest;
  readonly #writer: LostRowWriter;
  readonly #tally = new RepairTally();
  /** Of the first round, which reads everything. */
  #byOthers: number | null = null;
  #alarmsClosed = 0;
  #alarmsOpen = 0;

  constructor(
    sources: VerifySources,
    settings: RepairSettings,
    request: RepairRequest,
    writer: LostRowWriter,
  ) {
    this.#sources = sources;
    this.#settings = settings;
    this.#request = request;
    this.#writer = writer;
  }

  async run(): Promise<void> {
    const { custId } = this.#request;
    let busy = await this.#round(custId === null ? null : [custId]);
    for (let round = 1; round < rounds && busy.size > 0; round += 1)
      busy = await this.#round([...busy.keys()]);
    for (const [name, rows] of busy) this.#tally.leave(name, rows, { reason: 'busy' });
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
      return await this.#apply({ stage, loader, bounds });
    } finally {
      stage.close();
    }
  }

  async #apply({ stage, loader, bounds }: Reading): Promise<BusyCustomers> {
    const { all, dryRun, onProgress } = this.#request;
    const lost = new LostCustomers(stage, bounds, all);
    const busy = new Map<string, readonly RowKey[]>();
    for (const part of lost.parts(!dryRun)) {
      // A customer that comes in several parts stops with the first that was not applied.
      const stopped = new Set<Cell>([...busy.keys(), ...this.#tally.left.map(({ custId }) => custId)]);
      const rows = part.rows.filter(({ row }) => !stopped.has(row.custId));
      const written = rows.length === 0 ? null : await this.#writer.append({ ...part, rows });
      for (const custId of written?.moved ?? custIdsOf(rows))
        busy.set(
          custId,
          rows.filter(({ row }) => row.custId === custId),
        );
      if (written !== null) this.#count(written.repaired);
      onProgress('repaired', this.#tally.rows);
      await pace.rest(0);
    }
    this.#byOthers ??= lost.byOthers;
    return new Map([...busy, ...(await this.#replayAll(lost, { stage, loader, bounds }))]);
  }

  /** Replays the customers with rows applied after the lost ones; returns those that changed meanwhile. */
  async #replayAll(lost: LostCustomers, { stage, loader, bounds }: Reading): Promise<BusyCustomers> {
    const busy = new Map<string, readonly RowKey[]>();
    for (let index = 0; index < lost.decidedSince.length; index += customersAtOnce) {
      const custIds = lost.decidedSince.slice(index, index + customersAtOnce);
      // With their records, and with applied rows that are not in State 2.
      stage.forget(custIds);
      await loader.gather(custIds);
      await loader.resolve(custIds);
      for (const custId of custIds) {
        const rows = lost.lostOf(custId);
        if (!(await this.#replay(custId, rows, { stage, bounds }))) busy.set(custId, rows);
        this.#request.onProgress('repaired', this.#tally.rows);
      }
    }
    return busy;
  }

  /** False: the customer was decided on meanwhile. */
  async #replay(
    custId: string,
    lost: readonly MarkedRow[],
    { stage, bounds }: Pick<Reading, 'stage' | 'bounds'>,
  ): Promise<boolean> {
    if (lost.length === 0) return true;
    const { lost: gone, stored } = stage.evidence(custId);
    const history = { decided: stage.decided(custId), lost, stored, gone };
    const { attributes } = this.#settings.rules;
    const outcome = replayCustomer(history, { ...bounds, attributes });
    if (outcome.kind === 'left') {
      this.#tally.leave(custId, outcome.row === null ? lost : [outcome.row, ...lost.slice(1)], outcome);
      return true;
    }
    const { rows, changes } = outcome;
    const newest = stage.newestDecision(custId);
    const isWritten = await this.#writer.replace({ custId, rows, changes, newest });
    if (isWritten) this.#tally.addReplayed(rows);
    return isWritten;
  }

  #count({ rows, impossible }: Repaired): void {
    this.#tally.add(rows);
    for (const { row, why } of impossible)
      this.#tally.leave(row.row.custId ?? nobody, [row], { reason: 'impossible', why });
  }

  /** Closes alarms where nothing is lost any more; a part of everything closes none. */
  async closeAlarms(who: string): Promise<void> {
    const { custId, productId } = this.#request;
    if (custId !== null || productId !== null || this.#tally.left.length > 0) return;
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
      what: { custId, productId, all, customers: this.#tally.customers.size, left: this.#tally.left.length },
      rows: this.#tally.rows,
    };
  }

  report(action: string | null): RepairReport {
    return {
      dryRun: this.#request.dryRun,
      action,
      ...this.#tally.report(),
      byOthers: this.#byOthers ?? 0,
      alarmsClosed: this.#alarmsClosed,
      alarmsOpen: this.#alarmsOpen,
    };
  }
}
