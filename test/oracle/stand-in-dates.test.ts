import oracledb from 'oracledb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CreatedOracle, createOracle } from '../support/oracle/create-oracle.js';
import { connectAsOwner, failureOf, rowsOf, valueOf } from '../support/oracle/driver.js';
import { hasPostgres } from '../support/postgres.js';

const FORMAT = "'YYYY-MM-DD HH24:MI:SS'";
const LAST = '9999-12-31 23:59:59';
const OUTSIDE = 1841;

/** A date later than a row's own, where that is one a clock can have shown. */
const LATER = `CASE WHEN t.StateDate >= DATE '0001-01-01' AND t.StateDate <= SYSDATE + 1
  THEN t.StateDate + INTERVAL '1' SECOND ELSE SYSDATE END`;
const NEWEST = `CASE WHEN TO_DATE(:newest, ${FORMAT}) > SYSDATE + 1 THEN SYSDATE
  ELSE NVL(TO_DATE(:newest, ${FORMAT}) + INTERVAL '1' SECOND, SYSDATE) END`;
const CLAIM = `UPDATE IF_BNET_CUST t SET t.State = 1, t.StateDate = GREATEST(SYSDATE, ${LATER}, ${NEWEST})
  WHERE t.StreamingNo = TO_NUMBER(:streamingNo)`;

describe.runIf(hasPostgres)('Oracle stand-in: dates at the ends of the calendar', () => {
  let oracle: CreatedOracle;
  let owner: oracledb.Connection;

  beforeAll(async () => {
    oracle = await createOracle();
    owner = await connectAsOwner(oracle.standIn);
  });
  afterAll(async () => {
    await owner.close();
    await oracle.remove();
  });
  beforeEach(async () => {
    await owner.execute('DELETE FROM IF_BNET_CUST');
    await owner.executeMany(
      `INSERT INTO IF_BNET_CUST (StreamingNo, State, StateDate) VALUES (:1, 0, TO_DATE(:2, ${FORMAT}))`,
      [
        ['1', LAST],
        ['2', null],
        ['3', '2024-05-06 07:08:09'],
      ],
    );
    await owner.execute(
      `INSERT INTO IF_BNET_CUST (StreamingNo, State, StateDate) VALUES (4, 0, DATE '0001-01-01' - 400)`,
    );
  });

  const claimed = async (streamingNo: string, newest: string | null) => {
    const { rowsAffected } = await owner.executeMany(CLAIM, [{ streamingNo, newest }], {
      bindDefs: {
        streamingNo: { type: oracledb.STRING, maxSize: 40 },
        newest: { type: oracledb.STRING, maxSize: 19 },
      },
    });
    expect(rowsAffected).toBe(1);
    const sql = `SELECT CASE WHEN StateDate BETWEEN SYSDATE - 1/24 AND SYSDATE THEN 'now'
      ELSE TO_CHAR(StateDate, ${FORMAT}) END FROM IF_BNET_CUST WHERE StreamingNo = :1`;
    return valueOf(owner, sql, [streamingNo]);
  };

  it.each([
    ['the last date, plus a second', `DATE '9999-12-31' + INTERVAL '86400' SECOND`],
    ['the last date, plus a day', `TO_DATE('${LAST}', ${FORMAT}) + 1`],
    ['the last date, plus seconds', `TO_DATE('${LAST}', ${FORMAT}) + NUMTODSINTERVAL(1, 'SECOND')`],
    ['dates before the first', `DATE '0001-01-01' - 4712 * 366`],
    ['the year 0', `TO_DATE('0000-01-01', 'YYYY-MM-DD')`],
  ])('%s: ORA-01841', async (_what, expression) => {
    const failure = await failureOf(owner.execute(`SELECT TO_CHAR(${expression}, ${FORMAT}) FROM DUAL`));
    expect(failure).toMatchObject({ number: OUTSIDE });
    expect(failure.message).toContain('(full) year must be between -4713 and +9999, and not be 0');
  });

  it('fail where they stand in a row, and undo the statement', async () => {
    const next = `UPDATE IF_BNET_CUST SET StateDate = StateDate + INTERVAL '1' SECOND`;
    expect((await failureOf(owner.execute(next))).number).toBe(OUTSIDE);
    const { batchErrors } = await owner.executeMany(`${next} WHERE StreamingNo = :1`, [['1'], ['3']], {
      batchErrors: true,
    });
    expect(batchErrors?.map(({ offset, message }) => [offset, message.slice(0, 9)])).toEqual([
      [0, 'ORA-01841'],
    ]);
    const dates = `SELECT TO_CHAR(StateDate, ${FORMAT}) FROM IF_BNET_CUST WHERE StreamingNo IN (1, 3) ORDER BY StreamingNo`;
    expect(await rowsOf(owner, dates)).toEqual([[LAST], ['2024-05-06 07:08:10']]);
  });

  it('are passed by where a condition sees them first', async () => {
    expect(await claimed('1', null)).toBe('now');
    expect(await claimed('2', LAST)).toBe('now');
    expect(await claimed('3', null)).toBe('now');
    expect(await claimed('4', '2024-01-01 00:00:00')).toBe('now');
  });

  it('are taken one second later where they are near', async () => {
    await owner.execute('UPDATE IF_BNET_CUST SET StateDate = SYSDATE + 1/24 WHERE StreamingNo = 3');
    const before = await valueOf(
      owner,
      `SELECT TO_CHAR(StateDate + INTERVAL '1' SECOND, ${FORMAT}) FROM IF_BNET_CUST WHERE StreamingNo = 3`,
    );
    expect(await claimed('3', null)).toBe(before);
  });

  it('before the year 1 are compared, and come as they are', async () => {
    const sql = `SELECT StreamingNo FROM IF_BNET_CUST t WHERE t.StateDate IS NULL OR t.StateDate < DATE '0001-01-01'`;
    expect((await rowsOf(owner, sql)).flat().toSorted()).toEqual(['2', '4']);
    // Without its sign; the year before 1 is -1: there is no year 0.
    const text = `SELECT TO_CHAR(StateDate, 'YYYY') FROM IF_BNET_CUST WHERE StreamingNo = 4`;
    expect(await valueOf(owner, text)).toBe('0002');
    const date = (await valueOf(owner, 'SELECT StateDate FROM IF_BNET_CUST WHERE StreamingNo = 4')) as Date;
    expect(date.getFullYear()).toBeLessThan(1);
  });

  it.each([
    ['2024-13-01 00:00:00', 1843],
    ['2024-00-01 00:00:00', 1843],
    ['2024-01-32 00:00:00', 1847],
    ['2024-02-30 00:00:00', 1839],
    ['2024-01-01 24:00:00', 1850],
    ['2024-01-01 00:60:00', 1851],
    ['2024-01-01 00:00:60', 1852],
    ['2024-1-1', 1861],
  ])('%s is no date: ORA-%i', async (text, number) => {
    const failure = await failureOf(owner.execute(`SELECT TO_DATE(:1, ${FORMAT}) FROM DUAL`, [text]));
    expect(failure.number).toBe(number);
  });
});
