import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MiddleAdmin, RowFilter } from '../../src/middle/admin-port.js';
import { findFailedRows } from '../../src/operator/failed.js';
import { requeue } from '../../src/operator/requeue.js';
import { rowPage } from '../../src/operator/row-page.js';
import { status } from '../../src/operator/status.js';
import type { StoreAdmin } from '../../src/store/admin-port.js';
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
import { operatorsOf, type OperationsOptions } from '../support/operators.js';
import { sqlOf } from '../support/plain-access.js';
import { drain, quickSettings } from '../support/workers.js';
import { later } from '../conformance/middle/rows.js';
import { customerBind as bind, customerOpen as open } from '../support/sample-rows.js';

const actor = { name: 'li', via: 'command' } as const;
const longest = '123456789012345678901234567890';
const failure = (errContent: string, stateDate: string) => ({
  State: 3,
  ErrContent: errContent,
  StateDate: stateDate,
});
const at = (second: number) => `2026-11-01 08:00:${String(second).padStart(2, '0')}`;

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`operators on ${kind}`, () => {
    let pair: Pair;
    let middle: MiddleAdmin;
    let store: StoreAdmin;
    beforeEach(async () => {
      pair = await openPair(kind);
      ({ middle, store } = operatorsOf(pair));
    });
    afterEach(() => pair.close());
    const work = () => drain({ middle: pair.openMiddle(), store: pair.openStore() });
    const run = (sql: string) => pair.middle.execute({ sql, bindings: [] });
    const asOperator = (options: OperationsOptions) => operatorsOf(pair, options).middle;

    describe('status', () => {
      it('counts rows by table and State, of our products only', async () => {
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', State: 3 });
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '3', State: 9 });
        await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '4', State: 1 });
        await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '5', ProductID: '8', State: 2 });
        expect((await status({ middle, store })).tables).toEqual({
          IF_BNET_CUST: { '0': 1, '1': 0, '2': 0, '3': 1, other: 1 },
          IF_BNET_ACCOUNT: { '0': 0, '1': 1, '2': 1, '3': 0 },
        });
        const ours = asOperator({ productIds: ['323002000'] });
        expect((await status({ middle: ours, store })).tables['IF_BNET_ACCOUNT']).toEqual({
          '0': 0,
          '1': 1,
          '2': 0,
          '3': 0,
        });
      });

      it('tells the age of the oldest pending row by the clock of the database', async () => {
        expect((await status({ middle, store })).oldestPendingSeconds).toBeNull();
        const now = Date.parse(`${(await middle.now()).replace(' ', 'T')}Z`);
        const ago = (seconds: number) =>
          new Date(now - seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', CreateDate: ago(-500) });
        expect((await status({ middle, store })).oldestPendingSeconds).toBe(0);
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', CreateDate: ago(9000), State: 2 });
        await plant(pair.middle, 'CUST', {
          ...open,
          StreamingNo: '3',
          CreateDate: ago(8000),
          ProductID: '8',
        });
        await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '4', CreateDate: ago(7000) });
        const ours = asOperator({ productIds: ['323002000'] });
        const age = (await status({ middle: ours, store })).oldestPendingSeconds ?? 0;
        expect(Math.abs(age - 7000)).toBeLessThan(60);
        expect(await middle.newestPending()).toBe(ago(-500));
      });

      it('shows workers with their shards, and tells those that fell silent', async () => {
        const { leases } = pair.openStore(5000);
        await leases.register({ workerId: 'w-1', host: 'app-1', pid: 1 }, { ...quickSettings, shards: 8 });
        await leases.renewAndAcquire();
        const [worker] = (await status({ middle, store })).workers;
        expect(worker).toMatchObject({
          workerId: 'w-1',
          host: 'app-1',
          alive: true,
          shards: [0, 1, 2, 3, 4, 5, 6, 7],
        });
        expect(new Date(worker!.heartbeatAt).toISOString()).toBe(worker!.heartbeatAt);
        await pair.store.execute({
          sql: `UPDATE sync_worker SET heartbeat_at = ${pair.store.dialect.nowPlus(-5001)}`,
          bindings: [],
        });
        expect((await status({ middle, store })).workers).toMatchObject([{ workerId: 'w-1', alive: false }]);
      });
    });

    describe('failed', () => {
      beforeEach(async () => {
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: longest, ...failure('00402 甲', at(1)) });
        await plant(pair.middle, 'CUST', {
          ...open,
          StreamingNo: '9',
          CustID: '7',
          ...failure('00403 乙', at(3)),
        });
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '10', State: 2, StateDate: at(9) });
        await plant(pair.middle, 'ACCOUNT', {
          ...bind,
          StreamingNo: '2',
          ProductID: '8',
          ...failure('00402 丙', at(2)),
        });
        await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '11', ...failure('00402 丁', at(3)) });
      });
      const listed = async (filter: RowFilter, { limit = 50, of = middle } = {}) =>
        (await findFailedRows(of, { filter, limit })).map(
          ({ table, streamingNo }) => `${table} ${streamingNo}`,
        );

      it('lists rows of both tables, those that failed last first', async () => {
        expect(await listed({})).toEqual([
          'IF_BNET_ACCOUNT 11',
          'IF_BNET_CUST 9',
          'IF_BNET_ACCOUNT 2',
          `IF_BNET_CUST ${longest}`,
        ]);
        expect(await listed({}, { limit: 2 })).toEqual(['IF_BNET_ACCOUNT 11', 'IF_BNET_CUST 9']);
      });

      it('filters by code, product, customer and time, alone and together', async () => {
        expect(await listed({ code: '00403' })).toEqual(['IF_BNET_CUST 9']);
        expect(await listed({ productId: '8' })).toEqual(['IF_BNET_ACCOUNT 2']);
        expect(await listed({ custId: '7' })).toEqual(['IF_BNET_CUST 9']);
        expect(await listed({ since: at(3) })).toEqual(['IF_BNET_ACCOUNT 11', 'IF_BNET_CUST 9']);
        expect(await listed({ since: '1m' })).toEqual([]);
        expect(await listed({ code: '00402', custId: '990947809', since: at(2) })).toEqual([
          'IF_BNET_ACCOUNT 11',
          'IF_BNET_ACCOUNT 2',
        ]);
      });

      it('does not know rows of other products', async () => {
        const ours = asOperator({ productIds: ['8'] });
        expect(await listed({}, { of: ours })).toEqual(['IF_BNET_ACCOUNT 2']);
        expect(await listed({ productId: '323002000' }, { of: ours })).toEqual([]);
      });
    });

    describe('requeue', () => {
      const attributesOf = (table: string) =>
        column(
          pair.middle,
          `SELECT ${sqlOf(pair.middle).numberText('State')} FROM ${table} ORDER BY StreamingNo`,
        );

      it('moves 3 to 0 without ErrContent, a later StateDate and its attribute rows, and nothing else', async () => {
        const ahead = later(await middle.now(), 43_200);
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', ...failure('00402', ahead) }, [
          ['1', '110', 'x'],
        ]);
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', State: 2, StateDate: at(1) }, [
          ['2', '110', 'x'],
        ]);
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '3', ...failure('00402', at(1)) }, [
          ['3', '110', 'x'],
        ]);
        await run('UPDATE IF_BNET_CUST_ATTR SET State = 9');
        const before = await standing(pair.middle);

        const keys = ['1', '2', '4'].map((streamingNo) => ({ source: 'CUST' as const, streamingNo }));
        expect(await middle.requeue(keys)).toEqual([{ source: 'CUST', streamingNo: '1' }]);

        const after = await standing(pair.middle);
        expect(after.get('CUST:1')).toMatchObject({
          state: 0,
          errContent: null,
          stateDate: ahead,
        });
        expect(after.get('CUST:2')).toEqual(before.get('CUST:2'));
        expect(after.get('CUST:3')).toEqual(before.get('CUST:3'));
        expect(await attributesOf('IF_BNET_CUST_ATTR')).toEqual(['0', '9', '9']);
        await middle.requeue([{ source: 'CUST', streamingNo: '3' }]);
        expect(
          (await standing(pair.middle)).get('CUST:3')!.stateDate! >= before.get('CUST:3')!.stateDate!,
        ).toBe(true);
      });

      it('dates a row by the clock whose StateDate is more than a day ahead', async () => {
        const far = failure('00402', '2099-01-01 00:00:00');
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', ...far });
        const before = await middle.now();
        await middle.requeue([{ source: 'CUST', streamingNo: '1' }]);
        const { state, stateDate } = (await standing(pair.middle)).get('CUST:1')!;
        expect(state).toBe(0);
        expect(stateDate! >= before && stateDate! <= (await middle.now()), stateDate!).toBe(true);
      });

      it('never touches rows of other products, nor attribute rows where they are not ours to mark', async () => {
        await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '1', ...failure('00402', at(1)) }, [
          ['1', '110', 'x'],
        ]);
        const key = { source: 'ACCOUNT' as const, streamingNo: '1' };
        expect(await asOperator({ productIds: ['8'] }).requeue([key])).toEqual([]);
        expect((await standing(pair.middle)).get('ACCOUNT:1')?.state).toBe(3);
        await run('UPDATE IF_BNET_ACCOUNT_ATTR SET State = 9');
        expect(await asOperator({ markAttributes: false }).requeue([key])).toEqual([key]);
        expect(await attributesOf('IF_BNET_ACCOUNT_ATTR')).toEqual(['9']);
      });

      it('lets a corrected row be applied, with the history of both attempts and a warning of what came between', async () => {
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', CustName: null });
        await work();
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', CreateDate: at(9) });
        await work();
        await run(
          `UPDATE IF_BNET_CUST SET CustName = '企业', OPFlag = '0102' WHERE ${sqlOf(pair.middle).numberText('StreamingNo')} = '1'`,
        );

        const key = { source: 'CUST' as const, streamingNo: '1' };
        const trial = await requeue({ middle, store }, actor, [key], { dryRun: true, reason: null });
        expect(trial.requeued).toMatchObject([
          { streamingNo: '1', appliedSince: [{ table: 'IF_BNET_CUST', streamingNo: '2', opFlag: '0101' }] },
        ]);
        expect(await statesOf(pair.middle)).toEqual({ 2: 1, 3: 1 });
        await requeue({ middle, store }, actor, [key], { dryRun: false, reason: null });
        await work();

        const { rows, journal } = await rowPage({ middle, store }, key);
        expect(rows).toMatchObject([{ state: 2, errContent: null, custName: '企业' }]);
        expect(journal.map(({ outcome, code, superseded }) => ({ outcome, code, superseded }))).toEqual([
          { outcome: 'applied', code: null, superseded: false },
          { outcome: 'failed', code: '00401', superseded: true },
        ]);
      });
    });

    it('a requeue warns of later rows that one batch applied with its failure, not of earlier ones', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '9', BizID: 'before', CreateDate: at(1) });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '10', CustName: null, CreateDate: at(2) });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '11', BizID: 'after', CreateDate: at(3) });
      await work();
      const trial = await requeue({ middle, store }, actor, [{ source: 'CUST', streamingNo: '10' }], {
        ...{ dryRun: true, reason: null },
      });
      expect(trial.requeued[0]?.appliedSince.map(({ streamingNo }) => streamingNo)).toEqual(['11']);
    });

    describe('show', () => {
      it('reads a row of 30 digits with its attributes in order', async () => {
        const attributes = [
          ['12', '11002009001000000000', '乙'],
          ['9', '11002009001000000000', '甲'],
        ] as const;
        await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: longest, Remark: '备注' }, attributes);
        const report = await rowPage({ middle, store }, { source: 'ACCOUNT', streamingNo: longest });
        expect(report).toMatchObject({
          table: 'IF_BNET_ACCOUNT',
          streamingNo: longest,
          rows: [{ streamingNo: longest, accType: '1', accName: '张三', remark: '备注', state: 0 }],
          journal: [],
        });
        expect(report.rows[0]?.attributes.map(({ attrId, attrValue }) => [attrId, attrValue])).toEqual([
          ['9', '甲'],
          ['12', '乙'],
        ]);
      });
    });
  });
}
