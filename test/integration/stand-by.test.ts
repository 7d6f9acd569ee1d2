import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  column,
  isAvailable,
  openPair,
  pairKinds,
  plant,
  standing,
  type Pair,
} from '../support/databases.js';
import { testWorker, toldOnce, until } from '../support/workers.js';

const open = { ProductID: '323002000', BizID: 'b1', OPFlag: '0101', CustAccount: 'a', CustName: '企业' };
const leaseTtlMs = 1500;
/** A busy machine may be late by so much. */
const slackMs = 1500;

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`a worker that stands by on ${kind}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await openPair(kind);
    });
    afterEach(async () => {
      await pair.close();
    });
    const start = () => {
      const parts = {
        middle: pair.openMiddle(),
        store: pair.openStore(leaseTtlMs),
        settings: { leaseTtlMs },
      };
      const { worker, told } = testWorker(parts);
      return { worker, told, running: worker.run() };
    };
    const owners = async () => new Set(await column(pair.store, 'SELECT owner FROM sync_shard'));

    it('applies nothing while another one holds the leases, and takes over within a third of the lease time after it stopped', async () => {
      const first = start();
      await toldOnce(first.worker, 'leases');
      const second = start();
      await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
      await until(async () => (await standing(pair.middle)).get('CUST:1')?.state === 2);
      expect(await column(pair.store, 'SELECT worker FROM sync_journal')).toEqual([first.worker.workerId]);
      first.worker.stop();
      await first.running;
      const stoppedAt = performance.now();
      await toldOnce(second.worker, 'leases');
      expect(performance.now() - stoppedAt).toBeLessThan(leaseTtlMs / 3 + slackMs);
      expect(await owners()).toEqual(new Set([second.worker.workerId]));
      second.worker.stop();
      await second.running;
    });

    it('takes over the leases of a worker that died within the lease time and a third of it', async () => {
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

    it('that lost its leases while it had a batch in hand writes nothing and says so', async () => {
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
