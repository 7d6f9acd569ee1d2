import { afterEach, describe, expect, it } from 'vitest';
import { column, openOraclePair, plant, standing, statesOf, type OraclePair } from '../support/databases.js';
import { hasOracle, isRealOracle, PlainOracle } from '../support/test-oracle.js';
import { drain, testWorker, toldOnce, until } from '../support/workers.js';
import { bind, open } from '../support/sample-rows.js';

const attributeTables = ['IF_BNET_CUST_ATTR', 'IF_BNET_ACCOUNT_ATTR'];

/** A real Oracle is entered as the owner of the tables, whom no grant limits. */
describe.runIf(hasOracle && !isRealOracle)('least privilege on Oracle', () => {
  let pair: OraclePair;
  afterEach(() => pair.close());
  const parts = () => ({ middle: pair.openMiddle(), store: pair.openStore() });
  const asOwner = (sql: string) => pair.middle.execute({ sql, bindings: [] });
  const statesIn = async (table: string) =>
    (await column(pair.middle, `SELECT DISTINCT State FROM ${table} ORDER BY State`)).map(Number);

  /** 20 customers with a user each, with attributes, and a row to refuse. */
  async function plantRows(): Promise<void> {
    for (let n = 1; n <= 20; n += 1) {
      const key = { CustID: String(n), StreamingNo: String(n) };
      await plant(pair.middle, 'CUST', { ...open, ...key }, [[`${n}`, '11002001000000000000', 'x']]);
      await plant(pair.middle, 'ACCOUNT', { ...bind, ...key }, [[`${n}`, '11002001000000000000', 'x']]);
    }
    await plant(pair.middle, 'CUST', { ...open, CustID: '99', CustName: null, StreamingNo: '51' });
  }

  it('the whole worker passes with the grants of the specification, which allow no more', async () => {
    pair = await openOraclePair();
    await plantRows();
    await drain(parts());
    expect(await statesOf(pair.middle)).toEqual({ 2: 40, 3: 1 });
    for (const table of attributeTables) expect(await statesIn(table)).toEqual([2]);
    const worker = new PlainOracle(pair.oracle.connection);
    const update = { sql: `UPDATE IF_BNET_CUST SET Remark = 'x'`, bindings: [] };
    await expect(worker.execute(update)).rejects.toMatchObject({ code: 'ORA-01031' });
    await worker.close();
  });

  it('without UPDATE on the attribute tables everything but their State is done when markAttributes is false', async () => {
    pair = await openOraclePair();
    for (const table of attributeTables) await asOwner(`REVOKE UPDATE ON ${table} FROM BNET_SYNC`);
    await plantRows();
    await drain({ ...parts(), middle: pair.openMiddle({ markAttributes: false }) });
    expect(await statesOf(pair.middle)).toEqual({ 2: 40, 3: 1 });
    for (const table of attributeTables) expect(await statesIn(table)).toEqual([0]);
    expect((await column(pair.store, 'SELECT count(*) FROM bnet_customer_attr')).map(Number)).toEqual([20]);
  });

  it('without UPDATE on the attribute tables a claim is undone whole, and the worker says what is missing', async () => {
    pair = await openOraclePair();
    for (const table of attributeTables) await asOwner(`REVOKE UPDATE ON ${table} FROM BNET_SYNC`);
    await plantRows();
    await expect(drain(parts())).rejects.toThrow(/ORA-01031/);
    expect(await statesOf(pair.middle)).toEqual({ 0: 41 });
  });

  it.each([
    ['only select', 'select'],
    ['only read, which allows no lock', 'read'],
  ] as const)(
    'a user who may %s changes nothing and fails nothing, says what is missing, and works once it is granted',
    async (_what, grants) => {
      pair = await openOraclePair({ grants });
      await plantRows();
      const before = await standing(pair.middle);
      const { worker, told } = testWorker(parts());
      const running = worker.run();
      expect((await toldOnce(worker, 'breakerOpened')).error).toContain('ORA-01031');
      await toldOnce(worker, 'breakerOpened');
      expect(await standing(pair.middle)).toEqual(before);
      expect((await column(pair.store, 'SELECT count(*) FROM sync_journal')).map(Number)).toEqual([0]);
      for (const table of ['IF_BNET_CUST', 'IF_BNET_ACCOUNT'])
        await asOwner(`GRANT SELECT, UPDATE (State, ErrContent, StateDate) ON ${table} TO BNET_SYNC`);
      for (const table of attributeTables)
        await asOwner(`GRANT SELECT, UPDATE (State, StateDate) ON ${table} TO BNET_SYNC`);
      await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 40);
      worker.stop();
      await running;
      expect(await statesOf(pair.middle)).toEqual({ 2: 40, 3: 1 });
      const blaming = ['rowErrored', 'outage', 'rowsDeferred', 'rowsLocked'];
      expect(told.filter(({ name }) => blaming.includes(name))).toEqual([]);
    },
  );

  it('a user who was granted nothing finds no tables, and fails nothing', async () => {
    pair = await openOraclePair({ grants: 'none' });
    await plantRows();
    await expect(drain(parts())).rejects.toThrow(/ORA-00942/);
    expect(await statesOf(pair.middle)).toEqual({ 0: 41 });
  });
});
