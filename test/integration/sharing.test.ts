import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  column,
  isAvailable,
  openPair,
  pairKinds,
  plant,
  standing,
  statesOf,
  type Pair,
} from '../support/databases.js';
import { gate } from '../support/until.js';
import { testWorker, toldOnce, until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';
import { open } from '../support/sample-rows.js';

const leaseTtlMs = scaled(1500);
/** A busy machine may be late by so much. */
const slackMs = scaled(1500);

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`several workers on ${kind}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await openPair(kind);
    });
    afterEach(async () => {
      await pair.close();
    });
    const start = (middle = pair.openMiddle()) => {
      const parts = {
        middle,
        store: pair.openStore(leaseTtlMs),
        settings: { leaseTtlMs },
      };
      const { worker, told } = testWorker(parts);
      return { worker, told, running: worker.run() };
    };
    const plantCustomers = async (from: number, to: number) => {
      for (let custId = from; custId <= to; custId += 1) {
        await plant(pair.middle, 'CUST', { ...open, CustID: String(custId), StreamingNo: String(custId) });
      }
    };
    const isDone = async (rows: number) => ((await statesOf(pair.middle))[2] ?? 0) === rows;
    /** How many shards each worker holds. */
    const shares = async () => {
      const { rows } = await pair.store.execute({
        sql: 'SELECT owner, count(*) AS shards FROM sync_shard WHERE owner IS NOT NULL GROUP BY owner',
        bindings: [],
      });
      return new Map(rows.map((row) => [String(row['owner']), Number(row['shards'])]));
    };
    const stop = async (...workers: readonly ReturnType<typeof start>[]) => {
      for (const { worker } of workers) worker.stop();
      await Promise.all(workers.map(({ running }) => running));
    };

    it('share the shards evenly, and each row is decided once, by the holder of its shard', async () => {
      const workers = [start(), start(), start()];
      await until(async () => [...(await shares()).values()].sort().join() === '2,3,3');
      const owners = await pair.store.execute({ sql: 'SELECT shard, owner FROM sync_shard', bindings: [] });
      await plantCustomers(1, 40);
      await until(() => isDone(40));
      const { rows } = await pair.store.execute({
        sql: 'SELECT CAST(cust_id AS TEXT) AS cust_id, worker FROM sync_journal',
        bindings: [],
      });
      const ownerOf = new Map(owners.rows.map((row) => [Number(row['shard']), row['owner']]));
      expect(rows).toHaveLength(40);
      for (const row of rows) expect(row['worker']).toBe(ownerOf.get(Number(row['cust_id']) % 8));
      const claimed = workers
        .flatMap(({ told }) => told)
        .reduce((sum, { name, event }) => sum + (name === 'claimed' ? event.claimed : 0), 0);
      expect(claimed).toBe(40);
      await stop(...workers);
      expect(await shares()).toEqual(new Map());
    });

    // In one process SQLite's driver, which waits for its lock in the middle of everything, would wait for itself.
    it.skipIf(kind === 'SQLite')(
      'give shards to one that joins only when they have finished what they had in flight of them',
      async () => {
        const [middle, marking] = [pair.openMiddle(), gate()];
        const mark = middle.mark.bind(middle);
        middle.mark = async (marks) => {
          await marking.passed;
          return mark(marks);
        };
        const first = start(middle);
        await toldOnce(first.worker, 'leases');
        await plantCustomers(1, 8);
        await until(async () => ((await statesOf(pair.middle))[1] ?? 0) === 8);
        const second = start();
        await new Promise((resolve) => setTimeout(resolve, leaseTtlMs));
        expect([...(await shares()).keys()]).toEqual([first.worker.workerId]);
        marking.open();
        await until(async () => [...(await shares()).values()].join() === '4,4');
        await plantCustomers(9, 24);
        await until(() => isDone(24));
        const deciders = await column(
          pair.store,
          'SELECT DISTINCT worker FROM sync_journal WHERE cust_id > 8',
        );
        expect(deciders.sort()).toEqual([first.worker.workerId, second.worker.workerId].sort());
        expect(
          await column(pair.store, 'SELECT DISTINCT worker FROM sync_journal WHERE cust_id <= 8'),
        ).toEqual([first.worker.workerId]);
        await stop(first, second);
      },
    );

    it('take what one that stopped has given back within one check', async () => {
      const [first, second] = [start(), start()];
      await until(async () => [...(await shares()).values()].join() === '4,4');
      await stop(first);
      const stoppedAt = performance.now();
      await until(async () => (await shares()).get(second.worker.workerId) === 8);
      expect(performance.now() - stoppedAt).toBeLessThan(leaseTtlMs / 3 + slackMs);
      await stop(second);
    });

    it('must agree in shards, products and rules: another one says in what it differs and ends', async () => {
      const first = start();
      await toldOnce(first.worker, 'leases');
      const parts = { middle: pair.openMiddle(), store: pair.openStore(leaseTtlMs) };
      const settings = { leaseTtlMs, productIds: ['323002000'] };
      const { worker } = testWorker({ ...parts, settings });
      await expect(worker.run()).rejects.toThrow('middle.productIds is ["323002000"] here and [] there');
      expect([...(await shares()).keys()]).toEqual([first.worker.workerId]);
      await stop(first);
    });

    it('take over the leases of one that died within the lease time and a third of it', async () => {
      const expiry = pair.store.dialect.nowPlus(leaseTtlMs);
      await pair.store.execute({
        sql: `UPDATE sync_shard SET owner = 'dead', term = 1, expires_at = ${expiry}`,
        bindings: [],
      });
      await plant(pair.middle, 'CUST', {
        ...open,
        CustID: '1',
        StreamingNo: '1',
        State: 1,
        StateDate: '2026-11-01 08:00:00',
      });
      const diedAt = performance.now();
      const { worker, running } = start();
      await until(async () => (await standing(pair.middle)).get('CUST:1')?.state === 2);
      expect(performance.now() - diedAt).toBeGreaterThan(leaseTtlMs - 100);
      expect(performance.now() - diedAt).toBeLessThan((leaseTtlMs * 4) / 3 + slackMs);
      expect(await column(pair.store, 'SELECT DISTINCT term FROM sync_shard')).toSatisfy(
        ([term]) => Number(term) === 2,
      );
      worker.stop();
      await running;
    });

    it('write nothing where one has lost its leases with a batch in flight, and it says so', async () => {
      const { worker, told, running } = start();
      await toldOnce(worker, 'leases');
      await pair.store.execute({
        sql: `UPDATE sync_shard SET owner = 'thief', term = term + 1`,
        bindings: [],
      });
      await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
      await toldOnce(worker, 'leaseLost');
      expect(await column(pair.store, 'SELECT worker FROM sync_journal')).toEqual([]);
      worker.stop();
      await running;
      expect(told.some(({ name }) => name === 'rowFailed')).toBe(false);
    });
  });
}
