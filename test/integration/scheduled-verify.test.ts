import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { createWorker, type SyncWorker } from '../../src/app/create-worker.js';
import { startHttpServer } from '../../src/app/start-http-server.js';
import { verificationSchema } from '../../src/operator/contract/verification.js';
import { parseConfig } from '../../src/config/parse.js';
import type { VerificationRun } from '../../src/store/verification-port.js';
import type { WorkerEvents } from '../../src/worker/events.js';
import {
  isAvailable,
  openPair,
  plant,
  retryWhileBusy,
  statesOf,
  pairKinds,
  type Pair,
} from '../support/databases.js';
import { operatorsOf } from '../support/operators.js';
import { open } from '../support/sample-rows.js';
import { scaled } from '../support/time-factor.js';
import { gate, until } from '../support/until.js';

const leaseTtlMs = scaled(4000);
const patience = { timeout: scaled(90_000) };
const told = ['verifyStarted', 'verifyFinished', 'verifyCancelled', 'verifyFailed'] as const;

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`scheduled verifications on ${kind}`, patience, () => {
    let pair: Pair;
    let started: { readonly worker: SyncWorker; readonly running: Promise<void> }[];
    beforeEach(async () => {
      [pair, started] = [await openPair(kind), []];
      for (const id of ['1', '2', '3'])
        await plant(pair.middle, 'CUST', { ...open, CustID: id, StreamingNo: id });
    });
    afterEach(async () => {
      await Promise.all(started.map(({ worker }) => worker.stop()));
      await Promise.all(started.map(({ running }) => running));
      await pair.close();
    });

    const start = async (lease = leaseTtlMs) => {
      const worker = await createWorker(
        parseConfig(
          {
            ...pair.connections,
            worker: { shards: 8, leaseTtlMs: lease, settleMs: 0, pollIntervalMs: 20, idlePollMaxMs: 100 },
            verify: { every: '5m' },
          },
          process.cwd(),
        ),
      );
      const events: { readonly name: string; readonly event: object }[] = [];
      for (const name of told) worker.on(name, (event) => events.push({ name, event }));
      let held = 0;
      let knowsAlarm = false;
      worker.on('storeWentBack', () => (knowsAlarm = true));
      worker.on('leases', (event) => (held = event.held));
      const running = worker.start();
      started.push({ worker, running });
      const finished = () =>
        until(
          'a verification has finished',
          async () => {
            const last = events.at(-1);
            return last?.name === 'verifyFinished' ? (last.event as WorkerEvents['verifyFinished']) : null;
          },
          30_000,
        );
      return { worker, events, finished, running, held: () => held, knowsAlarm: () => knowsAlarm };
    };
    const inStore = (sql: string) => retryWhileBusy(() => pair.store.execute({ sql, bindings: [] }));
    const record = () => operatorsOf(pair).store.verifications;
    const runs = async (): Promise<readonly VerificationRun[]> => (await record().runs()).runs;
    const applied = () =>
      until('the rows are applied', async () => ((await statesOf(pair.middle))[2] ?? 0) >= 3, 30_000);
    /** Has the last run ended, or begun, so long ago that the next is due. */
    const letTimePass = () =>
      inStore(
        pair.store.dialect.name === 'pg'
          ? `UPDATE sync_verification SET started_at = started_at - interval '10 minutes', ended_at = ended_at - interval '10 minutes'`
          : `UPDATE sync_verification SET started_at = strftime('%Y-%m-%dT%H:%M:%fZ', started_at, '-600 seconds'),
               ended_at = strftime('%Y-%m-%dT%H:%M:%fZ', ended_at, '-600 seconds')`,
      );
    const stop = async ({ worker, running }: Awaited<ReturnType<typeof start>>) => {
      await worker.stop();
      await running;
    };

    /** What the two planted differences are to people and machines. */
    const expectShown = async () => {
      const config = parseConfig({ ...pair.connections, http: { port: 0 } }, process.cwd());
      const server = await startHttpServer(config, { logger: pino({ level: 'silent' }) });
      const textAt = async (path: string) => (await fetch(`${server.url}${path}`)).text();
      try {
        const metrics = await textAt('/metrics');
        expect(metrics).toContain('bnet_sync_verify_differences{kind="missing"} 1\n');
        expect(metrics).toContain('bnet_sync_verify_differences{kind="different"} 1\n');
        expect(metrics).toMatch(/bnet_sync_verify_last_finished_timestamp_seconds \d{10}/);
        const answer = verificationSchema.parse(JSON.parse(await textAt('/api/v1/verify')));
        expect(answer.last?.differences.map(({ kind: each }) => each)).toEqual(['different', 'missing']);
        expect(answer.runs).toHaveLength(2);
        const page = await textAt('/verify?lang=en');
        expect(page).toContain('2 differences of 2 customers.');
        expect(page).toContain('href="/failed?customer=3"');
        expect(await textAt('/api/openapi.json')).toContain('"/api/v1/verify"');
      } finally {
        await server.close();
      }
    };

    it('are run by one of two workers, find what differs, and go on with the interval after a takeover', async () => {
      const first = await start();
      await applied();
      await first.finished();
      await stop(first);
      // Not due: its successor runs none.
      const second = await start();
      await until('it holds all shards', async () => second.held() === 8, 30_000);
      const third = await start();
      await until('both hold half', async () => second.held() === 4 && third.held() === 4, 30_000);
      expect((await runs()).map(({ who }) => who)).toEqual([first.worker.workerId]);
      await inStore(`UPDATE bnet_customer SET cust_name = 'other' WHERE cust_id = '2'`);
      await inStore(`DELETE FROM bnet_customer WHERE cust_id = '3'`);
      await letTimePass();
      // Of the two, the one without shard 0 takes it over, and finds that a run is due.
      await stop(second);
      const { differences, byKind, rows, customers } = await third.finished();
      expect({ differences, byKind, rows, customers }).toEqual({
        ...{ differences: 2, rows: 3, customers: 3 },
        byKind: { different: 1, missing: 1 },
      });
      const kept = await runs();
      expect(kept.map(({ who, state, via }) => [who, state, via])).toEqual([
        [third.worker.workerId, 'finished', 'schedule'],
        [first.worker.workerId, 'finished', 'schedule'],
      ]);
      const found = (await record().differences(kept[0]!.id)).map((text) => JSON.parse(text) as object);
      expect(found).toMatchObject([
        { custId: '2', kind: 'different', field: 'cust_name', found: 'other' },
        { custId: '3', kind: 'missing' },
      ]);
      expect(second.events).toEqual([]);
      await expectShown();
    });

    it('do not begin while an alarm is open, and begin once it is closed', async () => {
      await inStore(`INSERT INTO sync_guard (alarm_id, raised_at, worker, host, kind, rows, examples)
                     VALUES ('a', '2026-11-29T00:00:00.000Z', 'w', 'h', 'finishedRows', 1, '[]')`);
      const worker = await start();
      await until('it knows of the alarm', async () => worker.knowsAlarm(), 30_000);
      // Three checks of its leases, and with them at least one look whether a run is due.
      for (let check = 0, before = ''; check < 4; check += 1)
        before = await until('it checks its leases', async () => {
          const { rows } = await inStore('SELECT max(heartbeat_at) AS at FROM sync_worker');
          const at = JSON.stringify(rows[0]?.['at']);
          return at !== before && at;
        });
      const closedAt = await operatorsOf(pair).store.now();
      await inStore(`UPDATE sync_guard SET closed_at = '${closedAt}', closed_by = 'li'`);
      await worker.finished();
      const [run, ...others] = await runs();
      expect(others).toEqual([]);
      expect(run!.startedAt > closedAt).toBe(true);
    });

    describe.runIf(kind === 'PostgreSQL')('with a run that is held up', () => {
      /** Holds the run at the customers of the product store, which an idle worker does not read. */
      const held = async () => {
        const [locked, release] = [gate(), gate()];
        const holding = pair.store.transaction(async (transaction) => {
          await transaction.execute({ sql: 'LOCK TABLE bnet_customer', bindings: [] });
          locked.open();
          await release.passed;
        });
        await locked.passed;
        return { release: () => release.open(), holding };
      };
      const begun = async (lease = leaseTtlMs) => {
        const first = await start();
        await applied();
        await first.finished();
        await stop(first);
        await letTimePass();
        const lock = await held();
        const worker = await start(lease);
        const waiting = `SELECT 1 FROM pg_locks WHERE relation = 'bnet_customer'::regclass AND NOT granted`;
        await until('it waits for the table', async () => (await inStore(waiting)).rows.length > 0, 30_000);
        return { worker, lock };
      };

      it('it is cancelled once shard 0 is another’s', async () => {
        const { worker, lock } = await begun();
        await inStore(`UPDATE sync_shard SET owner = 'other', term = term + 1, expires_at = now() + interval '${leaseTtlMs} milliseconds'
                       WHERE shard = 0`);
        await until('it has lost it', async () => worker.held() === 7, 30_000);
        lock.release();
        await lock.holding;
        await until('it is cancelled', async () => (await runs())[0]?.state === 'cancelled', 30_000);
        expect(worker.events.map(({ name }) => name)).toEqual(['verifyStarted', 'verifyCancelled']);
      });

      it('it keeps no worker from stopping, and its successor abandons it', async () => {
        // The server would end the statement that waits within a short lease.
        const { worker, lock } = await begun(scaled(20_000));
        const startedAt = performance.now();
        await worker.worker.stop();
        await worker.running;
        expect(performance.now() - startedAt).toBeLessThan(scaled(3000));
        lock.release();
        await lock.holding;
        await letTimePass();
        const last = await start();
        await last.finished();
        expect((await runs()).map(({ state }) => state)).toEqual(['finished', 'abandoned', 'finished']);
      });
    });
  });
}
