import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../../src/domain/keys.js';
import { KnexStoreRecords } from '../../src/store/knex/store-records.js';
import type { AuditRecord } from '../../src/store/admin-port.js';
import type { PauseTarget } from '../../src/store/port.js';
import type { Rules } from '../../src/domain/rules.js';
import { preview } from '../../src/operator/preview.js';
import { pausedBy } from '../../src/middle/port.js';
import { PausedError } from '../../src/worker/paused.js';
import { previewSettings } from '../support/builders.js';
import { retryWhileBusy, isAvailable, openPair, plant, standing, type Pair } from '../support/databases.js';
import { expectModel } from '../support/expect-model.js';
import { operatorsOf } from '../support/operators.js';
import { clear, histories, plantHistory, rules, type HistoryRow } from '../support/model-rows.js';
import { gate } from '../support/until.js';
import { drain, testWorker, toldOnce, until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

const by: AuditRecord = {
  ...{ who: '运维 王', via: 'command', action: 'pause', what: '{}', rows: null },
  reason: 'opens come twice',
};
const product = '323002000';
const common = { ProductID: product, BizID: 'b1' };
const open = { ...common, OPFlag: '0101', CustAccount: 'a', CustName: '企业' };
const bind = { ...common, OPFlag: '0201', UserID: 'ap', AccType: '1', AccName: '张三' };

const targets = fc.uniqueArray(
  fc.constantFrom<PauseTarget>({ source: 'CUST' }, { source: 'ACCOUNT' }, { productId: product }),
  { minLength: 1, maxLength: 2 },
);
const settings = fc.record({
  batchSize: fc.integer({ min: 1, max: 20 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
});

/** Which rows these pauses hold back, said once more. */
function heldBack(rows: readonly HistoryRow[], paused: readonly PauseTarget[]): Set<string> {
  const isOf = (target: PauseTarget) => (row: HistoryRow) =>
    'source' in target ? row.source === target.source : row.productId === target.productId;
  const held = new Set<string>();
  for (const target of paused) {
    const own = rows.filter(isOf(target));
    const customers = new Set('source' in target ? own.map(({ custId }) => custId) : []);
    const others = rows.filter(({ custId }) => customers.has(custId));
    for (const { source, streamingNo } of [...own, ...others]) held.add(`${source}:${streamingNo}`);
  }
  return held;
}

for (const { kind, runs } of [
  { kind: 'SQLite', runs: 40 },
  { kind: 'PostgreSQL', runs: 15 },
  { kind: 'Oracle', runs: 8 },
] as const) {
  describe.runIf(isAvailable(kind))(`pauses on ${kind}`, () => {
    let pair: Pair;
    let records: KnexStoreRecords;
    beforeAll(async () => {
      pair = await openPair(kind);
      records = new KnexStoreRecords(pair.store);
    });
    beforeEach(() => clear(pair));
    afterAll(async () => {
      await pair.close();
    });
    const parts = () => ({ middle: pair.openMiddle(), store: pair.openStore() });
    /** The State that the preview foretells for each row. */
    const foretell = async (of: Rules) => {
      const paused = pausedBy(await records.pauses());
      const shown = await preview(
        { poller: pair.openMiddle(), ...operatorsOf(pair) },
        { ...previewSettings, limit: 1000, rules: of, paused },
      );
      const states = { waits: 0, applied: 2, failed: 3 };
      return new Map(
        shown.map(({ table, streamingNo, outcome }) => [
          `${table.replace('IF_BNET_', '')}:${streamingNo}`,
          states[outcome],
        ]),
      );
    };
    const waitingIn = (foretold: ReadonlyMap<string, number>) =>
      new Set([...foretold].filter(([, state]) => state === 0).map(([id]) => id));
    const stateOf = async (source: Source, streamingNo: string) =>
      (await standing(pair.middle)).get(`${source}:${streamingNo}`)?.state;
    const statesOf = async (...ids: string[]) => {
      const rows = await standing(pair.middle);
      return ids.map((id) => rows.get(id)?.state);
    };

    it('a history under pauses is finished but for what they hold back, and all of it in order when they end', async () => {
      await fc.assert(
        fc.asyncProperty(histories, rules, targets, settings, async (rows, modelRules, paused, chosen) => {
          await clear(pair);
          await plantHistory(pair, rows);
          for (const target of paused) await records.pause(target, by);
          const held = heldBack(rows, paused);
          const foretold = await foretell(modelRules);
          expect(waitingIn(foretold)).toEqual(held);
          const working = drain({ ...parts(), settings: { ...chosen, rules: modelRules } });
          if (held.size > 0) await expect(working).rejects.toBeInstanceOf(PausedError);
          else await working;
          for (const [id, { state }] of await standing(pair.middle)) {
            expect([id, state === 0]).toEqual([id, held.has(id)]);
            expect([id, state]).toEqual([id, foretold.get(id)]);
          }
          for (const target of paused) await records.resume(target, by);
          await drain({ ...parts(), settings: { ...chosen, rules: modelRules } });
          await expectModel(pair, rows, modelRules);
        }),
        { numRuns: runs },
      );
    });

    it('a worker at work applies a pause at its next check, others go on, and goes on itself when it ends', async () => {
      await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
      const { worker, told } = testWorker({ ...parts(), settings: { leaseTtlMs: scaled(600) } });
      const running = worker.run();
      await until(async () => (await stateOf('CUST', '1')) === 2);
      const applied = toldOnce(worker, 'paused');
      await retryWhileBusy(() => records.pause({ source: 'CUST' }, by));
      expect(await applied).toMatchObject({
        pauses: [{ target: { source: 'CUST' }, who: by.who, reason: by.reason }],
      });
      // Customer 2 has an open row in the paused table, so its bind waits behind it; customer 1 has none.
      await plant(pair.middle, 'CUST', { ...open, CustID: '2', StreamingNo: '2' });
      await plant(pair.middle, 'ACCOUNT', { ...bind, CustID: '2', StreamingNo: '2' });
      await plant(pair.middle, 'ACCOUNT', { ...bind, CustID: '1', StreamingNo: '1' });
      await until(async () => (await stateOf('ACCOUNT', '1')) === 2);
      await toldOnce(worker, 'polled');
      expect(await statesOf('CUST:2', 'ACCOUNT:2')).toEqual([0, 0]);
      const ended = toldOnce(worker, 'paused');
      await retryWhileBusy(() => records.resume({ source: 'CUST' }, by));
      expect(await ended).toEqual({ pauses: [] });
      await until(async () => (await statesOf('CUST:2', 'ACCOUNT:2')).every((state) => state === 2));
      worker.stop();
      await running;
      expect(told.filter(({ name }) => name === 'paused')).toHaveLength(2);
    });

    it('rows in flight when a pause is set are finished, those that come behind them stay', async () => {
      await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
      const { middle, store } = parts();
      const [claimed, goOn] = [gate(), gate()];
      const claim = middle.claim.bind(middle);
      middle.claim = async (requests) => {
        const result = await claim(requests);
        claimed.open();
        await goOn.passed;
        return result;
      };
      const { worker } = testWorker({ middle, store, settings: { leaseTtlMs: scaled(600) } });
      const running = worker.run();
      await claimed.passed;
      const applied = toldOnce(worker, 'paused');
      await retryWhileBusy(() => records.pause({ source: 'CUST' }, by));
      await applied;
      await plant(pair.middle, 'CUST', { ...open, CustID: '2', StreamingNo: '2' });
      goOn.open();
      await until(async () => (await stateOf('CUST', '1')) === 2);
      await toldOnce(worker, 'polled');
      expect(await stateOf('CUST', '2')).toBe(0);
      worker.stop();
      await running;
    });

    it('a poll that began before a pause claims nothing that came since', async () => {
      const { middle, store } = parts();
      const [polling, goOn] = [gate(), gate()];
      const poll = middle.poll.bind(middle);
      middle.poll = async (request) => {
        polling.open();
        await goOn.passed;
        return poll(request);
      };
      const { worker } = testWorker({ middle, store, settings: { leaseTtlMs: scaled(600) } });
      const running = worker.run();
      await polling.passed;
      const applied = toldOnce(worker, 'paused');
      await retryWhileBusy(() => records.pause({ source: 'CUST' }, by));
      await applied;
      await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
      goOn.open();
      await toldOnce(worker, 'polled');
      await toldOnce(worker, 'polled');
      expect(await stateOf('CUST', '1')).toBe(0);
      worker.stop();
      await running;
    });

    it('a row that a dead worker left in State 1 stays there until the pause ends, and then is finished', async () => {
      const left = { State: 1, StateDate: '2026-11-01 08:00:07' };
      await plant(pair.middle, 'CUST', { ...open, ...left, CustID: '1', StreamingNo: '1' });
      await plant(pair.middle, 'ACCOUNT', { ...bind, CustID: '1', StreamingNo: '1' });
      await records.pause({ source: 'CUST' }, by);
      await expect(drain(parts())).rejects.toThrow(PausedError);
      expect(await statesOf('CUST:1', 'ACCOUNT:1')).toEqual([1, 0]);
      await records.resume({ source: 'CUST' }, by);
      await drain(parts());
      expect(await statesOf('CUST:1', 'ACCOUNT:1')).toEqual([2, 2]);
    });

    it('a run once ends with the names of the pauses where nothing else is left, and well where nothing is', async () => {
      await records.pause({ source: 'ACCOUNT' }, by);
      await records.pause({ productId: product }, { ...by, who: 'li', reason: null });
      await drain(parts());
      await plant(pair.middle, 'CUST', { ...open, ProductID: '7', CustID: '2', StreamingNo: '2' });
      await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
      const working = drain(parts());
      await expect(working).rejects.toThrow(
        /^nothing is left but paused rows: IF_BNET_ACCOUNT \(since .*, by 运维 王: opens come twice\); product 323002000 \(since .*, by li\)\. "bnet-sync resume" ends a pause$/,
      );
      expect(await statesOf('CUST:2', 'CUST:1')).toEqual([2, 0]);
    });
  });
}
