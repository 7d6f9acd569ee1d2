import oracledb from 'oracledb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CreatedOracle, createOracle } from '../support/oracle/create-oracle.js';
import { connectAsOwner, connectAsWorker, failureOf, rowsOf, valueOf } from '../support/oracle/driver.js';
import { decodeDate, decodeNumber, encodeDate, encodeNumber } from '../support/oracle/values.js';
import { hasPostgres } from '../support/postgres.js';

/** Thirty digits. */
const LARGE = '123456789012345678901234567891';
const SHOWN = "TO_CHAR(CreateDate, 'YYYY-MM-DD HH24:MI:SS')";

describe('Oracle stand-in: encodings', () => {
  it.each([
    '0',
    '1',
    '-1',
    '100',
    '12345',
    '-12345.678',
    '0.5',
    '0.05',
    '0.001',
    LARGE,
    `-${LARGE}`,
    '99',
    '-100',
  ])('keep the number %s', (text) => {
    expect(decodeNumber(encodeNumber(text))).toBe(text);
  });

  it('read numbers in other spellings', () => {
    expect(['007', '1e3', '1.50', '.5', '+2', '0.0'].map((text) => decodeNumber(encodeNumber(text)))).toEqual(
      ['7', '1000', '1.5', '0.5', '2', '0'],
    );
  });

  it('keep dates to the second', () => {
    expect(decodeDate(encodeDate('2011-06-30 23:59:58.9'))).toBe('2011-06-30 23:59:58');
  });
});

describe.runIf(hasPostgres)('Oracle stand-in: values', () => {
  let oracle: CreatedOracle;
  let owner: oracledb.Connection;

  beforeAll(async () => {
    oracle = await createOracle();
  });
  afterAll(() => oracle.remove());
  beforeEach(async () => {
    owner = await connectAsOwner(oracle.standIn);
  });
  afterEach(async () => {
    await owner.rollback();
    await owner.close();
  });

  const insert = (column: string, value: unknown) =>
    owner.execute(`INSERT INTO IF_BNET_CUST (StreamingNo, ${column}) VALUES (1, :1)`, [
      value,
    ] as oracledb.BindParameters);

  it.each([
    ['text', LARGE],
    ['BigInt', BigInt(LARGE)],
  ])('keep 30 digits bound as %s', async (_type, value) => {
    await insert('CustID', value);
    expect(
      await rowsOf(owner, 'SELECT CustID FROM IF_BNET_CUST WHERE CustID = :1', [value as string]),
    ).toEqual([[LARGE]]);
  });

  it('are rounded by the driver when a NUMBER is fetched as a JavaScript number', async () => {
    await insert('CustID', LARGE);
    const { rows } = await owner.execute<number[]>('SELECT CustID FROM IF_BNET_CUST');
    expect(rows?.[0]?.[0]).not.toBe(LARGE);
    expect(typeof rows?.[0]?.[0]).toBe('number');
  });

  it('keep Chinese text, bound in a list of any length', async () => {
    const text = '客户名称'.repeat(10);
    await insert('CustName', text);
    expect(await valueOf(owner, 'SELECT CustName FROM IF_BNET_CUST')).toBe(text);
    expect(await valueOf(owner, 'SELECT :1 FROM DUAL', ['错'.repeat(1300)])).toBe('错'.repeat(1300));
  });

  it('take the empty text for NULL, bound, written and concatenated', async () => {
    await insert('CustName', '');
    expect(
      await rowsOf(
        owner,
        `SELECT CustName, NVL(CustName, 'none'), CustName || 'a' FROM IF_BNET_CUST WHERE CustName IS NULL AND '' IS NULL`,
      ),
    ).toEqual([[null, 'none', 'a']]);
    expect(await rowsOf(owner, "SELECT 1 FROM IF_BNET_CUST WHERE CustName = ''")).toEqual([]);
  });

  it('are too long for VARCHAR2 by bytes, with ORA-12899', async () => {
    await insert('ErrContent', '错'.repeat(341));
    const { number, message } = await failureOf(
      owner.execute('UPDATE IF_BNET_CUST SET ErrContent = :1', ['错'.repeat(342)]),
    );
    expect(number).toBe(12_899);
    expect(message).toContain('"ISMP"."IF_BNET_CUST"."ERRCONTENT" (actual: 1026, maximum: 1024)');
  });

  it('are too large for NUMBER(30) with ORA-01438, and no number with ORA-01722', async () => {
    expect((await failureOf(insert('CustID', `${LARGE}0`))).number).toBe(1438);
    expect((await failureOf(insert('State', '100'))).number).toBe(1438);
    expect((await failureOf(insert('CustID', '12a'))).number).toBe(1722);
  });

  it('come into a DATE as a bind of type DATE, in whole seconds', async () => {
    await insert('CreateDate', { val: new Date(2011, 5, 30, 23, 59, 58, 700), type: oracledb.DB_TYPE_DATE });
    expect(await valueOf(owner, `SELECT ${SHOWN} FROM IF_BNET_CUST`)).toBe('2011-06-30 23:59:58');
  });

  it('come into a DATE through TO_DATE, and never as a text that nobody converts', async () => {
    await owner.execute(
      `INSERT INTO IF_BNET_CUST (StreamingNo, CreateDate) VALUES (1, TO_DATE(:1, 'YYYY-MM-DD HH24:MI:SS'))`,
      ['2011-06-30 23:59:58'],
    );
    expect(await valueOf(owner, `SELECT ${SHOWN} FROM IF_BNET_CUST`)).toBe('2011-06-30 23:59:58');
    const compare = owner.execute('SELECT 1 FROM IF_BNET_CUST WHERE CreateDate = :1', [
      '2011-06-30 23:59:58',
    ]);
    expect((await failureOf(compare)).number).toBe(1861);
    const wrong = owner.execute("SELECT TO_DATE('30.6.2011', 'YYYY-MM-DD') FROM DUAL");
    expect((await failureOf(wrong)).number).toBe(1861);
  });

  it.each([
    ["TO_CHAR(DATE '2011-06-30' + 1/86400, 'HH24:MI:SS')", '00:00:01'],
    ["TO_CHAR(TO_DATE(:d, 'YYYY-MM-DD') + INTERVAL '1' SECOND, 'HH24:MI:SS')", '00:00:01'],
    [
      "TO_CHAR(DATE '2011-06-30' - NUMTODSINTERVAL(90, 'SECOND'), 'YYYY-MM-DD HH24:MI:SS')",
      '2011-06-29 23:58:30',
    ],
    ["DATE '2011-07-02' - DATE '2011-06-30'", '2'],
    ['ROUND((SYSDATE - (SYSDATE - 30/86400)) * 86400)', '30'],
    ["TO_CHAR(GREATEST(DATE '2011-07-02', DATE '2011-06-30'), 'MMDD')", '0702'],
    ['GREATEST(1, NULL, 3)', null],
    ['LEAST(2, 1, 3)', '1'],
    ['1/4', '.25'],
    ['MOD(123456789012345678901234567891, 64)', '19'],
    ["LENGTHB('错误')", '6'],
    ["INSTRB('错误a', 'a')", '7'],
    ["INSTRB('错误a', 'b')", '0'],
    ["INSTRB('错误a', '')", null],
    ["NVL2(NULL, 'a', 'b')", 'b'],
    ["CAST(5 AS VARCHAR2(10)) || '号'", '5号'],
    ['TO_CHAR(12.50)', '12.5'],
    ['TO_CHAR(-1/4)', '-.25'],
    ["TO_NUMBER('42') + '1'", '43'],
    ["SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')", 'ISMP'],
  ])('of the expression %s', async (expression, value) => {
    const binds = expression.includes(':d') ? { d: '2011-06-30' } : {};
    expect(await valueOf(owner, `SELECT ${expression} FROM DUAL`, binds)).toBe(value);
  });

  it('bound by one name twice are two binds', async () => {
    expect(await rowsOf(owner, 'SELECT :a + :b, :a FROM DUAL', { a: 1, b: 2 })).toEqual([['3', '1']]);
  });

  it('of ROWNUM count the rows of an ordered view, and those under an aggregate', async () => {
    await owner.executeMany(
      'INSERT INTO IF_BNET_CUST (StreamingNo, CustID, State, CreateDate) VALUES (:1, :2, 0, SYSDATE)',
      [5, 3, 4, 1, 2].map((number) => [number, number % 2]),
    );
    const ordered = 'SELECT StreamingNo FROM IF_BNET_CUST ORDER BY CreateDate NULLS FIRST, StreamingNo DESC';
    const read = (sql: string, binds: oracledb.BindParameters = []) => rowsOf(owner, sql, binds);
    expect(await read(`SELECT * FROM (${ordered}) WHERE ROWNUM <= :n`, [2])).toEqual([['5'], ['4']]);
    expect(await read(`SELECT StreamingNo FROM (${ordered}) WHERE ROWNUM < 3 ORDER BY StreamingNo`)).toEqual([
      ['4'],
      ['5'],
    ]);
    expect(await read('SELECT COUNT(*) FROM IF_BNET_CUST t WHERE t.State = 0 AND ROWNUM = 1')).toEqual([
      ['1'],
    ]);
    expect(await read(`${ordered} FETCH FIRST :n ROWS ONLY`, [1])).toEqual([['5']]);
    expect(
      await read(
        `SELECT StreamingNo FROM (SELECT t.*, ROWNUM AS nth FROM (${ordered}) t WHERE ROWNUM <= 4) WHERE nth >= :n`,
        [3],
      ),
    ).toEqual([['3'], ['2']]);
    expect(
      await read(
        `SELECT CASE WHEN EXISTS (SELECT 1 FROM IF_BNET_CUST WHERE CustID = 9 AND ROWNUM <= 1) THEN 1 ELSE 0 END FROM DUAL`,
      ),
    ).toEqual([['0']]);
  });
});

describe.runIf(hasPostgres)('Oracle stand-in: time zones', () => {
  let oracle: CreatedOracle;
  const processZone = process.env['TZ'];

  beforeAll(async () => {
    oracle = await createOracle({ timeZone: 'Asia/Shanghai' });
  });
  afterEach(() => {
    if (processZone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = processZone;
  });
  afterAll(() => oracle.remove());

  it('of the session and the process change neither SYSDATE nor a date that travels as text', async () => {
    process.env['TZ'] = 'Asia/Kathmandu';
    const owner = await connectAsOwner(oracle.standIn);
    await owner.execute("ALTER SESSION SET TIME_ZONE = 'Asia/Kathmandu'");
    await owner.execute(
      `INSERT INTO IF_BNET_CUST (StreamingNo, CreateDate) VALUES (1, TO_DATE('2011-06-30 23:59:58', 'YYYY-MM-DD HH24:MI:SS'))`,
      [],
      { autoCommit: true },
    );
    const worker = await connectAsWorker(oracle.standIn);
    expect(await valueOf(worker, `SELECT ${SHOWN} FROM IF_BNET_CUST`)).toBe('2011-06-30 23:59:58');
    const format = "'YYYY-MM-DD HH24:MI:SS'";
    const [shown] = await rowsOf(
      owner,
      `SELECT TO_CHAR(SYSDATE, ${format}), TO_CHAR(CURRENT_DATE, ${format}) FROM DUAL`,
    );
    const ageOf = (text: unknown, offset: string) =>
      Math.abs(Date.now() - Date.parse(`${String(text).replace(' ', 'T')}${offset}`));
    expect(ageOf(shown?.[0], '+08:00')).toBeLessThan(5000);
    expect(ageOf(shown?.[1], '+05:45')).toBeLessThan(5000);
    await Promise.all([owner.close(), worker.close()]);
  });
});
