import type oracledb from 'oracledb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CreatedOracle, createOracle } from '../support/oracle/create-oracle.js';
import { connectAsOwner, connectAsWorker, failureOf, rowsOf } from '../support/oracle/driver.js';
import { hasPostgres } from '../support/postgres.js';

const FORMAT = "'YYYY-MM-DD HH24:MI:SS'";

/** Locks open rows without waiting, and counts their attribute rows, to a bound. */
const LOCK_OPEN = `SELECT t.StreamingNo AS "StreamingNo",
  (SELECT COUNT(*) FROM ISMP.IF_BNET_CUST_ATTR x WHERE x.StreamingNo = t.StreamingNo AND ROWNUM <= :most) AS "attributes"
FROM ISMP.IF_BNET_CUST t
WHERE t.StreamingNo IN (TO_NUMBER(:n1), TO_NUMBER(:n2), TO_NUMBER(:n3)) AND t.State = 0 AND t.ProductID IN (5)
FOR UPDATE OF t.State SKIP LOCKED`;

const LOCK_ATTEMPT = `SELECT t.StreamingNo AS "StreamingNo" FROM IF_BNET_CUST t
WHERE t.StreamingNo IN (TO_NUMBER(:n1)) AND t.State = 1 AND t.StateDate = TO_DATE(:attempt, ${FORMAT})
FOR UPDATE OF t.State SKIP LOCKED`;

const LOCK_UNDATED = `SELECT t.StreamingNo AS "StreamingNo" FROM IF_BNET_CUST t
WHERE t.StreamingNo IN (TO_NUMBER(:n1)) AND t.State = 1
  AND (t.StateDate IS NULL OR t.StateDate < DATE '0001-01-01')
FOR UPDATE OF t.State SKIP LOCKED`;

const LOCK_ATTRIBUTES = `SELECT x.StreamingNo AS "StreamingNo" FROM IF_BNET_CUST_ATTR x
WHERE x.StreamingNo IN (TO_NUMBER(:n1), TO_NUMBER(:n2)) FOR UPDATE OF x.State SKIP LOCKED`;

const CHECKING = `UPDATE IF_BNET_CUST SET Remark = 'checking' WHERE StreamingNo = 2`;
const LOCK = 'SELECT StreamingNo FROM IF_BNET_CUST WHERE StreamingNo = 2 FOR UPDATE';

const refused: readonly (readonly [why: string, sql: string, number: number])[] = [
  ['of DISTINCT rows', 'SELECT DISTINCT State FROM IF_BNET_CUST FOR UPDATE', 1786],
  ['of groups', 'SELECT State FROM IF_BNET_CUST GROUP BY State FOR UPDATE', 1786],
  ['of an aggregate', 'SELECT NVL(MAX(State), 0) FROM IF_BNET_CUST FOR UPDATE SKIP LOCKED', 1786],
  ['of two queries', 'SELECT 1 FROM IF_BNET_CUST UNION ALL SELECT 2 FROM IF_BNET_ACCOUNT FOR UPDATE', 1786],
  [
    'of a view that groups',
    'SELECT v.n FROM IF_BNET_CUST t, (SELECT COUNT(*) AS n FROM IF_BNET_ACCOUNT) v FOR UPDATE',
    2014,
  ],
  ['of the first rows', 'SELECT State FROM IF_BNET_CUST FETCH FIRST 1 ROWS ONLY FOR UPDATE', 2014],
  ['of a table in the place of a column', 'SELECT t.State FROM IF_BNET_CUST t FOR UPDATE OF t', 904],
  ['of an unknown column', 'SELECT t.State FROM IF_BNET_CUST t FOR UPDATE OF t.Nothing', 904],
  [
    'of an unknown column, limited',
    'SELECT 1 FROM IF_BNET_CUST t WHERE ROWNUM <= 1 FOR UPDATE OF t.Nothing',
    904,
  ],
  ['of a column of an unknown table', 'SELECT t.State FROM IF_BNET_CUST t FOR UPDATE OF x.State', 904],
  ['of an unknown column without its table', 'SELECT State FROM IF_BNET_CUST FOR UPDATE OF Nothing', 904],
  ['with a word of PostgreSQL', 'SELECT State FROM IF_BNET_CUST FOR NO KEY UPDATE', 905],
  ['shared', 'SELECT State FROM IF_BNET_CUST FOR SHARE', 905],
  ['with the words in another order', 'SELECT State FROM IF_BNET_CUST FOR UPDATE SKIP LOCKED OF State', 933],
  [
    'with a limit of rows and SKIP LOCKED',
    'SELECT 1 FROM IF_BNET_CUST WHERE ROWNUM <= 1 FOR UPDATE SKIP LOCKED',
    20_999,
  ],
  ['that waits for a while', 'SELECT State FROM IF_BNET_CUST FOR UPDATE WAIT 5', 20_999],
];

describe.runIf(hasPostgres)('Oracle stand-in: locks', () => {
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
    await owner.execute('DELETE FROM IF_BNET_CUST_ATTR');
    await owner.executeMany('INSERT INTO IF_BNET_CUST (StreamingNo, State, ProductID) VALUES (:1, :2, 5)', [
      ['1', 0],
      ['2', 0],
      ['3', 1],
      ['4', 1],
    ]);
    await owner.execute(`UPDATE IF_BNET_CUST SET StateDate = DATE '2024-05-06' WHERE StreamingNo = 4`);
    await owner.executeMany(
      'INSERT INTO IF_BNET_CUST_ATTR (CustAttrID, StreamingNo, State) VALUES (:1, :2, 0)',
      [
        ['10', '1'],
        ['11', '1'],
        ['12', '1'],
        ['20', '2'],
      ],
    );
    await owner.commit();
  });
  afterEach(async () => {
    await Promise.all([owner.close(), worker.close()]);
  });

  const numbers = { n1: '1', n2: '2', n3: '3' };

  it('are taken by a query of open rows, which counts attribute rows to a bound', async () => {
    const rows = await rowsOf(worker, LOCK_OPEN, { ...numbers, most: 2 });
    expect(rows.toSorted()).toEqual([
      ['1', '2'],
      ['2', '1'],
    ]);
    expect(worker.transactionInProgress).toBe(true);
    expect((await failureOf(owner.execute(`${LOCK} NOWAIT`))).number).toBe(54);
    await worker.rollback();
    await owner.execute(`${LOCK} NOWAIT`);
  });

  it('are of the rows, not of the attribute rows that are counted', async () => {
    await rowsOf(worker, LOCK_OPEN, { ...numbers, most: 2 });
    expect(await rowsOf(owner, LOCK_ATTRIBUTES, { n1: '1', n2: '2' })).toHaveLength(4);
  });

  it('are taken of rows in State 1 whose attempt is the one named, or that have none', async () => {
    const attempt = (date: string) => rowsOf(worker, LOCK_ATTEMPT, { n1: '4', attempt: date });
    expect(await attempt('2024-05-06 00:00:00')).toEqual([['4']]);
    expect(await attempt('2024-05-06 00:00:01')).toEqual([]);
    expect(await rowsOf(worker, LOCK_UNDATED, { n1: '3' })).toEqual([['3']]);
    expect(await rowsOf(worker, LOCK_UNDATED, { n1: '4' })).toEqual([]);
  });

  it('leave out rows that somebody is changing, until that ends', async () => {
    const person = await oracle.standIn.hold(CHECKING);
    expect(await rowsOf(worker, LOCK_OPEN, { ...numbers, most: 2 })).toEqual([['1', '2']]);
    await worker.rollback();
    await person.commit();
    expect(await rowsOf(worker, LOCK_OPEN, { ...numbers, most: 2 })).toHaveLength(2);
    expect(await rowsOf(worker, 'SELECT Remark FROM IF_BNET_CUST WHERE StreamingNo = 2')).toEqual([
      ['checking'],
    ]);
  });

  it('leave out rows that somebody has only locked, with no more than SELECT', async () => {
    const person = await oracle.standIn.hold([LOCK], oracle.standIn.user);
    expect(await rowsOf(worker, LOCK_OPEN, { ...numbers, most: 2 })).toEqual([['1', '2']]);
    await person.rollback();
    expect(await rowsOf(worker, LOCK_OPEN, { ...numbers, most: 2 })).toHaveLength(2);
  });

  it('leave out attribute rows that somebody is changing', async () => {
    const person = await oracle.standIn.hold(
      `UPDATE IF_BNET_CUST_ATTR SET AttrValue = 'x' WHERE CustAttrID = 11`,
    );
    const rows = await rowsOf(worker, LOCK_ATTRIBUTES, { n1: '1', n2: '2' });
    expect(rows.toSorted()).toEqual([['1'], ['1'], ['2']]);
    await person.rollback();
    expect(await rowsOf(owner, 'SELECT COUNT(*) FROM IF_BNET_CUST_ATTR WHERE AttrValue IS NOT NULL')).toEqual(
      [['0']],
    );
  });

  it('of somebody else fail NOWAIT, and let an UPDATE wait', async () => {
    const person = await oracle.standIn.hold(CHECKING);
    expect(await failureOf(worker.execute(`${LOCK} NOWAIT`))).toMatchObject({
      number: 54,
      code: 'ORA-00054',
    });
    worker.callTimeout = 200;
    const update = 'UPDATE IF_BNET_CUST SET State = 1 WHERE StreamingNo = 2';
    expect((await failureOf(worker.execute(update))).code).toBe('NJS-123');
    worker.callTimeout = 0;
    const waiting = worker.execute(update);
    await person.rollback();
    expect((await waiting).rowsAffected).toBe(1);
  });

  it('make a change after them in the same transaction certain, and end with its commit', async () => {
    await rowsOf(worker, LOCK_OPEN, { ...numbers, most: 2 });
    const claim = 'UPDATE IF_BNET_CUST SET State = 1 WHERE StreamingNo = TO_NUMBER(:1) AND State = 0';
    const { dmlRowCounts } = await worker.executeMany(claim, [['1'], ['2']], {
      dmlRowCounts: true,
      autoCommit: true,
    });
    expect(dmlRowCounts).toEqual([1, 1]);
    await owner.execute(`${LOCK} NOWAIT`);
  });

  it('are not taken of a row that has changed in the meantime', async () => {
    await owner.execute('UPDATE IF_BNET_CUST SET State = 3 WHERE StreamingNo = 2');
    const lock = rowsOf(
      worker,
      'SELECT StreamingNo FROM IF_BNET_CUST t WHERE t.State = 0 FOR UPDATE OF t.State',
    );
    await owner.commit();
    expect(await lock).toEqual([['1']]);
  });

  it('fail with a statement for the rest of the transaction to stay', async () => {
    await rowsOf(worker, LOCK_OPEN, { ...numbers, most: 2 });
    expect((await failureOf(worker.execute('SELECT nothing FROM IF_BNET_CUST FOR UPDATE'))).number).toBe(904);
    expect((await failureOf(owner.execute(`${LOCK} NOWAIT`))).number).toBe(54);
    // The worker's own privileges are what they were.
    expect((await failureOf(worker.execute('UPDATE IF_BNET_CUST SET Remark = NULL'))).number).toBe(1031);
  });

  it.each(refused)('are refused %s', async (_why, sql, number) => {
    expect((await failureOf(owner.execute(sql))).number).toBe(number);
  });

  it('of one of two tables leave the other alone', async () => {
    const sql = `SELECT t.StreamingNo FROM IF_BNET_CUST t JOIN IF_BNET_CUST_ATTR x ON x.StreamingNo = t.StreamingNo
      WHERE x.CustAttrID = 20 FOR UPDATE OF x.State, x.StateDate NOWAIT`;
    expect(await rowsOf(worker, sql)).toEqual([['2']]);
    await owner.execute(`${LOCK} NOWAIT`);
    expect(await rowsOf(owner, LOCK_ATTRIBUTES, { n1: '2', n2: '2' })).toEqual([]);
  });

  it('are taken with the name of a column alone', async () => {
    expect(
      await rowsOf(worker, 'SELECT State FROM IF_BNET_CUST FOR UPDATE OF State, "STATEDATE"'),
    ).toHaveLength(4);
  });
});

describe.runIf(hasPostgres)('Oracle stand-in: the privilege to lock', () => {
  const opened: CreatedOracle[] = [];
  const started = async (options: Parameters<typeof createOracle>[0]) => {
    const oracle = await createOracle(options);
    opened.push(oracle);
    return oracle;
  };
  afterAll(async () => {
    await Promise.all(opened.map((oracle) => oracle.remove()));
  });
  const lock = 'SELECT State FROM ISMP.IF_BNET_CUST FOR UPDATE';

  it('is SELECT, without any of UPDATE', async () => {
    const { standIn } = await started({ grants: 'select' });
    const worker = await connectAsWorker(standIn);
    expect(await rowsOf(worker, lock)).toEqual([]);
    const update = 'UPDATE ISMP.IF_BNET_CUST SET State = 1';
    expect((await failureOf(worker.execute(update))).number).toBe(1031);
    await worker.close();
  });

  it('is not READ, and not UPDATE beside it', async () => {
    const { standIn } = await started({ grants: 'read' });
    const [worker, owner] = await Promise.all([connectAsWorker(standIn), connectAsOwner(standIn)]);
    expect(await rowsOf(worker, 'SELECT State FROM ISMP.IF_BNET_CUST')).toEqual([]);
    expect((await failureOf(worker.execute(lock))).number).toBe(1031);
    await owner.execute('GRANT UPDATE (State) ON IF_BNET_CUST TO BNET_SYNC');
    expect((await failureOf(worker.execute(lock))).number).toBe(1031);
    await worker.execute('UPDATE ISMP.IF_BNET_CUST SET State = 1');
    await owner.close();
    await worker.close();
  });

  it('is granted and revoked', async () => {
    const { standIn } = await started({ grants: 'none' });
    const [worker, owner] = await Promise.all([connectAsWorker(standIn), connectAsOwner(standIn)]);
    expect((await failureOf(worker.execute(lock))).number).toBe(942);
    await owner.execute('GRANT READ ON IF_BNET_CUST TO BNET_SYNC');
    expect((await failureOf(worker.execute(lock))).number).toBe(1031);
    await owner.execute('GRANT SELECT, UPDATE (State) ON IF_BNET_CUST TO BNET_SYNC');
    expect(await rowsOf(worker, lock)).toEqual([]);
    await worker.rollback();
    await owner.execute('REVOKE SELECT, UPDATE ON IF_BNET_CUST FROM BNET_SYNC');
    expect((await failureOf(worker.execute(lock))).number).toBe(942);
    expect((await failureOf(owner.execute('GRANT READ (State) ON IF_BNET_CUST TO BNET_SYNC'))).number).toBe(
      969,
    );
    await owner.close();
    await worker.close();
  });
});
