import { setImmediate } from 'node:timers/promises';
import type { RowKey } from '../../domain/keys.js';
import type { Repaired } from '../../domain/repair.js';
import type { Cell } from '../../domain/rows.js';
import { compareFinished } from '../../guard/compare-finished.js';
import { repairedBy } from '../../store/admin-port.js';
import { takeIntended, type ActionOutcome } from '../audit.js';
import type { Actor, RepairReport } from '../contract/actions.js';
import type { Databases } from '../databases.js';
import { NoOriginError, NotOurProductError } from '../requests.js';
import { Loader, type Pace } from '../verify/load.js';
import { nobody } from '../verify/staging.js';
import type { VerifySources } from '../verify/verify.js';
import { custIdsOf, LostCustomers, readLossBounds } from './lost-customers.js';
import { LostRowWriter } from './lost-row-writer.js';
import type {
  BusyCustomers,
  RepairEnvironment,
  RepairRequest,
  RepairRound,
  RepairSettings,
} from './repair-context.js';
import { isWhole, repairOutcome } from './repair-record.js';
import { RepairTally } from './repair-tally.js';
import { CustomerReplays } from './replay-customers.js';

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

/** How often everything is read anew, where rows changed meanwhile. */
const rounds = 3;
const pageRows = 500;

/** Workers stand still and wait for it: it takes no rest between pages, but lets signals and timers have their turn. */
const pace: Pace = { now: () => 0, rest: () => setImmediate() };

/** Refuses what cannot be repaired as it was asked for: NotOurProductError, NoOriginError. */
export async function requireRepairable(
  { store }: Pick<Databases, 'store'>,
  { productIds }: Pick<RepairSettings, 'productIds'>,
  { productId, all }: Pick<RepairRequest, 'productId' | 'all'>,
): Promise<void> {
  if (productId !== null && productIds.length > 0 && !productIds.includes(productId))
    throw new NotOurProductError(productId);
  if (!all && (await store.guard.origins()).length === 0) throw new NoOriginError();
}

/** Repairs what an operator asks for. NotOurProductError, NoOriginError. */
export async function repairStore(
  sources: VerifySources,
  actor: Actor,
  settings: RepairSettings,
  asked: RepairRequest,
): Promise<RepairReport> {
  await requireRepairable(sources, settings, asked);
  const request = endingEarly(asked);
  const { custId, productId, all, takeBack, dryRun, reason } = request;
  const by = `${repairedBy}${actor.name}`;
  const writer = new LostRowWriter(sources, { ...settings, productId, dryRun, by });
  const job = new RepairJob({ sources, actor, settings, request, writer, tally: new RepairTally() });
  if (dryRun) {
    await job.run();
    await job.countAlarms();
    return job.report(null);
  }
  const intent = { action: 'repair', what: { custId, productId, all, takeBack }, reason } as const;
  return takeIntended(sources.store.records, actor, intent, {
    take: async (intentId) => {
      request.onRecorded?.(intentId);
      await job.run();
      await job.closeAlarms(actor.name);
      await job.countAlarms();
      return job.report(intentId);
    },
    outcome: () => job.outcome(),
  });
}

/** The same request, which ends at its next progress once it is to: between pages, and between sets. */
function endingEarly(request: RepairRequest): RepairRequest {
  const { onProgress, signal } = request;
  return {
    ...request,
    onProgress: (phase, done, total) => {
      onProgress(phase, done, total);
      signal?.throwIfAborted();
    },
  };
}

class RepairJob {
  readonly #context: RepairEnvironment;
  readonly #replays: CustomerReplays;
  /** Of the first round, which reads everything. */
  #byOthers: number | null = null;
  #alarmsClosed = 0;
  #alarmsOpen: number | null = null;
  #cancelled: string | null = null;

  constructor(context: RepairEnvironment) {
    this.#context = context;
    this.#replays = new CustomerReplays(context);
  }

  async run(): Promise<void> {
    const { signal } = this.#context.request;
    try {
      await this.#rounds();
    } catch (error) {
      if (signal?.aborted !== true || error !== signal.reason) throw error;
      this.#cancelled = error instanceof Error ? error.message : String(error);
    }
  }

  async #rounds(): Promise<void> {
    const { custId } = this.#context.request;
    let busy = await this.#round(custId === null ? null : [custId]);
    for (let round = 1; round < rounds && busy.size > 0; round += 1)
      busy = await this.#round([...busy.keys()]);
    for (const [name, rows] of busy) this.#context.tally.leave(name, rows, { reason: 'busy' });
  }

  /** Reads and applies; returns the lost rows of customers that changed meanwhile. */
  async #round(custIds: readonly string[] | null): Promise<BusyCustomers> {
    const stage = await this.#context.sources.openStaging();
    try {
      const { productIds, shards } = this.#context.settings;
      const { productId, all, onProgress } = this.#context.request;
      const loader = new Loader(this.#context.sources, stage, {
        productIds,
        productId,
        pageRows,
        pace,
        onProgress,
      });
      await loader.gatherRows(custIds);
      const { othersFinishRows } = this.#context.settings;
      const bounds = await readLossBounds(this.#context.sources, {
        shards,
        isAnyOurs: all,
        othersFinishRows,
      });
      return await this.#apply({ stage, loader, bounds });
    } finally {
      stage.close();
    }
  }

  async #apply({ stage, loader, bounds }: RepairRound): Promise<BusyCustomers> {
    const { all, dryRun } = this.#context.request;
    const rest = async (): Promise<void> => {
      await pace.rest(0);
      this.#context.request.onProgress('repaired', this.#context.tally.rows);
    };
    const lost = new LostCustomers(stage, bounds, { isAnyOurs: all, rest });
    const busy = new Map<string, readonly RowKey[]>();
    try {
      await rest();
      for await (const part of lost.parts(!dryRun)) {
        // A customer that comes in several parts stops with the first that was not applied.
        const stopped = new Set<Cell>([
          ...busy.keys(),
          ...this.#context.tally.left.map(({ custId }) => custId),
        ]);
        const rows = part.rows.filter(({ row }) => !stopped.has(row.custId));
        const written = rows.length === 0 ? null : await this.#context.writer.append({ ...part, rows });
        for (const custId of written?.moved ?? custIdsOf(rows))
          busy.set(
            custId,
            rows.filter(({ row }) => row.custId === custId),
          );
        if (written !== null) this.#count(written.repaired);
        await rest();
      }
    } finally {
      this.#byOthers ??= lost.byOthers;
    }
    return new Map([...busy, ...(await this.#replays.run(lost, { stage, loader, bounds }))]);
  }

  #count({ rows, impossible }: Repaired): void {
    this.#context.tally.add(rows);
    for (const { row, why } of impossible)
      this.#context.tally.leave(row.row.custId ?? nobody, [row], { reason: 'impossible', why });
  }

  /** Closes alarms where nothing is lost any more; a part of everything closes none. */
  async closeAlarms(who: string): Promise<void> {
    const { request, tally } = this.#context;
    if (!isWhole(request) || tally.left.length > 0 || this.#cancelled !== null) return;
    const { shards } = this.#context.settings;
    const { middle, store } = this.#context.sources;
    const { lost } = await compareFinished(
      { middle: middle.finished, store: store.guard },
      { shards, of: 'all' },
    );
    if (lost.length === 0) this.#alarmsClosed = await store.guard.close(who);
  }

  /** Counts the alarms that are open in the end. */
  async countAlarms(): Promise<void> {
    this.#alarmsOpen = (await this.#context.sources.store.guard.openAlarms()).length;
  }

  outcome(): ActionOutcome {
    const { request, tally } = this.#context;
    const report = { ...this.report(null), alarmsOpen: this.#alarmsOpen };
    return repairOutcome(request, report, tally.takenBack);
  }

  report(action: string | null): RepairReport {
    return {
      dryRun: this.#context.request.dryRun,
      action,
      cancelled: this.#cancelled,
      ...this.#context.tally.report(),
      byOthers: this.#byOthers ?? 0,
      alarmsClosed: this.#alarmsClosed,
      alarmsOpen: this.#alarmsOpen ?? 0,
    };
  }
}
