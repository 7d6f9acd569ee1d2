import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PoolUse } from '../database/pool-use.js';
import { stages, deferralCauses } from '../domain/deferral.js';
import { tableOf } from '../domain/keys.js';
import { differenceKinds } from '../operator/contract/checks.js';
import type { Overview } from '../operator/contract/state.js';
import { withTimeout } from '../timeout.js';
import type { WorkerEvents } from '../worker/events.js';
import { metrics, type MetricDescription } from './metric-catalogue.js';
import { securityKinds, type SecurityKind } from '../http/security-events.js';

/** A source of worker events: a worker. */
export interface WorkerFeed {
  on<Name extends keyof WorkerEvents>(name: Name, listener: (event: WorkerEvents[Name]) => void): unknown;
}

/** Connections to each database. */
type Pools = Readonly<Record<'middle' | 'store', PoolUse>>;

/** Where numbers that no event carries are read, at each scrape. */
export interface MetricSources {
  readonly overview: () => Promise<Overview>;
  /** All pools of the process. */
  readonly pools: () => readonly Pools[];
  /** The worker of this process; null: there is none, and nothing is shown of it. */
  readonly worker: WorkerFeed | null;
}

type Key = keyof typeof metrics;
type KeyOf<Type> = { [K in Key]: (typeof metrics)[K]['type'] extends Type ? K : never }[Key];

/** Every stage with every cause: numbers that are there before they happen, and afterwards. */
const deferralLabels = stages.flatMap((stage) => deferralCauses.map((cause) => ({ stage, cause })));

/** How long a scrape waits for the databases; past it the numbers read before are shown again. */
const overviewLimitMs = 3000;

/** The numbers behind `/metrics`, in a registry of their own: two servers in one process do not share them. */
export class Metrics {
  readonly registry = new Registry();
  readonly #counters: Readonly<Record<KeyOf<'counter'>, Counter>>;
  readonly #gauges: Readonly<Record<KeyOf<'gauge'>, Gauge>>;
  readonly #histograms: Readonly<Record<KeyOf<'histogram'>, Histogram>>;

  constructor(private readonly sources: MetricSources) {
    const made = (type: MetricDescription['type'], make: (metric: MetricDescription) => object) =>
      Object.fromEntries(
        Object.entries<MetricDescription>(metrics)
          .filter(([, metric]) => metric.type === type)
          .map(([key, metric]) => [key, make(metric)]),
      ) as never;
    const common = ({ name, help, labels, from }: MetricDescription) => ({
      ...{ name, help, labelNames: [...labels] },
      registers: from === 'worker' && sources.worker === null ? [] : [this.registry],
    });
    this.#counters = made('counter', (metric) => new Counter(common(metric)));
    this.#gauges = made('gauge', (metric) => new Gauge(common(metric)));
    this.#histograms = made(
      'histogram',
      (metric) => new Histogram({ ...common(metric), buckets: [...(metric.buckets ?? [])] }),
    );
    // Under the names that Prometheus clients share (process_*, nodejs_*): dashboards for Node find them.
    collectDefaultMetrics({ register: this.registry });
    for (const kind of Object.keys(securityKinds)) this.#counters.securityEvents.inc({ kind }, 0);
    if (sources.worker !== null) this.#follow(sources.worker);
  }

  /** Counts a security event. */
  countSecurity(kind: SecurityKind): void {
    this.#counters.securityEvents.inc({ kind });
  }

  #follow(worker: WorkerFeed): void {
    const [counters, gauges, histograms] = [this.#counters, this.#gauges, this.#histograms];
    const took = (stage: string, durationMs: number) => {
      histograms.stageDuration.observe({ stage }, durationMs / 1000);
    };
    // There before they happen, or the first would not be seen as a change.
    for (const database of ['middle', 'store'] as const) counters.retries.inc({ database }, 0);
    worker.on('polled', ({ delayMs, durationMs, waiting }) => {
      gauges.pollDelay.set(delayMs / 1000);
      gauges.waitingCustomers.set(waiting);
      if (durationMs !== null) took('poll', durationMs);
    });
    worker.on('claimed', ({ rows, takenOver, durationMs }) => {
      took('claim', durationMs);
      counters.rowsTakenOver.inc(takenOver);
      if (rows === 0) counters.claimsEmpty.inc();
    });
    worker.on('applied', ({ applied, failed, alreadyJournalled, durationMs }) => {
      took('apply', durationMs);
      histograms.batchRows.observe(applied + failed + alreadyJournalled);
    });
    worker.on('marked', ({ outcomes, durationMs }) => {
      took('mark', durationMs);
      for (const { source, outcome, code, rows } of outcomes)
        counters.rows.inc({ table: tableOf[source], outcome, code: code ?? '' }, rows);
    });
    for (const labels of deferralLabels) counters.deferrals.inc(labels, 0);
    worker.on('rowsDeferred', ({ stage, cause, rows }) =>
      counters.deferrals.inc({ stage, cause }, rows.length),
    );
    worker.on('rowsLocked', ({ stage, rows }) =>
      counters.deferrals.inc({ stage, cause: 'locked' }, rows.length),
    );
    worker.on('markConflict', () => counters.markConflicts.inc());
    worker.on('leases', ({ held }) => {
      counters.leaseChanges.inc();
      gauges.shardsHeld.set(held);
    });
    worker.on('leaseLost', () => counters.leasesLost.inc());
    worker.on('outage', ({ database }) => counters.retries.inc({ database }));
    worker.on('breakerOpened', () => gauges.breakerOpen.set(1));
    worker.on('breakerClosed', () => gauges.breakerOpen.set(0));
    worker.on('verifyScheduled', ({ everyMs }) => gauges.verifyInterval.set(everyMs / 1000));
    worker.on('stopped', () => gauges.shardsHeld.set(0));
  }

  /** The text that Prometheus reads. */
  async text(): Promise<string> {
    await this.#readOverview();
    this.#readPools();
    return this.registry.metrics();
  }

  async #readOverview(): Promise<void> {
    const overview = await withTimeout(this.sources.overview(), overviewLimitMs, (reject) => {
      reject(new Error('no overview in time'));
    }).catch(() => null);
    if (overview === null) return;
    const { tables, workers, pauses, alarms, deferred, databases } = overview;
    const gauges = this.#gauges;
    for (const [database, { reachable }] of Object.entries(databases))
      gauges.databaseUp.set({ database }, Number(reachable));
    // What could not be read is not shown: an old number would look like a present one.
    const read = <T>(value: T | null, gauge: Gauge, set: (value: T) => void) => {
      if (value === null) gauge.remove();
      else set(value);
    };
    const states = { '0': gauges.rowsPending, '1': gauges.rowsProcessing, '3': gauges.rowsFailed } as const;
    for (const gauge of Object.values(states)) gauge.reset();
    for (const [table, counts] of Object.entries(tables ?? {}))
      for (const state of ['0', '1', '3'] as const) states[state].set({ table }, counts[state].rows);
    read(tables, gauges.oldestPending, () => gauges.oldestPending.set(overview.oldestPendingSeconds ?? 0));
    read(overview.createdAhead, gauges.createdAhead, ({ seconds }) => gauges.createdAhead.set(seconds));
    for (const gauge of [gauges.rowsOther, gauges.strayAttributes]) gauge.reset();
    for (const [table, { other }] of Object.entries(tables ?? {}))
      gauges.rowsOther.set({ table }, other?.rows ?? 0);
    for (const [table, strays] of Object.entries(overview.strayAttributes ?? {}))
      for (const kind of ['late', 'orphaned'] as const)
        gauges.strayAttributes.set({ table, kind }, strays[kind]);
    read(workers, gauges.workersAlive, (all) => {
      gauges.workersAlive.set(all.filter(({ alive }) => alive).length);
    });
    read(alarms, gauges.storeAlarms, (all) => gauges.storeAlarms.set(all.length));
    gauges.deferredRows.reset();
    read(deferred, gauges.oldestDeferred, ({ byStage, oldestSeconds }) => {
      for (const labels of deferralLabels) gauges.deferredRows.set(labels, 0);
      for (const { rows, ...labels } of byStage) gauges.deferredRows.set(labels, rows);
      gauges.oldestDeferred.set(oldestSeconds ?? 0);
    });
    gauges.verifyDifferences.reset();
    read(overview.verification, gauges.verifyLastFinished, ({ last }) => {
      gauges.verifyLastFinished.set(last === null ? 0 : Date.parse(last.endedAt) / 1000);
      for (const kind of last === null ? [] : differenceKinds)
        gauges.verifyDifferences.set({ kind }, last?.byKind[kind] ?? 0);
    });
    read(pauses, gauges.pausedTargets, (all) => gauges.pausedTargets.set(all.length));
    read(pauses, gauges.oldestPause, (all) => {
      const starts = all.map(({ since }) => Date.parse(since) / 1000);
      gauges.oldestPause.set(starts.length === 0 ? 0 : Math.min(...starts));
    });
  }

  #readPools(): void {
    const pools = this.sources.pools();
    for (const database of ['middle', 'store'] as const)
      for (const state of ['used', 'idle', 'waiting'] as const) {
        const connections = pools.reduce((sum, pool) => sum + pool[database][state], 0);
        this.#gauges.poolConnections.set({ database, state }, connections);
      }
  }
}
