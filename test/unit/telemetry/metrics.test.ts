import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { metricCatalogue } from '../../../src/telemetry/metric-catalogue.js';
import { Metrics } from '../../../src/telemetry/metrics.js';
import type { Overview } from '../../../src/operator/contract/state.js';
import { fakeOverview } from '../../support/fake-operator-data.js';

const pool = { used: 1, idle: 2, waiting: 3 };
const pools = () => [
  { middle: pool, store: pool },
  { middle: pool, store: pool },
];

function metricsOf(overview: () => Promise<Overview>): { metrics: Metrics; worker: EventEmitter } {
  const worker = new EventEmitter();
  return { metrics: new Metrics({ overview, pools, worker }), worker };
}

/** Values of a metric by its labels. */
function valuesOf(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

describe('metrics', () => {
  it('are those of the catalogue and of the process, with its types and helps', async () => {
    const { metrics } = metricsOf(async () => fakeOverview());
    const registered = await metrics.registry.getMetricsAsJSON();
    const ours = registered.filter(({ name }) => name.startsWith('bnet_sync_'));
    const byName = <T extends { readonly name: string }>(all: readonly T[]) =>
      new Map(all.map((metric) => [metric.name, metric]));
    const catalogue = byName(metricCatalogue);
    expect(ours.map(({ name }) => name).sort()).toEqual([...catalogue.keys()].sort());
    for (const { name, type, help } of ours) {
      expect(catalogue.get(name), name).toMatchObject({ type: String(type), help });
    }
    expect(registered.length).toBeGreaterThan(ours.length);
    expect(metricCatalogue.every(({ name }) => /^bnet_sync_[a-z_]+$/.test(name))).toBe(true);
  });

  it('have the differences of the last verification by every kind, and none where none has finished', async () => {
    let last: NonNullable<Overview['verification']>['last'] = null;
    let isRead = true;
    const { metrics, worker } = metricsOf(async () => ({
      ...fakeOverview(),
      verification: isRead ? { last } : null,
    }));
    const name = 'bnet_sync_verify_differences';
    const finishedName = 'bnet_sync_verify_last_finished_timestamp_seconds';
    const read = async (which: string) => valuesOf(await metrics.text(), which);
    expect([await read(name), await read(finishedName)]).toEqual([[], [`${finishedName} 0`]]);
    const byKind = { missing: 3, outOfOrder: 1, ofTheFuture: 7 };
    last = { endedAt: '2026-11-29T00:00:00.500Z', who: 'w', differences: 4, byKind };
    expect(await read(name)).toHaveLength(9);
    expect(await read(name)).toEqual(
      expect.arrayContaining([`${name}{kind="missing"} 3`, `${name}{kind="surplus"} 0`]),
    );
    expect(await read(finishedName)).toEqual([`${finishedName} ${Date.UTC(2026, 10, 29) / 1000 + 0.5}`]);
    isRead = false;
    expect([await read(name), await read(finishedName)]).toEqual([[], []]);
    const interval = 'bnet_sync_verify_interval_seconds';
    expect(await read(interval)).toEqual([`${interval} 0`]);
    worker.emit('verifyScheduled', { everyMs: 21_600_000 });
    expect(await read(interval)).toEqual([`${interval} 21600`]);
  });

  it('count what the worker tells', async () => {
    const { metrics, worker } = metricsOf(async () => fakeOverview());
    const outcomes = [
      { source: 'CUST', outcome: 'applied', code: null, rows: 7 },
      { source: 'ACCOUNT', outcome: 'failed', code: '00402', rows: 2 },
    ];
    worker.emit('marked', { succeeded: 7, failed: 2, outcomes, durationMs: 20 });
    worker.emit('applied', { applied: 7, failed: 2, alreadyJournalled: 1, durationMs: 30 });
    worker.emit('claimed', { rows: 0, claimed: 0, takenOver: 4, changedSinceClaim: 4, durationMs: 5 });
    worker.emit('polled', { rows: 4, delayMs: 500, durationMs: 4, waiting: 3 });
    worker.emit('polled', { rows: 0, delayMs: 250, durationMs: null, waiting: 2 });
    worker.emit('leases', { held: 8, shards: 8, workers: 1 });
    worker.emit('leaseLost', { rows: 1 });
    worker.emit('outage', { database: 'store', error: 'away', failures: 1, delayMs: 1 });
    worker.emit('breakerOpened', { error: 'no', delayMs: 1 });
    worker.emit('markConflict', {});
    const deferred = [
      { source: 'CUST', streamingNo: '1141', custId: '7', tries: 2, delayMs: 1, reason: 'no' },
    ];
    worker.emit('rowsDeferred', { stage: 'mark', cause: 'refused', rows: deferred });
    worker.emit('rowsLocked', { stage: 'claim', rows: [...deferred, ...deferred] });
    const text = await metrics.text();
    for (const line of [
      'bnet_sync_rows_total{table="IF_BNET_CUST",outcome="applied",code=""} 7',
      'bnet_sync_rows_total{table="IF_BNET_ACCOUNT",outcome="failed",code="00402"} 2',
      'bnet_sync_batch_rows_sum 10',
      'bnet_sync_stage_duration_seconds_sum{stage="mark"} 0.02',
      'bnet_sync_stage_duration_seconds_sum{stage="apply"} 0.03',
      'bnet_sync_stage_duration_seconds_sum{stage="claim"} 0.005',
      'bnet_sync_stage_duration_seconds_count{stage="poll"} 1',
      'bnet_sync_claims_empty_total 1',
      'bnet_sync_rows_taken_over_total 4',
      'bnet_sync_poll_delay_seconds 0.25',
      'bnet_sync_waiting_customers 2',
      'bnet_sync_shards_held 8',
      'bnet_sync_lease_changes_total 1',
      'bnet_sync_leases_lost_total 1',
      'bnet_sync_retries_total{database="store"} 1',
      'bnet_sync_retries_total{database="middle"} 0',
      'bnet_sync_breaker_open 1',
      'bnet_sync_mark_conflicts_total 1',
      'bnet_sync_deferrals_total{stage="mark",cause="refused"} 1',
      'bnet_sync_deferrals_total{stage="claim",cause="locked"} 2',
      'bnet_sync_deferrals_total{stage="apply",cause="ignored"} 0',
      'bnet_sync_pool_connections{database="middle",state="used"} 2',
      'bnet_sync_pool_connections{database="store",state="waiting"} 6',
    ])
      expect(text.split('\n'), line).toContain(line);
    worker.emit('breakerClosed', {});
    worker.emit('stopped', {});
    expect(text).not.toContain('1141');
    const after = await metrics.text();
    expect(valuesOf(after, 'bnet_sync_breaker_open')).toEqual(['bnet_sync_breaker_open 0']);
    expect(valuesOf(after, 'bnet_sync_shards_held')).toEqual(['bnet_sync_shards_held 0']);
  });

  it('show what the databases say, and nothing of what could not be read', async () => {
    let view = fakeOverview();
    const { metrics } = metricsOf(async () => view);
    const text = await metrics.text();
    const pending = view.tables!['IF_BNET_CUST']['0'].rows;
    expect(valuesOf(text, 'bnet_sync_rows_pending')).toContain(
      `bnet_sync_rows_pending{table="IF_BNET_CUST"} ${pending}`,
    );
    const alive = view.workers!.filter((worker) => worker.alive).length;
    expect(valuesOf(text, 'bnet_sync_workers_alive')).toEqual([`bnet_sync_workers_alive ${alive}`]);
    expect(valuesOf(text, 'bnet_sync_store_alarms')).toEqual(['bnet_sync_store_alarms 0']);
    expect(valuesOf(text, 'bnet_sync_oldest_deferred_seconds')).toEqual([
      'bnet_sync_oldest_deferred_seconds 1200',
    ]);
    const deferredRows = valuesOf(text, 'bnet_sync_deferred_rows');
    expect(deferredRows).toHaveLength(9);
    expect(deferredRows).toContain('bnet_sync_deferred_rows{stage="claim",cause="locked"} 1');
    expect(deferredRows).toContain('bnet_sync_deferred_rows{stage="claim",cause="refused"} 0');
    const away = { reachable: false, answeredMs: null, error: 'away' };
    view = {
      ...view,
      tables: null,
      oldestPendingSeconds: null,
      workers: null,
      pauses: null,
      alarms: null,
      deferred: null,
      databases: { middle: away, store: away },
    };
    const later = await metrics.text();
    expect(valuesOf(later, 'bnet_sync_database_up')).toEqual([
      'bnet_sync_database_up{database="middle"} 0',
      'bnet_sync_database_up{database="store"} 0',
    ]);
    for (const name of [
      'rows_pending',
      'rows_failed',
      'oldest_pending_seconds',
      'workers_alive',
      'paused_targets',
      'oldest_pause_timestamp_seconds',
      'store_alarms',
      'deferred_rows',
      'oldest_deferred_seconds',
    ])
      expect(valuesOf(later, `bnet_sync_${name}`), name).toEqual([]);
  });

  it('have the start of the oldest pause, and nought where nothing is paused', async () => {
    const pauseSince = (since: string) => ({ ...fakeOverview().pauses![0]!, since });
    let pauses = [pauseSince('2026-11-22T06:00:00.000Z'), pauseSince('2026-11-22T02:00:00.000Z')];
    const { metrics } = metricsOf(async () => ({ ...fakeOverview(), pauses }));
    const shown = async () => valuesOf(await metrics.text(), 'bnet_sync_oldest_pause_timestamp_seconds');
    const [first] = await shown();
    expect(Number(first?.split(' ')[1])).toBe(Date.parse('2026-11-22T02:00:00.000Z') / 1000);
    pauses = [];
    expect(await shown()).toEqual(['bnet_sync_oldest_pause_timestamp_seconds 0']);
  });

  it('about the process have the names that all Node programs share', async () => {
    const { metrics } = metricsOf(async () => fakeOverview());
    const names = (await metrics.registry.getMetricsAsJSON()).map(({ name }) => name);
    expect(
      names.filter((name) => !/^(bnet_sync|process|nodejs)_/.test(name) || /process_process/.test(name)),
    ).toEqual([]);
    expect(names).toEqual(
      expect.arrayContaining([
        'process_resident_memory_bytes',
        'process_cpu_seconds_total',
        'nodejs_eventloop_lag_p99_seconds',
      ]),
    );
  });

  it('tell nothing of a worker where there is none', async () => {
    const metrics = new Metrics({ overview: async () => fakeOverview(), pools, worker: null });
    const text = await metrics.text();
    for (const { name, from } of metricCatalogue)
      expect(text.includes(`# HELP ${name} `), name).toBe(from !== 'worker');
  });

  it('wait for no database: the numbers read before are shown again', async () => {
    let read = async (): Promise<Overview> => fakeOverview();
    const { metrics } = metricsOf(() => read());
    await metrics.text();
    read = () => Promise.reject(new Error('never'));
    expect(valuesOf(await metrics.text(), 'bnet_sync_rows_pending')).not.toEqual([]);
  });
});
