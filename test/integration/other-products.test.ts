import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { productIndexFindings } from '../../src/operator/doctor/indexes.js';
import { KnexMiddleDatabase } from '../../src/middle/knex/middle-database.js';
import { pgMiddle } from '../../src/middle/knex/postgresql.js';
import { nothingPaused } from '../../src/middle/port.js';
import { isAvailable, openPair, pairKinds, plant, type KnexPair, type Pair } from '../support/databases.js';
import { operatorsOf } from '../support/operators.js';
import { hasPostgres } from '../support/postgres.js';
import { MeasuredDatabase } from '../support/rows-read.js';
import { drain } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

const open = { BizID: 'b1', OPFlag: '0101', CustAccount: 'a', CustName: '企业' };
const request = {
  ...{ limit: 100, settleMs: 0, excluded: [], waits: [], paused: nothingPaused },
  shards: { count: 1, held: 'all' },
} as const;
const others = 20_000;
const kinds = { SQLite: 'sqlite', PostgreSQL: 'postgresql', Oracle: 'oracle' } as const;

describe.runIf(hasPostgres)(
  'rows of other products in front of ours, on PostgreSQL',
  { timeout: scaled(90_000) },
  () => {
    let pair: KnexPair;
    let measured: MeasuredDatabase;
    const run = (sql: string) => pair.middle.execute({ sql, bindings: [] });
    beforeEach(async () => {
      pair = await openPair('PostgreSQL');
      await run(`INSERT INTO IF_BNET_CUST (StreamingNo, ProductID, CustID, OPFlag, CreateDate, State)
      SELECT n, 900 + n % 7, n, '0101', timestamp '2026-11-01' + n * interval '1 second', 0 FROM generate_series(1, ${others}) AS n`);
      await run(`INSERT INTO IF_BNET_CUST (StreamingNo, ProductID, CustID, OPFlag, CreateDate, State)
      SELECT ${others} + n, 42 + n % 3, n, '0101', timestamp '2026-11-20' + n * interval '1 second', 0 FROM generate_series(1, 9) AS n`);
      measured = new MeasuredDatabase({
        ...{ name: 'middle database', client: 'pg', connection: pair.connections.middle.connection },
        ...{ maxConnections: 1, callTimeoutMs: 30_000, serverTimeoutMs: 30_000, applicationName: 'test' },
        ...{ byKey: true, takesTurns: false },
      });
    });
    afterEach(async () => {
      await measured.close();
      await pair.close();
    });

    it.each([
      ['one product', ['42'], 3],
      ['several products', ['42', '43', '44'], 9],
      ['a product without open rows', ['7'], 0],
    ])(
      'are not read by a poll for %s with the index that the doctor advises',
      async (_, productIds, pending) => {
        const { middle: operators } = operatorsOf(pair, { productIds });
        const findings = async () =>
          productIndexFindings({ kind: 'postgresql' }, await operators.indexes(), {
            productIds,
            others: await operators.othersInFront(100_000),
            counted: 100_000,
          });
        const tables = {
          dialect: pgMiddle,
          schema: undefined,
          productIds,
          markAttributes: true,
          maxAttributes: 10,
        };
        const middle = new KnexMiddleDatabase(measured, tables);
        const readBy = async (): Promise<number> => {
          expect((await middle.poll(request)).rows).toHaveLength(pending);
          return measured.costs.at(-1)!.rowsRead;
        };
        expect(await readBy()).toBeGreaterThan(others);
        const [finding] = await findings();
        expect(finding).toMatchObject({ area: 'indexes', level: 'warning' });
        expect(finding?.finding).toContain(`${others + 9 - pending} rows of other products`);
        await run(finding!.whatToDo!.replace(' CONCURRENTLY', ''));
        expect(await readBy()).toBeLessThan(100);
        expect(await findings()).toMatchObject([{ level: 'ok' }]);
      },
    );
  },
);

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`rows of other products on ${kind}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await openPair(kind);
      for (let n = 1; n <= 4; n += 1)
        await plant(pair.middle, 'CUST', {
          ...open,
          StreamingNo: String(n),
          CustID: String(n),
          ProductID: n < 4 ? '9' : '42',
        });
    });
    afterEach(() => pair.close());

    it('are counted in front of ours, up to a limit', async () => {
      const { middle } = operatorsOf(pair, { productIds: ['42'] });
      expect(await middle.othersInFront(100)).toEqual({ CUST: 3, ACCOUNT: 0 });
      expect(await middle.othersInFront(2)).toEqual({ CUST: 2, ACCOUNT: 0 });
    });

    it('are left out by the index that the doctor advises, and ours are applied', async () => {
      const productIds = ['42'];
      const { middle } = operatorsOf(pair, { productIds });
      const found = (): Promise<ReturnType<typeof productIndexFindings>> =>
        middle.indexes().then((indexes) =>
          productIndexFindings({ kind: kinds[kind] }, indexes, {
            productIds,
            others: { CUST: 1000, ACCOUNT: 0 },
            counted: 1000,
          }),
        );
      const [finding] = await found();
      expect(finding?.finding).toContain('1000 or more rows of other products');
      const sql = finding!.whatToDo!.replace(' CONCURRENTLY', '').replace(/ ONLINE .*;|;$/, '');
      await pair.middle.execute({ sql, bindings: [] });
      expect(await found()).toMatchObject([{ level: 'ok' }]);
      await drain({ middle: pair.openMiddle({ productIds }), store: pair.openStore() });
      const { CUST } = await operatorsOf(pair).middle.queries.countCapped(10_000);
      expect(CUST).toMatchObject({ '0': 3, '1': 0, '2': 1, '3': 0 });
    });
  });
}
