import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { State } from '../../src/domain/states.js';
import { TablesExistError } from '../../src/middle/init-files.js';
import { initMiddle } from '../../src/middle/knex/init.js';
import { KnexMiddleDatabase } from '../../src/middle/knex/middle-database.js';
import { pgMiddle } from '../../src/middle/knex/postgresql.js';
import { pollStatement } from '../../src/middle/knex/poll.js';
import { sqliteMiddle } from '../../src/middle/knex/sqlite.js';
import { nothingPaused, type PollRequest } from '../../src/middle/port.js';
import { column, openPair, plant, standing, statesOf, type KnexPair } from '../support/databases.js';
import { operationsOn } from '../support/operators.js';
import { hasPostgres } from '../support/postgres.js';
import { statementsIn } from '../support/sql-files.js';
import { drain } from '../support/workers.js';
import { bind as bindOfProduct, open as openOfProduct } from '../support/sample-rows.js';

const product = { ProductID: '323002000', BizID: '40825826451003', CustID: '200003' };
const open = { ...openOfProduct, ...product, AreaCode: '020' };
const bind = { ...bindOfProduct, ...product };
const failed = { State: 3, ErrContent: '00402 业务数据内容不存在', StateDate: '2026-11-01 09:00:00' };
const allRows: PollRequest = {
  limit: 500,
  settleMs: 2000,
  shards: { count: 64, held: 'all' },
  paused: nothingPaused,
  excluded: [],
  waits: [],
};

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(kind === 'SQLite' || hasPostgres)(`SQL files for ${kind}`, () => {
    const folder = kind === 'SQLite' ? 'sqlite' : 'postgresql';
    let pair: KnexPair;
    beforeEach(async () => {
      pair = await openPair(kind);
    });
    afterEach(() => pair.close());
    const run = (sql: string) => pair.middle.execute({ sql, bindings: [] });

    it('create tables in which nothing but the keys must be given', async () => {
      await plant(pair.middle, 'CUST', { StreamingNo: '1', CreateDate: null, State: null });
      await plant(pair.middle, 'ACCOUNT', { StreamingNo: '1', CreateDate: null, State: null }, [
        ['1', null, null],
      ]);
      await expect(plant(pair.middle, 'CUST', { StreamingNo: '1' })).rejects.toMatchObject({
        kind: 'constraint',
      });
    });

    it('are not run over tables that exist: nothing is created, and those in the way are named', async () => {
      await run('DROP TABLE IF_BNET_CUST');
      const again = initMiddle(pair.middle);
      await expect(again).rejects.toThrow(TablesExistError);
      await expect(again).rejects.toThrow(/: IF_BNET_ACCOUNT, IF_BNET_ACCOUNT_ATTR, IF_BNET_CUST_ATTR$/);
      await expect(run('SELECT 1 FROM IF_BNET_CUST')).rejects.toMatchObject({ kind: 'schema' });
    });

    it('hold queries for a DBA, each with a comment, of which all but the last only read', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1141', ...failed }, [['1', '110', 'x']]);
      await plant(pair.middle, 'CUST', {
        ...open,
        StreamingNo: '1142',
        State: 1,
        StateDate: '2026-11-01 09:00:00',
      });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '9', CreateDate: null }, [
        ['1', '110', 'y'],
      ]);
      const statements = await statementsIn(`${folder}/queries.sql`);
      const before = await standing(pair.middle);
      const answers: number[] = [];
      for (const { comment, sql } of statements.filter((statement) => statement.sql.startsWith('SELECT'))) {
        expect(comment).not.toBe('');
        answers.push((await run(sql)).rows.length);
      }
      expect(await standing(pair.middle)).toEqual(before);
      // Failed, by code, in flight, pending, shared and missing StreamingNos, all of the customer.
      expect(answers).toEqual([1, 1, 1, 1, 0, 0, 3]);
    });

    it('hold the statement that puts one failed row back, guarded, with its attribute rows', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1141', ...failed }, [['1', '110', 'x']]);
      await run('UPDATE IF_BNET_CUST_ATTR SET State = 3');
      const statements = await statementsIn(`${folder}/queries.sql`);
      const putBack = statements.slice(
        statements.findIndex(({ comment }) => comment.includes('Put one failed row back')),
      );
      const runAll = () =>
        pair.middle.transaction(async (transaction) => {
          for (const { sql } of putBack) {
            if (!/^(BEGIN|COMMIT)/.test(sql)) await transaction.execute({ sql, bindings: [] });
          }
        });
      await runAll();
      const moved = (await standing(pair.middle)).get('CUST:1141');
      expect(moved).toMatchObject({ state: State.Initial, errContent: null });
      expect((await column(pair.middle, 'SELECT State FROM IF_BNET_CUST_ATTR')).map(Number)).toEqual([0]);

      await run(`UPDATE IF_BNET_CUST SET State = 2`);
      await run('UPDATE IF_BNET_CUST_ATTR SET State = 2');
      await runAll();
      expect(await statesOf(pair.middle)).toEqual({ 2: 1 });
      expect((await column(pair.middle, 'SELECT State FROM IF_BNET_CUST_ATTR')).map(Number)).toEqual([2]);
    });
  });
}

describe('the index of the poll on SQLite', () => {
  it('gives every branch its order: only the merged page is sorted, and once more when it is read', async () => {
    const pair = await openPair('SQLite');
    const tables = {
      dialect: sqliteMiddle,
      schema: undefined,
      productIds: [],
      markAttributes: true,
      maxAttributes: 10_000,
    };
    const { sql, bindings } = pollStatement(tables, allRows);
    const explained = await pair.middle.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, bindings });
    const plan = explained.rows.map((row) => String(row['detail']));
    await pair.close();
    expect(plan.filter((step) => step.includes('USING INDEX'))).toHaveLength(4);
    const sorts = plan.flatMap((step, index) => (step.includes('USE TEMP B-TREE') ? [index] : []));
    expect(sorts).toHaveLength(2);
    expect(plan.indexOf('SCAN branches')).toBeLessThan(sorts[0]!);
  });
});

describe.runIf(hasPostgres)('the index of the poll on PostgreSQL', () => {
  it('gives every branch its order at 100,000 rows: only the merged page is sorted, and once more when it is read', async () => {
    const pair = await openPair('PostgreSQL');
    const fill = (table: string, user: string, userValue: string) => `
      INSERT INTO ${table} (StreamingNo, ProductID, BizID, CustID, OPFlag, CreateDate, State, StateDate${user})
      SELECT n, 323002000, 'B' || n, n % 5000, '0101', localtimestamp - n * interval '1 second',
             CASE WHEN n % 10 = 0 THEN 0 WHEN n % 1000 = 1 THEN 1 WHEN n % 50 = 2 THEN 3 ELSE 2 END, localtimestamp${userValue}
      FROM generate_series(1, 50000) AS n`;
    const run = (sql: string) => pair.middle.execute({ sql, bindings: [] });
    await run(fill('IF_BNET_CUST', '', ''));
    await run(fill('IF_BNET_ACCOUNT', ', UserID', `, 'u' || n`));
    await run('ANALYZE');
    const tables = {
      dialect: pgMiddle,
      schema: undefined,
      productIds: [],
      markAttributes: true,
      maxAttributes: 10_000,
    };
    const { sql, bindings } = pollStatement(tables, allRows);
    const explained = await pair.middle.execute({ sql: `EXPLAIN ${sql}`, bindings });
    const plan = explained.rows.map((row) => String(row['QUERY PLAN']));
    await pair.close();
    expect(plan.filter((step) => step.includes('Index Scan using if_bnet_'))).toHaveLength(4);
    const sorts = plan.flatMap((step, index) => (/\bSort\b(?! Key)/.test(step) ? [index] : []));
    expect(sorts).toHaveLength(2);
    expect(plan.findIndex((step) => step.includes('Subquery Scan on branches'))).toBeGreaterThan(sorts[1]!);
  });
});

describe.runIf(hasPostgres)('the grants for PostgreSQL', () => {
  const role = `bnet_sync_${randomBytes(4).toString('hex')}`;
  const granted: Database[] = [];
  let pair: KnexPair;
  let worker: Database;

  const asOwner = (sql: string) => pair.middle.execute({ sql, bindings: [] });
  beforeEach(async () => {
    pair = await openPair('PostgreSQL');
    for (const { sql } of await statementsIn('postgresql/grants.sql'))
      await asOwner(sql.replaceAll('bnet_sync', role));
    await asOwner(`ALTER ROLE ${role} PASSWORD 'secret'`);
    worker = openAsWorker();
  });
  afterEach(async () => {
    await Promise.all(granted.splice(0).map((database) => database.close()));
    await asOwner(`DROP OWNED BY ${role}`);
    await asOwner(`DROP ROLE ${role}`);
    await pair.close();
  });
  const openAsWorker = (): Database => {
    const database = new Database({
      client: 'pg',
      connection: { ...pair.connections.middle.connection, user: role, password: 'secret' },
      applicationName: 'bnet-sync test',
      maxConnections: 2,
      callTimeoutMs: 5000,
      serverTimeoutMs: 4000,
    });
    granted.push(database);
    return database;
  };
  const tables = {
    dialect: pgMiddle,
    schema: undefined,
    productIds: [],
    markAttributes: true,
    maxAttributes: 10_000,
  };

  it('are enough for a worker and for operators', async () => {
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' }, [['1', '110', 'x']]);
    await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '2', AccType: '3' }, [['1', '110', 'x']]);
    await drain({ middle: new KnexMiddleDatabase(openAsWorker(), tables), store: pair.openStore() });
    expect(await statesOf(pair.middle)).toEqual({ 2: 1, 3: 1 });
    const operations = operationsOn(worker);
    expect(await operations.missingPrivileges()).toEqual([]);
    expect(await operations.requeue([{ source: 'ACCOUNT', streamingNo: '2' }])).toHaveLength(1);
    expect(await operations.columns()).toHaveLength(13 + 8 + 14 + 8);
    expect((await operations.indexes()).length).toBeGreaterThan(0);
  });

  it.each([
    ['insert', `INSERT INTO IF_BNET_CUST (StreamingNo) VALUES (1)`],
    ['delete', 'DELETE FROM IF_BNET_CUST'],
    ['truncate', 'TRUNCATE IF_BNET_CUST'],
    ['update of another column', 'UPDATE IF_BNET_CUST SET Remark = NULL'],
    ['update of an attribute value', 'UPDATE IF_BNET_CUST_ATTR SET AttrValue = NULL'],
    ['index', 'CREATE INDEX mine ON IF_BNET_CUST (BizID)'],
    ['table', 'CREATE TABLE mine (id int)'],
  ])('allow no %s', async (_, sql) => {
    await expect(worker.execute({ sql, bindings: [] })).rejects.toMatchObject({
      kind: 'schema',
      code: '42501',
    });
  });

  it('that are missing are found one by one, and the others are not named', async () => {
    await asOwner(`REVOKE UPDATE (ErrContent) ON IF_BNET_CUST FROM ${role}`);
    await asOwner(`REVOKE ALL ON IF_BNET_ACCOUNT_ATTR FROM ${role}`);
    const missing = async (markAttributes: boolean) =>
      (await operationsOn(worker, { markAttributes }).missingPrivileges()).map(({ privilege }) => privilege);
    expect(await missing(true)).toEqual([
      'UPDATE (ErrContent) ON IF_BNET_CUST',
      'SELECT ON IF_BNET_ACCOUNT_ATTR',
      'UPDATE (State) ON IF_BNET_ACCOUNT_ATTR',
      'UPDATE (StateDate) ON IF_BNET_ACCOUNT_ATTR',
    ]);
    expect(await missing(false)).toEqual([
      'UPDATE (ErrContent) ON IF_BNET_CUST',
      'SELECT ON IF_BNET_ACCOUNT_ATTR',
    ]);
  });
});

describe.runIf(hasPostgres)('tables in a schema of PostgreSQL', () => {
  it('are created and looked at there, whatever the case of its name', async () => {
    const pair = await openPair('PostgreSQL');
    const none = initMiddle(pair.middle, 'ISMP');
    await expect(none).rejects.toThrow('there is no schema "ISMP"');
    await pair.middle.execute({ sql: 'CREATE SCHEMA "ISMP"', bindings: [] });
    expect(await initMiddle(pair.middle, 'ISMP')).toHaveLength(4);
    await expect(initMiddle(pair.middle, 'ISMP')).rejects.toThrow(TablesExistError);
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
    const there = operationsOn(pair.middle, { schema: 'ISMP' });
    expect((await there.queries.countCapped(10)).CUST).toEqual({
      '0': 0,
      '1': 0,
      '2': 0,
      '3': 0,
      stopped: [],
    });
    expect(await there.columns()).toHaveLength(13 + 8 + 14 + 8);
    expect((await there.indexes()).map(({ columns }) => columns.join(', '))).toContain(
      'state, createdate nulls first, streamingno',
    );
    expect(await there.missingPrivileges()).toEqual([]);
    await pair.close();
  });
});
