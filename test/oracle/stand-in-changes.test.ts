import oracledb from 'oracledb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CreatedOracle, createOracle } from '../support/oracle/create-oracle.js';
import { connectAsOwner, connectAsWorker, failureOf, rowsOf, valueOf } from '../support/oracle/driver.js';
import { hasPostgres } from '../support/postgres.js';
import { scaled } from '../support/time-factor.js';

const INSERT = 'INSERT INTO IF_BNET_CUST (StreamingNo, State) VALUES (:1, :2)';
const CLAIM = 'UPDATE IF_BNET_CUST SET State = 1, StateDate = SYSDATE WHERE StreamingNo = :1 AND State = 0';

describe.runIf(hasPostgres)('Oracle stand-in: changes', () => {
  let oracle: CreatedOracle;
  let owner: oracledb.Connection;
  let worker: oracledb.Connection;

  beforeAll(async () => {
    oracle = await createOracle();
  });
  afterAll(() => oracle.remove());
  beforeEach(async () => {
    [owner, worker] = await Promise.all([connectAsOwner(oracle.standIn), connectAsWorker(oracle.standIn)]);
    await owner.execute('DELETE FROM IF_BNET_CUST');
    await owner.executeMany(INSERT, [
      [1, 0],
      [2, 0],
      [3, 2],
    ]);
    await owner.commit();
  });
  afterEach(async () => {
    await Promise.all([owner.close(), worker.close()]);
  });

  const states = () => rowsOf(owner, 'SELECT StreamingNo, State FROM IF_BNET_CUST ORDER BY StreamingNo');

  it('are counted', async () => {
    const affected = async (sql: string) => (await worker.execute(sql)).rowsAffected;
    expect(await affected('UPDATE IF_BNET_CUST SET State = 1 WHERE State = 0')).toBe(2);
    expect(await affected('UPDATE IF_BNET_CUST SET State = 1 WHERE State = 9')).toBe(0);
    expect(
      await affected(
        'UPDATE IF_BNET_CUST t SET t.State = 2, t.StateDate = SYSDATE WHERE t.StreamingNo IN (1)',
      ),
    ).toBe(1);
  });

  it('of many rows are counted row by row', async () => {
    const result = await worker.executeMany(CLAIM, [['1'], ['3'], ['2'], ['1']], { dmlRowCounts: true });
    expect(result).toMatchObject({ rowsAffected: 2, dmlRowCounts: [1, 0, 1, 0] });
  });

  it('of many rows go on after errors when asked to, and are not committed then', async () => {
    const result = await owner.executeMany(
      INSERT,
      [
        ['4', 0],
        ['1', 0],
        ['5', 100],
        ['6', 0],
      ],
      {
        batchErrors: true,
        dmlRowCounts: true,
        autoCommit: true,
      },
    );
    expect(result.rowsAffected).toBe(2);
    expect(result.batchErrors?.map(({ offset, message }) => [offset, message.slice(0, 9)])).toEqual([
      [1, 'ORA-00001'],
      [2, 'ORA-01438'],
    ]);
    await owner.rollback();
    expect(await states()).toHaveLength(3);
  });

  it('of many rows end at the first error otherwise, and keep what came before it', async () => {
    expect(
      (
        await failureOf(
          owner.executeMany(INSERT, [
            ['4', 0],
            ['1', 0],
            ['6', 0],
          ]),
        )
      ).number,
    ).toBe(1);
    expect((await states()).map(([number]) => number)).toEqual(['1', '2', '3', '4']);
  });

  it('of many rows fail as a whole for an error in the statement', async () => {
    const many = owner.executeMany('UPDATE no_such_table SET a = :1', [[1], [2]], { batchErrors: true });
    expect((await failureOf(many)).number).toBe(942);
  });

  it('of 1,000 rows take well under a second', async () => {
    const rows = Array.from({ length: 1000 }, (_, index) => [String(1000 + index), 0]);
    const before = performance.now();
    await owner.executeMany(INSERT, rows, {
      bindDefs: [{ type: oracledb.STRING, maxSize: 40 }, { type: oracledb.NUMBER }],
    });
    const result = await owner.executeMany(
      CLAIM,
      rows.map(([number]) => [number]),
      { dmlRowCounts: true },
    );
    const elapsed = performance.now() - before;
    expect(result.rowsAffected).toBe(1000);
    expect(elapsed).toBeLessThan(scaled(2000));
    await owner.rollback();
  });

  it('are seen by others after the commit, and by nobody after a rollback', async () => {
    await worker.execute(CLAIM, ['1']);
    expect(worker.transactionInProgress).toBe(true);
    expect((await states())[0]).toEqual(['1', '0']);
    await worker.rollback();
    expect(worker.transactionInProgress).toBe(false);
    await worker.execute(CLAIM, ['2']);
    await worker.commit();
    expect(await states()).toEqual([
      ['1', '0'],
      ['2', '1'],
      ['3', '2'],
    ]);
    await worker.execute(CLAIM, ['1'], { autoCommit: true });
    expect((await states())[0]).toEqual(['1', '1']);
  });

  it('are undone by a close without a commit', async () => {
    const other = await connectAsWorker(oracle.standIn);
    await other.execute(CLAIM, ['1']);
    await other.close();
    expect((await states())[0]).toEqual(['1', '0']);
  });

  it('that fail undo only themselves', async () => {
    await owner.execute(INSERT, ['4', 0]);
    expect((await failureOf(owner.execute(INSERT, ['1', 0]))).number).toBe(1);
    expect((await failureOf(owner.execute('SELECT nothing FROM IF_BNET_CUST'))).number).toBe(904);
    expect((await failureOf(owner.execute('UPDATE IF_BNET_CUST SET State = 100'))).number).toBe(1438);
    await owner.commit();
    expect(await states()).toEqual([
      ['1', '0'],
      ['2', '0'],
      ['3', '2'],
      ['4', '0'],
    ]);
  });

  it('wait for the other transaction, and see what it left', async () => {
    await owner.execute(CLAIM, ['1']);
    const waiting = worker.execute(CLAIM, ['1']);
    await owner.commit();
    expect((await waiting).rowsAffected).toBe(0);
  });

  it('that wait for a lock can be stopped, and leave the connection usable', async () => {
    await owner.execute(CLAIM, ['1']);
    worker.callTimeout = 300;
    expect((await failureOf(worker.execute(CLAIM, ['1']))).code).toBe('NJS-123');
    worker.callTimeout = 0;
    expect(await valueOf(worker, 'SELECT 1 FROM DUAL')).toBe('1');
  });

  it('of two transactions that wait for each other end one statement with ORA-00060', async () => {
    await owner.execute(CLAIM, ['1']);
    await worker.execute(CLAIM, ['2']);
    const [first, second] = await Promise.allSettled([
      owner.execute(CLAIM, ['2']).finally(() => owner.rollback()),
      worker.execute(CLAIM, ['1']).finally(() => worker.rollback()),
    ]);
    const errors = [first, second].flatMap((result) =>
      result.status === 'rejected' ? [result.reason as { errorNum: number }] : [],
    );
    expect(errors.map(({ errorNum }) => errorNum)).toEqual([60]);
  });

  it('are fetched in portions, and again from a statement that the server knows', async () => {
    await owner.executeMany(
      INSERT,
      Array.from({ length: 500 }, (_, index) => [1000 + index, 0]),
    );
    const sql = 'SELECT StreamingNo FROM IF_BNET_CUST WHERE StreamingNo >= :1 ORDER BY StreamingNo';
    expect(await rowsOf(owner, sql, [1000])).toHaveLength(500);
    expect(await rowsOf(owner, sql, [1400])).toHaveLength(100);
    for (let index = 0; index < 40; index++) await valueOf(owner, `SELECT ${index} FROM DUAL`);
    expect(await rowsOf(owner, sql, [1499])).toEqual([['1499']]);
    await owner.rollback();
  });
});
