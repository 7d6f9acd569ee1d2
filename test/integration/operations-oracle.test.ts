import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OracleDatabase, type OracleTransaction } from '../../src/middle/oracle/database.js';
import { OracleMiddleAdmin } from '../../src/middle/oracle/middle-admin.js';
import { preview } from '../../src/operator/preview.js';
import { requeue } from '../../src/operator/requeue.js';
import { rowPage } from '../../src/operator/row-page.js';
import { status } from '../../src/operator/status.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { previewSettings } from '../support/builders.js';
import { column, openOraclePair, plant, standing, statesOf, type OraclePair } from '../support/databases.js';
import { hasOracle, type OracleConnection } from '../support/test-oracle.js';
import { openOptions } from '../support/middle-databases.js';
import { drain } from '../support/workers.js';
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

/** Counts what it is asked to execute, with the texts of queries. */
class CountingOracle extends OracleDatabase {
  readonly texts: string[] = [];

  constructor(connection: OracleConnection) {
    super({ name: 'middle database', connection: { ...connection }, ...openOptions });
  }

  override query(...[query]: Parameters<OracleDatabase['query']>) {
    this.texts.push(query.sql);
    return super.query(query);
  }

  override transaction<T>(work: (transaction: OracleTransaction) => Promise<T>): Promise<T> {
    return super.transaction((transaction) =>
      work({
        ...transaction,
        query: (query) => {
          this.texts.push(query.sql);
          return transaction.query(query);
        },
        execute: (batch, options) => {
          this.texts.push(batch.sql);
          return transaction.execute(batch, options);
        },
      }),
    );
  }
}

describe.runIf(hasOracle)('operations on Oracle', () => {
  let pair: OraclePair;
  let database: CountingOracle;
  let middle: OracleMiddleAdmin;
  let store: KnexStoreAdmin;
  beforeEach(async () => {
    pair = await openOraclePair();
    database = new CountingOracle(pair.oracle.connection);
    middle = operations({});
    store = new KnexStoreAdmin(pair.store);
  });
  afterEach(async () => {
    await database.close();
    await pair.close();
  });
  const operations = ({
    productIds = [],
    markAttributes = true,
  }: {
    productIds?: readonly string[];
    markAttributes?: boolean;
  }) =>
    new OracleMiddleAdmin(database, {
      schema: undefined,
      productIds,
      markAttributes,
      maxAttributes: 10_000,
    });
  const work = () => drain({ middle: pair.openMiddle(), store: pair.openStore() });
  const run = (sql: string) => pair.middle.execute({ sql, bindings: [] });
  /** How many statements a call takes. */
  const statementsOf = async (call: () => Promise<unknown>): Promise<number> => {
    const before = database.texts.length;
    await call();
    return database.texts.length - before;
  };

  it('count rows by table and State, of our products only, in one statement', async () => {
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', State: 3 });
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '3', State: 9 });
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '6', State: null });
    await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '4', State: 1 });
    await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '5', ProductID: '8', State: 2 });
    expect((await status({ middle, store })).tables).toEqual({
      IF_BNET_CUST: { '0': 1, '1': 0, '2': 0, '3': 1, other: 2 },
      IF_BNET_ACCOUNT: { '0': 0, '1': 1, '2': 1, '3': 0 },
    });
    const ours = operations({ productIds: ['323002000', '7'] });
    expect((await ours.queries.countCapped(10)).ACCOUNT).toMatchObject({ '0': 0, '1': 1, '2': 0, '3': 0 });
    expect(await statementsOf(() => middle.queries.countCapped(10))).toBe(1);
  });

  it('tell the age of the oldest pending row and the newest CreateDate, by the clock of the database', async () => {
    expect(await middle.oldestPendingSeconds()).toBeNull();
    expect(await middle.newestPending()).toBeNull();
    const now = Date.parse(`${(await middle.now()).replace(' ', 'T')}Z`);
    const ago = (seconds: number) =>
      new Date(now - seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '0', CreateDate: null });
    expect(await middle.oldestPendingSeconds()).toBeNull();
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', CreateDate: ago(-500) });
    expect(await middle.oldestPendingSeconds()).toBe(0);
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', CreateDate: ago(9000), State: 2 });
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '3', CreateDate: ago(8000), ProductID: '8' });
    await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '4', CreateDate: ago(7000) });
    const ours = operations({ productIds: ['323002000'] });
    expect(Math.abs(((await ours.oldestPendingSeconds()) ?? 0) - 7000)).toBeLessThan(60);
    expect(await middle.newestPending()).toBe(ago(-500));
    expect(await statementsOf(() => middle.oldestPendingSeconds())).toBe(1);
    expect(await statementsOf(() => middle.newestPending())).toBe(1);
  });

  describe('of one row', () => {
    it('read 30 digits and attributes in order', async () => {
      const spec = '11002009001000000000';
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: longest, Remark: '备注' }, [
        ['12', spec, '乙'],
        ['9', spec, '甲'],
      ]);
      const report = await rowPage({ middle, store }, { source: 'ACCOUNT', streamingNo: longest });
      expect(report).toMatchObject({
        rows: [{ streamingNo: longest, accType: '1', accName: '张三', remark: '备注', state: 0 }],
        journal: [],
      });
      expect(report.rows[0]?.attributes).toEqual([
        { attrId: '9', attrSpecId: spec, attrValue: '甲' },
        { attrId: '12', attrSpecId: spec, attrValue: '乙' },
      ]);
      expect(await middle.find([{ source: 'CUST', streamingNo: longest }])).toEqual([]);
      expect(await statementsOf(() => middle.find([{ source: 'CUST', streamingNo: '1' }]))).toBe(2);
    });

    it('read every row of a key that stands more than once, and name such keys', async () => {
      await pair.oracle.dropKeys();
      for (const no of ['7', '7', '8', null])
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: no, CustName: '孪生' });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: null, State: 2 });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '7' });
      const key = { source: 'CUST' as const, streamingNo: '7' };
      expect((await middle.find([key])).map(({ streamingNo }) => streamingNo)).toEqual(['7', '7']);
      expect(await middle.duplicates(10)).toEqual([{ ...key, count: 2 }]);
      expect(await operations({ productIds: ['8'] }).duplicates(10)).toEqual([]);
      expect(await middle.withoutStreamingNo()).toEqual({ CUST: 1, ACCOUNT: 0 });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '7' });
      expect(await middle.duplicates(10)).toHaveLength(2);
      expect(await middle.duplicates(1)).toHaveLength(1);
      expect(await statementsOf(() => middle.duplicates(10))).toBe(1);
      expect(await statementsOf(() => middle.withoutStreamingNo())).toBe(1);
      const duplicates = await requeue({ middle, store }, actor, [key], { dryRun: false, reason: null });
      expect(duplicates.notRequeued).toMatchObject([{ reason: 'several rows' }]);
    });
  });

  describe('that requeue', () => {
    const attributeStates = (table: string) =>
      column(pair.middle, `SELECT TO_CHAR(State) FROM ${table} ORDER BY StreamingNo`);

    it('move 3 to 0 without ErrContent, with a later StateDate and its attribute rows, and nothing else', async () => {
      const ahead = later(await middle.now(), 43_200);
      const attribute = (id: string) => [[id, '110', 'x']] as const;
      await plant(
        pair.middle,
        'CUST',
        { ...open, StreamingNo: '1', ...failure('00402', ahead) },
        attribute('1'),
      );
      await plant(
        pair.middle,
        'CUST',
        { ...open, StreamingNo: '2', State: 2, StateDate: at(1) },
        attribute('2'),
      );
      await plant(
        pair.middle,
        'CUST',
        { ...open, StreamingNo: '3', ...failure('00402', at(1)) },
        attribute('3'),
      );
      await run('UPDATE IF_BNET_CUST_ATTR SET State = 9');
      const before = await standing(pair.middle);

      const keys = ['1', '2', '4', '1'].map((streamingNo) => ({ source: 'CUST' as const, streamingNo }));
      expect(await middle.requeue(keys)).toEqual([{ source: 'CUST', streamingNo: '1' }]);

      const after = await standing(pair.middle);
      expect(after.get('CUST:1')).toMatchObject({ state: 0, errContent: null, stateDate: ahead });
      expect(after.get('CUST:2')).toEqual(before.get('CUST:2'));
      expect(after.get('CUST:3')).toEqual(before.get('CUST:3'));
      expect(await attributeStates('IF_BNET_CUST_ATTR')).toEqual(['0', '9', '9']);
      await middle.requeue([{ source: 'CUST', streamingNo: '3' }]);
      const third = (await standing(pair.middle)).get('CUST:3');
      expect(third!.stateDate! > before.get('CUST:3')!.stateDate!).toBe(true);
      expect(await attributeStates('IF_BNET_CUST_ATTR')).toEqual(['0', '9', '0']);
    });

    it('never touch rows of other products, nor attribute rows that are not ours to mark', async () => {
      const row = { ...bind, StreamingNo: '1', ...failure('00402', at(1)) };
      await plant(pair.middle, 'ACCOUNT', row, [['1', '110', 'x']]);
      const key = { source: 'ACCOUNT' as const, streamingNo: '1' };
      expect(await operations({ productIds: ['8'] }).requeue([key])).toEqual([]);
      expect((await standing(pair.middle)).get('ACCOUNT:1')?.state).toBe(3);
      await run('UPDATE IF_BNET_ACCOUNT_ATTR SET State = 9');
      expect(await operations({ markAttributes: false }).requeue([key])).toEqual([key]);
      expect(await attributeStates('IF_BNET_ACCOUNT_ATTR')).toEqual(['9']);
    });

    it('let a corrected row be applied, with the history of both attempts', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', CustName: null });
      await work();
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', CreateDate: at(9) });
      await work();
      await run(`UPDATE IF_BNET_CUST SET CustName = '企业', OPFlag = '0102' WHERE StreamingNo = 1`);

      const key = { source: 'CUST' as const, streamingNo: '1' };
      const trial = await requeue({ middle, store }, actor, [key], { dryRun: true, reason: null });
      expect(trial.requeued).toMatchObject([{ streamingNo: '1', appliedSince: [{ streamingNo: '2' }] }]);
      expect(await statesOf(pair.middle)).toEqual({ 2: 1, 3: 1 });
      await requeue({ middle, store }, actor, [key], { dryRun: false, reason: null });
      await work();

      const { rows, journal } = await rowPage({ middle, store }, key);
      expect(rows).toMatchObject([{ state: 2, errContent: null, custName: '企业' }]);
      expect(journal.map(({ outcome, code }) => [outcome, code])).toEqual([
        ['applied', null],
        ['failed', '00401'],
      ]);
    });
  });

  it('foretell what a worker then does, and change nothing', async () => {
    await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '1', CreateDate: null });
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', CreateDate: at(1) }, [['1', '110', 'x']]);
    await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '3', CreateDate: at(2) });
    const unknown = { ...bind, StreamingNo: '4', CreateDate: at(3), AccType: '3', UserID: 'b' };
    await plant(pair.middle, 'ACCOUNT', unknown);
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: longest, CustID: longest, CreateDate: at(4) });
    const before = await standing(pair.middle);
    const rows = await preview({ poller: pair.openMiddle(), middle, store }, previewSettings);
    expect(await standing(pair.middle)).toEqual(before);

    await work();
    const after = await standing(pair.middle);
    expect(rows).toHaveLength(5);
    for (const { table, streamingNo, outcome, errContent } of rows) {
      const row = after.get(`${table.replace('IF_BNET_', '')}:${streamingNo}`);
      const [state, text] = [outcome === 'applied' ? 2 : 3, errContent];
      expect({ streamingNo, state, errContent: text }).toEqual({
        streamingNo,
        state: row?.state,
        errContent: row?.errContent,
      });
    }
    expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['applied', 'failed']));
  });

  it('find no fault with the tables, the indexes and the privileges', async () => {
    expect(await middle.columns()).toHaveLength(13 + 8 + 14 + 8);
    expect((await middle.indexes()).map(({ table, columns }) => `${table} (${columns.join(', ')})`)).toEqual(
      expect.arrayContaining([
        'IF_BNET_CUST (state, createdate, streamingno)',
        'IF_BNET_ACCOUNT (state, createdate, streamingno)',
        'IF_BNET_CUST_ATTR (streamingno)',
        'IF_BNET_ACCOUNT_ATTR (streamingno)',
      ]),
    );
    expect(await middle.missingPrivileges()).toEqual([]);
    const { user, version, schemas } = await middle.server();
    expect(user).toBe(pair.oracle.connection.user.toUpperCase());
    expect(Number.parseInt(version)).toBeGreaterThanOrEqual(12);
    expect(schemas).not.toEqual([]);
  });
});
