import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OperatorService } from '../../src/operator/operator-service.js';
import { purgeJournal } from '../../src/operator/purge.js';
import {
  isAvailable,
  openPair,
  pairKinds,
  plant,
  standing,
  statesOf,
  type Pair,
  type Planted,
} from '../support/databases.js';
import { operatorServiceOf, operatorsOf } from '../support/operators.js';
import { drain, quickSettings } from '../support/workers.js';
import { customer as product, customerBind as bind, customerOpen as open } from '../support/sample-rows.js';

const longest = '123456789012345678901234567890';
const actor = { name: 'li', via: 'console' } as const;
const at = (second: number) => `2026-11-01 08:00:${String(second).padStart(2, '0')}`;
const failure = (errContent: string, second: number): Planted => {
  return { State: 3, ErrContent: errContent, StateDate: at(second) };
};

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`the operator service on ${kind}`, () => {
    let pair: Pair;
    let operator: OperatorService;
    beforeEach(async () => {
      pair = await openPair(kind);
      operator = operatorServiceOf(pair);
    });
    afterEach(() => pair.close());
    const work = () => drain({ middle: pair.openMiddle(), store: pair.openStore() });
    const names = (rows: readonly { table: string; streamingNo: string }[]) =>
      rows.map(({ table, streamingNo }) => `${table} ${streamingNo}`);

    it('shows in overview and groups what a worker decided', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
      await plant(pair.middle, 'ACCOUNT', {
        ...bind,
        StreamingNo: longest,
        AccName: null,
        CreateDate: at(1),
      });
      await work();
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '3', CreateDate: at(2) });
      const overview = await operator.overview();
      expect(overview.databases.middle).toMatchObject({ reachable: true, error: null });
      expect(overview.databases.store).toMatchObject({ reachable: true, error: null });
      expect(overview.tables?.['IF_BNET_ACCOUNT']).toEqual({
        '0': { rows: 1, atLeast: false },
        '1': { rows: 0, atLeast: false },
        '2': { rows: 0, atLeast: false },
        '3': { rows: 1, atLeast: false },
      });
      expect(overview).toMatchObject({ shards: 8, pauses: [], workers: [] });
      expect(overview.oldestPendingSeconds).toBeGreaterThan(0);
      for (const bars of [overview.lastHour, overview.lastDay]) {
        expect(bars?.reduce((sum, { applied }) => sum + applied, 0)).toBe(1);
        expect(bars?.reduce((sum, { failed }) => sum + failed, 0)).toBe(1);
      }
      expect(await operator.failureGroups()).toMatchObject([
        {
          table: 'IF_BNET_ACCOUNT',
          code: '00401',
          text: '关键数据项不能为空',
          present: { rows: 1, atLeast: false },
          ...{ lastHour: 1, lastDay: 1, lastWeek: 1 },
          newest: { streamingNo: longest, code: '00401' },
        },
      ]);
    });

    it('lists failed rows part by part with cursors, across rows of one StateDate and without one', async () => {
      for (const streamingNo of ['1', '2', longest])
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: streamingNo, ...failure('00402 甲', 5) });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '2', ...failure('00402 乙', 5) });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '4', State: 3 });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '5', ...failure('00403 丙', 6) });
      const listed: string[] = [];
      let next: string | null = null;
      do {
        const part = await operator.failed({}, { limit: 2, ...(next === null ? {} : { after: next }) });
        listed.push(...names(part.rows));
        next = part.next;
      } while (next !== null);
      expect(listed).toEqual(names((await operator.failed({}, { limit: 50 })).rows));
      expect(listed).toHaveLength(6);
      expect(listed[0]).toBe('IF_BNET_ACCOUNT 5');
      expect(listed.at(-1)).toBe('IF_BNET_ACCOUNT 4');
    });

    it('tells who holds a row in flight', async () => {
      const { leases } = pair.openStore(5000);
      await leases.register({ workerId: 'w-1', host: 'app-1', pid: 1 }, { ...quickSettings, shards: 8 });
      await leases.renewAndAcquire();
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', State: 1, StateDate: at(5) });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '2', State: 1, StateDate: at(3) });
      expect(await operator.processing(5)).toMatchObject([
        {
          table: 'IF_BNET_ACCOUNT',
          streamingNo: '2',
          stateDate: at(3),
          holder: 'w-1',
          host: 'app-1',
          shard: 1,
        },
        { table: 'IF_BNET_CUST', streamingNo: '1', ageSeconds: expect.any(Number) as number },
      ]);
    });

    it("has a row's customer with its users, and its related rows in order", async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '10', CreateDate: at(1) });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '11', CreateDate: at(2) });
      await plant(pair.middle, 'ACCOUNT', {
        ...bind,
        StreamingNo: '12',
        UserID: 'b',
        AccName: null,
        CreateDate: at(3),
      });
      await work();
      await pair.middle.execute({ sql: 'DELETE FROM IF_BNET_CUST', bindings: [] });
      const page = await operator.row({ source: 'ACCOUNT', streamingNo: '11' });
      expect(page.rows).toMatchObject([{ streamingNo: '11', state: 2 }]);
      expect(page.records).toMatchObject([
        {
          customer: { custId: product.CustID, status: 'active' },
          users: [{ userId: 'ap', status: 'bound' }],
        },
      ]);
      expect(page.relatedRows).toMatchObject([
        { table: 'IF_BNET_CUST', streamingNo: '10', place: 'before', state: null, opFlag: '0101' },
        { table: 'IF_BNET_ACCOUNT', streamingNo: '11', place: 'this', state: 2 },
        { table: 'IF_BNET_ACCOUNT', streamingNo: '12', place: 'after', state: 3 },
      ]);
      expect(page.relatedRows.every(({ decidedAt }) => decidedAt !== null)).toBe(true);
    });

    it('puts back what matches and nothing else, and both ways are recorded with who, what and why', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', ...failure('00402 甲', 1) });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: longest, ...failure('00402 甲', 2) });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '3', ...failure('00402 甲', 3) });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '4', ...failure('00403 乙', 4) });
      const filter = { source: 'CUST' as const, code: '00402' };
      const trial = await operator.requeueMatching(actor, { filter }, { dryRun: true, reason: null });
      expect([trial.matched.rows, names(trial.examples)]).toEqual([
        2,
        [`IF_BNET_CUST ${longest}`, 'IF_BNET_CUST 1'],
      ]);
      expect(await statesOf(pair.middle)).toEqual({ 3: 4 });
      expect(
        await operator.requeueMatching(actor, { filter }, { dryRun: false, reason: 'corrected' }),
      ).toMatchObject({
        matched: { rows: 2, atLeast: false },
        requeued: 2,
        notRequeued: 0,
      });
      const rows = await standing(pair.middle);
      expect([rows.get('CUST:1'), rows.get(`CUST:${longest}`)]).toMatchObject([{ state: 0 }, { state: 0 }]);
      await operator.requeue(actor, [{ source: 'ACCOUNT', streamingNo: '3' }], {
        dryRun: false,
        reason: null,
      });
      expect(await statesOf(pair.middle)).toEqual({ 0: 3, 3: 1 });
      const [second, first] = await operator.audit({ limit: 5 });
      expect(first).toMatchObject({
        who: 'li',
        via: 'console',
        action: 'requeue-matching',
        rows: 2,
        reason: 'corrected',
      });
      const named = '{"rows":["IF_BNET_ACCOUNT 3"]}';
      expect(second).toMatchObject({ action: 'requeue', rows: 1, what: named, outcome: { what: named } });
      expect([first?.status, second?.status]).toEqual(['done', 'done']);
      expect(await operator.action(first?.id ?? '')).toEqual(first);
      expect([await operator.action('0'), await operator.action('1; DROP')]).toEqual([null, null]);
      expect(await operator.audit({ limit: 5, before: second?.id ?? '' })).toEqual([first]);
    });

    it('lists deferred rows, says so of the row and its customer, and has one tried at once', async () => {
      const { leases, deferrals } = pair.openStore(5000);
      await leases.register({ workerId: 'w-1', host: 'app-1', pid: 1 }, { ...quickSettings, shards: 8 });
      await leases.renewAndAcquire();
      const key = { source: 'CUST', streamingNo: longest } as const;
      const row = { ...key, custId: product.CustID, stage: 'claim', cause: 'locked', tries: 3 } as const;
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: longest });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '2', CreateDate: at(2) });
      await deferrals.put([{ ...row, reason: 'locked by SCOTT', shard: 1, delayMs: 45_000 }]);
      const [listed, ...more] = await operator.deferred(5);
      expect(more).toEqual([]);
      expect(listed).toEqual({
        ...{ table: 'IF_BNET_CUST', streamingNo: longest, custId: product.CustID },
        ...{ stage: 'claim', cause: 'locked', reason: 'locked by SCOTT', tries: 3, worker: 'w-1' },
        since: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        nextAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      });
      expect((await operator.overview()).deferred).toMatchObject({
        ...{ rows: 1, customers: 1, oldest: [listed] },
        byStage: [{ stage: 'claim', cause: 'locked', rows: 1 }],
        oldestSeconds: expect.any(Number) as number,
      });
      expect(await operator.row(key)).toMatchObject({ deferred: listed, heldBackBy: [] });
      expect(await operator.row({ source: 'ACCOUNT', streamingNo: '2' })).toMatchObject({
        deferred: null,
        heldBackBy: [listed],
      });
      expect(await operator.retry(actor, [key], 'unlocked')).toMatchObject({
        retried: [{ streamingNo: longest }],
      });
      expect(await operator.retry(actor, [key], null)).toMatchObject({ retried: [] });
      expect(await operator.deferred(5)).toEqual([]);
      expect(await operator.audit({ limit: 5 })).toMatchObject([{ action: 'retry', reason: 'unlocked' }]);
      expect(await operator.row(key)).toMatchObject({ deferred: null });
    });

    it('pauses and resumes, once each', async () => {
      expect(await operator.pause(actor, { productId: longest }, 'wrong prices')).toBe(true);
      expect(await operator.pause(actor, { productId: longest }, null)).toBe(false);
      expect(await operator.pauses()).toMatchObject([
        { target: { productId: longest }, who: 'li', reason: 'wrong prices' },
      ]);
      expect(await operator.resume(actor, { productId: longest }, null)).toBe(true);
      expect(await operator.resume(actor, { productId: longest }, null)).toBe(false);
      expect((await operator.audit({ limit: 5 })).map(({ action }) => action)).toEqual(['resume', 'pause']);
    });

    it('knows a product by its customers, so that a mistyped one can be told', async () => {
      const mistyped = { productId: open.ProductID.slice(1) };
      expect(await operator.knowsTarget({ source: 'ACCOUNT' })).toBe(true);
      expect(await operator.knowsTarget({ productId: open.ProductID })).toBe(false);
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
      await work();
      expect(await operator.knowsTarget({ productId: open.ProductID })).toBe(true);
      expect(await operator.knowsTarget(mistyped)).toBe(false);
    });

    it('purges superseded entries, and entries of rows that are gone, and keeps the others', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', CustName: null });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', CustName: null });
      await work();
      const key = { source: 'CUST', streamingNo: '1' } as const;
      for (const change of [`BizID = 'b2'`, `CustName = '企业'`]) {
        await pair.middle.execute({ sql: `UPDATE IF_BNET_CUST SET ${change}`, bindings: [] });
        await operator.requeue(actor, [key], { dryRun: false, reason: null });
        await work();
      }
      const parts = operatorsOf(pair);
      const request = { olderThanMs: 0, gone: true, productIds: [], dryRun: false };
      const entries = async (streamingNo: string) =>
        (await parts.store.history({ source: 'CUST', streamingNo })).length;
      expect(await entries('1')).toBe(3);
      expect(await purgeJournal(parts, actor, { ...request, dryRun: true })).toMatchObject({
        superseded: 1,
        gone: { rows: 0 },
      });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '9', State: 2 });
      await pair.middle.execute({ sql: 'DELETE FROM IF_BNET_CUST', bindings: [] });
      expect(await purgeJournal(parts, actor, { ...request, productIds: ['8'] })).toMatchObject({
        superseded: 1,
        gone: { rows: 0 },
      });
      expect([await entries('1'), await entries('2')]).toEqual([2, 1]);
      expect(await purgeJournal(parts, actor, request)).toMatchObject({ gone: { rows: 2, entries: 3 } });
      expect([await entries('1'), await entries('2')]).toEqual([0, 0]);
      expect((await operator.audit({ limit: 1 }))[0]).toMatchObject({ action: 'journal-purge', rows: 3 });
    });
  });
}
