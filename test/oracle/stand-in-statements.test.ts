import oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CreatedOracle, createOracle } from '../support/oracle/create-oracle.js';
import {
  connectAsOwner,
  connectAsWorker,
  failureOf,
  numbersAsText,
  rowsOf,
} from '../support/oracle/driver.js';
import { hasPostgres } from '../support/postgres.js';
import { scaled } from '../support/time-factor.js';

const FORMAT = "'YYYY-MM-DD HH24:MI:SS'";
const SHARD = 'CASE WHEN t.CustID IS NULL THEN 0 ELSE MOD(t.CustID, :shards) END';

/** The head of one table's open rows, in order. */
const head = (table: string, order: number) => `
  SELECT * FROM (
    SELECT ${order} AS table_order, TO_CHAR(t.StreamingNo) AS streaming_no, TO_CHAR(t.CustID) AS cust_id, t.State,
      TO_CHAR(t.CreateDate, ${FORMAT}) AS create_date, t.CreateDate AS sort_date, t.StreamingNo AS sort_no
    FROM ${table} t
    WHERE t.State IN (0, 1) AND (t.CreateDate IS NULL OR t.CreateDate <= SYSDATE - :settle / 86400)
      AND ${SHARD} IN (0, 1, 2, 3) AND (t.CustID IS NULL OR t.CustID NOT IN (:excluded1, :excluded2))
    ORDER BY t.CreateDate NULLS FIRST, t.StreamingNo
  ) WHERE ROWNUM <= :limit`;

const POLL = `SELECT p.*, TO_CHAR(SYSDATE, ${FORMAT}) AS now FROM (
  ${head('ISMP.IF_BNET_CUST', 0)} UNION ALL ${head('ISMP.IF_BNET_ACCOUNT', 1)}
) p ORDER BY p.sort_date NULLS FIRST, p.sort_no, p.table_order FETCH FIRST :limit ROWS ONLY`;

const CLAIM = `UPDATE ISMP.IF_BNET_CUST t SET t.State = 1,
    t.StateDate = GREATEST(SYSDATE, NVL(TO_DATE(:newest, ${FORMAT}) + INTERVAL '1' SECOND, SYSDATE))
  WHERE t.StreamingNo = :streamingNo AND t.State = 0`;

const FOLLOW = `UPDATE ISMP.IF_BNET_CUST_ATTR a SET (a.State, a.StateDate) = (
    SELECT t.State, t.StateDate FROM ISMP.IF_BNET_CUST t WHERE t.StreamingNo = a.StreamingNo)
  WHERE a.StreamingNo = :streamingNo`;

/** Statements such as the worker sends, in Oracle's own dialect, on as many rows as a batch has. */
describe.runIf(hasPostgres)('Oracle stand-in: statements of a worker', () => {
  const count = 1000;
  let oracle: CreatedOracle;
  let worker: oracledb.Connection;
  const numbers = Array.from({ length: count }, (_, index) => String(10n ** 29n + BigInt(index)));

  beforeAll(async () => {
    oracle = await createOracle();
    const owner = await connectAsOwner(oracle.standIn);
    await owner.executeMany(
      `INSERT INTO IF_BNET_CUST (StreamingNo, CustID, State, CreateDate)
       VALUES (:1, :2, 0, CASE WHEN :3 = 1 THEN NULL ELSE SYSDATE - 1 END)`,
      numbers.map((number, index) => [number, index, index === 5 ? 1 : 0]),
    );
    await owner.executeMany(
      'INSERT INTO IF_BNET_CUST_ATTR (CustAttrID, StreamingNo, State) VALUES (:1, :2, 0)',
      numbers.map((number, index) => [index, number]),
    );
    await owner.commit();
    await owner.close();
    worker = await connectAsWorker(oracle.standIn);
  });
  afterAll(async () => {
    await worker.close();
    await oracle.remove();
  });

  it('poll both tables in order, a missing date first', async () => {
    const binds = { shards: 4, settle: 2, excluded1: '7', excluded2: '8', limit: 10 };
    const rows = await rowsOf(worker, POLL, binds);
    expect(rows.map((row) => row[1])).toEqual(
      [5, 0, 1, 2, 3, 4, 6, 9, 10, 11].map((index) => numbers[index]),
    );
  });

  it('claim 1,000 rows with their attributes, counted, and read them back with one list', async () => {
    oracle.standIn.counters.reset();
    const before = performance.now();
    const claimed = await worker.executeMany(
      CLAIM,
      numbers.map((streamingNo, index) => ({
        newest: index === 0 ? '2999-12-31 23:59:59' : null,
        streamingNo,
      })),
      {
        dmlRowCounts: true,
        bindDefs: {
          newest: { type: oracledb.STRING, maxSize: 19 },
          streamingNo: { type: oracledb.STRING, maxSize: 40 },
        },
      },
    );
    const followed = await worker.executeMany(
      FOLLOW,
      numbers.map((streamingNo) => ({ streamingNo })),
    );
    await worker.commit();
    const list = numbers.map((_, index) => `:${index + 1}`).join(', ');
    const { rows } = await worker.execute<unknown[]>(
      `SELECT t.StreamingNo, TO_CHAR(t.StateDate, ${FORMAT}) FROM IF_BNET_CUST t
       WHERE t.State = 1 AND t.StreamingNo IN (${list}) ORDER BY t.StreamingNo`,
      numbers,
      { ...numbersAsText, prefetchRows: count + 1, fetchArraySize: count },
    );
    const elapsed = performance.now() - before;
    expect(claimed.dmlRowCounts).toEqual(numbers.map(() => 1));
    expect(followed.rowsAffected).toBe(count);
    expect(rows).toHaveLength(count);
    expect(rows?.[0]).toEqual([numbers[0], '3000-01-01 00:00:00']);
    expect(oracle.standIn.counters).toMatchObject({ roundTrips: 4, statements: 3, commits: 1 });
    expect(elapsed).toBeLessThan(scaled(3000));
  });

  it('compare lists of pairs, and join what they bring along', async () => {
    const few = numbers.slice(0, 100);
    const binds: oracledb.BindParameters = Object.fromEntries(
      few.flatMap((number, index) => [
        [`a${index}`, number],
        [`b${index}`, '0'],
      ]),
    );
    const pairs = few.map((_, index) => `(:a${index}, :b${index})`).join(', ');
    const listed = `SELECT COUNT(*) FROM IF_BNET_CUST_ATTR t WHERE (t.StreamingNo, t.State - 1) IN (${pairs})`;
    expect(await rowsOf(worker, listed, binds)).toEqual([['100']]);
    const asked = few.map((_, index) => `SELECT :a${index} AS streaming_no, :b${index} AS state FROM DUAL`);
    const joined = `WITH asked AS (${asked.join(' UNION ALL ')})
      SELECT COUNT(*) FROM IF_BNET_CUST_ATTR t JOIN asked ON asked.streaming_no = t.StreamingNo AND asked.state = t.State - 1`;
    expect(await rowsOf(worker, joined, binds)).toEqual([['100']]);
  });
});

describe.runIf(hasPostgres)('Oracle stand-in: aggregates', () => {
  let oracle: CreatedOracle;
  let owner: oracledb.Connection;

  beforeAll(async () => {
    oracle = await createOracle();
    owner = await connectAsOwner(oracle.standIn);
    // Number, date, text: two rows share the last date, two have none.
    const rows = [
      [1, '2026-11-01', 'a'],
      [2, '2026-11-03', 'c'],
      [3, '2026-11-03', 'b'],
      [4, null, 'd'],
      [5, null, null],
    ];
    await owner.executeMany(
      `INSERT INTO IF_BNET_CUST (StreamingNo, StateDate, BizID) VALUES (:1, TO_DATE(:2, 'YYYY-MM-DD'), :3)`,
      rows,
    );
  });
  afterAll(async () => {
    await owner.close();
    await oracle.remove();
  });

  it.each([
    ['MAX', 'LAST ORDER BY StateDate NULLS FIRST', 'c'],
    ['MIN', 'LAST ORDER BY StateDate NULLS FIRST', 'b'],
    ['MAX', 'LAST ORDER BY StateDate', 'd'],
    ['MAX', 'LAST ORDER BY StateDate DESC', 'a'],
    ['MAX', 'LAST ORDER BY StateDate DESC NULLS LAST', 'd'],
    ['MIN', 'LAST ORDER BY StateDate ASC NULLS FIRST, StreamingNo DESC', 'c'],
    ['MAX', 'FIRST ORDER BY StateDate', 'a'],
    ['MAX', 'FIRST ORDER BY StateDate DESC NULLS LAST', 'c'],
    ['MAX', 'FIRST ORDER BY StateDate DESC', 'd'],
  ])('%s of the rows that are %s', async (name, rank, expected) => {
    const sql = `SELECT COUNT(*), ${name}(BizID) KEEP (DENSE_RANK ${rank}) FROM IF_BNET_CUST`;
    expect(await rowsOf(owner, sql)).toEqual([['5', expected]]);
  });

  it.each([
    ["LISTAGG(BizID, ', ') WITHIN GROUP (ORDER BY StreamingNo DESC)", 'd, b, c, a'],
    ['LISTAGG(BizID) WITHIN GROUP (ORDER BY BizID)', 'abcd'],
    ["LISTAGG(StreamingNo, '+') WITHIN GROUP (ORDER BY StreamingNo)", '1+2+3+4+5'],
    [
      "LISTAGG(NVL(BizID, '-') || '=' || StreamingNo, ',') WITHIN GROUP (ORDER BY BizID)",
      'a=1,b=3,c=2,d=4,-=5',
    ],
  ])('%s', async (call, expected) => {
    expect(await rowsOf(owner, `SELECT ${call} FROM IF_BNET_CUST`)).toEqual([[expected]]);
    expect(await rowsOf(owner, `SELECT ${call} FROM IF_BNET_CUST WHERE State = 9`)).toEqual([[null]]);
  });

  it('LISTAGG ends at 4,000 bytes, and is reckoned after ROWNUM', async () => {
    const padded = (bytes: number) =>
      `SELECT LENGTHB(LISTAGG(RPAD('x', ${bytes}, 'x'), '') WITHIN GROUP (ORDER BY StreamingNo)) FROM IF_BNET_CUST`;
    expect(await rowsOf(owner, padded(800))).toEqual([['4000']]);
    expect((await failureOf(owner.execute(padded(801)))).number).toBe(1489);
    expect(await rowsOf(owner, `${padded(801)} WHERE ROWNUM <= 2`)).toEqual([['1602']]);
  });
});

describe.runIf(hasPostgres)('Oracle stand-in: data definition', () => {
  let oracle: CreatedOracle;
  let owner: oracledb.Connection;
  let worker: oracledb.Connection;

  beforeAll(async () => {
    oracle = await createOracle({ tables: false });
    [owner, worker] = await Promise.all([connectAsOwner(oracle.standIn), connectAsWorker(oracle.standIn)]);
  });
  afterAll(async () => {
    await Promise.all([owner.close(), worker.close()]);
    await oracle.remove();
  });

  it('creates a table with what Oracle enforces, indexes it and grants it', async () => {
    const script = [
      `CREATE TABLE IF_BNET_CUST (
         StreamingNo NUMBER(30,0) CONSTRAINT pk_cust PRIMARY KEY, BizID VARCHAR2(20 BYTE), State NUMBER(2), StateDate DATE)`,
      'CREATE INDEX IF_BNET_CUST_POLL ON IF_BNET_CUST (State, StreamingNo)',
      "COMMENT ON TABLE IF_BNET_CUST IS '客户接口表'",
      'GRANT SELECT, UPDATE (State) ON ISMP.IF_BNET_CUST TO BNET_SYNC',
    ];
    for (const sql of script) await owner.execute(sql);
    await owner.execute("INSERT INTO IF_BNET_CUST (StreamingNo, BizID) VALUES (1, '')", [], {
      autoCommit: true,
    });
    const long = owner.execute("UPDATE IF_BNET_CUST SET BizID = '一二三四五六七'");
    expect((await failureOf(long)).number).toBe(12_899);
    expect(await rowsOf(worker, 'SELECT BizID FROM IF_BNET_CUST')).toEqual([[null]]);
    await worker.execute('UPDATE IF_BNET_CUST SET State = 1', [], { autoCommit: true });
    expect((await failureOf(worker.execute('UPDATE IF_BNET_CUST SET StateDate = SYSDATE'))).number).toBe(
      1031,
    );
    await owner.execute('REVOKE UPDATE ON IF_BNET_CUST FROM BNET_SYNC');
    expect((await failureOf(worker.execute('UPDATE IF_BNET_CUST SET State = 1'))).number).toBe(1031);
  });

  it('is refused to the worker, and commits what came before', async () => {
    await owner.execute('INSERT INTO IF_BNET_CUST (StreamingNo) VALUES (2)');
    expect((await failureOf(worker.execute('TRUNCATE TABLE IF_BNET_CUST'))).number).toBe(1031);
    expect((await failureOf(owner.execute('DROP TABLE no_such_table'))).number).toBe(942);
    expect(await rowsOf(worker, 'SELECT COUNT(*) FROM IF_BNET_CUST')).toEqual([['2']]);
    await owner.execute('TRUNCATE TABLE IF_BNET_CUST');
    expect(await rowsOf(worker, 'SELECT COUNT(*) FROM IF_BNET_CUST')).toEqual([['0']]);
  });

  it('shows the types of any table, which may be dropped and made anew', async () => {
    const create = (...columns: readonly string[]) =>
      owner.execute(`CREATE TABLE other (${columns.join(', ')})`);
    const described = () =>
      rowsOf(
        owner,
        `SELECT column_name, data_type, data_length, data_precision, data_scale, nullable FROM ALL_TAB_COLUMNS
         WHERE table_name = 'OTHER' ORDER BY column_id`,
      );
    await create('id VARCHAR2(30) PRIMARY KEY', 'n NUMBER NOT NULL', 'amount NUMBER(10, 2)', 'day DATE');
    expect(await described()).toEqual([
      ['ID', 'VARCHAR2', '30', null, null, 'N'],
      ['N', 'NUMBER', '22', null, null, 'N'],
      ['AMOUNT', 'NUMBER', '22', '10', '2', 'Y'],
      ['DAY', 'DATE', '7', null, null, 'Y'],
    ]);
    expect((await failureOf(owner.execute("INSERT INTO other (id) VALUES ('1')"))).number).toBe(1400);
    await owner.execute('DROP TABLE other');
    expect(await described()).toEqual([]);
    await create('id NUMBER(30,0)');
    expect(await described()).toEqual([['ID', 'NUMBER', '22', '30', '0', 'Y']]);
  });

  it('of privileges is for the owner alone', async () => {
    await owner.execute('GRANT SELECT ON IF_BNET_CUST TO BNET_SYNC');
    const own = worker.execute('GRANT UPDATE ON ISMP.IF_BNET_CUST TO BNET_SYNC');
    expect((await failureOf(own)).number).toBe(1031);
  });
});
