import type oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CreatedOracle, createOracle } from '../support/oracle/create-oracle.js';
import { connectAsOwner, connectAsWorker, failureOf, rowsOf } from '../support/oracle/driver.js';
import { hasPostgres } from '../support/postgres.js';

const branch = (source: 'CUST' | 'ACCOUNT', order: number) => `
    SELECT * FROM (
      SELECT '${source}' AS "source", ${order} AS "source_order", t.StreamingNo AS "streaming_no"
      FROM IF_BNET_${source} t WHERE t.State = 0 ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows`;

const count = (source: 'CUST' | 'ACCOUNT') => `(SELECT COUNT(*) FROM IF_BNET_${source}_ATTR x
  WHERE x.StreamingNo = page."streaming_no" AND ROWNUM <= :maxAttributes)`;

/** The head of both tables, with a bounded count of each row's attribute rows. */
const POLL = `SELECT page.*, TO_CHAR(SYSDATE, 'YYYY') AS "now",
  CASE page."source" WHEN 'CUST' THEN ${count('CUST')} ELSE ${count('ACCOUNT')} END AS "attributes"
FROM (
  SELECT * FROM (${branch('CUST', 0)} UNION ALL ${branch('ACCOUNT', 1)})
  ORDER BY "streaming_no" DESC, "source_order"
) page WHERE ROWNUM <= :maxRows`;

/** The first attribute rows of each row. */
const FIRST_ATTRIBUTES = `SELECT "StreamingNo", "AttrID" FROM (
  SELECT t.StreamingNo AS "StreamingNo", t.CustAttrID AS "AttrID",
    ROW_NUMBER() OVER (PARTITION BY t.StreamingNo ORDER BY t.StreamingNo) AS "place"
  FROM IF_BNET_CUST_ATTR t WHERE t.StreamingNo IN (TO_NUMBER(:n1), TO_NUMBER(:n2))
) WHERE "place" <= :most`;

const FIRST_WHOLE = `SELECT r.StreamingNo AS "StreamingNo", r.AttrValue FROM (
  SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t.StreamingNo ORDER BY t.StreamingNo) AS "place"
  FROM IF_BNET_CUST_ATTR t WHERE t.StreamingNo IN (TO_NUMBER(:n1), TO_NUMBER(:n2))
) r WHERE r."place" <= :most`;

describe.runIf(hasPostgres)('Oracle stand-in: bounded numbers of attribute rows', () => {
  let oracle: CreatedOracle;
  let worker: oracledb.Connection;

  beforeAll(async () => {
    oracle = await createOracle();
    const owner = await connectAsOwner(oracle.standIn);
    const numbers = [['1'], ['2'], ['3']];
    for (const source of ['CUST', 'ACCOUNT'])
      await owner.executeMany(`INSERT INTO IF_BNET_${source} (StreamingNo, State) VALUES (:1, 0)`, numbers);
    await owner.executeMany(
      `INSERT INTO IF_BNET_CUST_ATTR (CustAttrID, StreamingNo, AttrValue) VALUES (:1, :2, 'v')`,
      [...Array(7).keys()].map((index) => [10 + index, index < 5 ? 1 : 2]),
    );
    await owner.execute('INSERT INTO IF_BNET_ACCOUNT_ATTR (AccAttrID, StreamingNo) VALUES (1, 3)');
    await owner.commit();
    await owner.close();
    worker = await connectAsWorker(oracle.standIn);
  });
  afterAll(async () => {
    await worker.close();
    await oracle.remove();
  });

  it('are counted beside the rows of a poll, which is limited as before', async () => {
    const year = expect.stringMatching(/^\d{4}$/) as string;
    expect(await rowsOf(worker, POLL, { maxRows: 5, maxAttributes: 3 })).toEqual([
      ['CUST', '0', '3', year, '0'],
      ['ACCOUNT', '1', '3', year, '1'],
      ['CUST', '0', '2', year, '2'],
      ['ACCOUNT', '1', '2', year, '0'],
      ['CUST', '0', '1', year, '3'],
    ]);
  });

  it('are read, so many of each row', async () => {
    const binds = { n1: '1', n2: '2', most: 3 };
    const perRow = async (sql: string) =>
      (await rowsOf(worker, sql, binds)).map(([number]) => number).toSorted();
    expect(await perRow(FIRST_ATTRIBUTES)).toEqual(['1', '1', '1', '2', '2']);
    expect(await perRow(FIRST_WHOLE)).toEqual(['1', '1', '1', '2', '2']);
  });

  it('are not numbered in a WHERE clause of the same query', async () => {
    const sql = `SELECT t.StreamingNo, ROW_NUMBER() OVER (ORDER BY t.StreamingNo) AS "place"
      FROM IF_BNET_CUST_ATTR t WHERE`;
    expect((await failureOf(worker.execute(`${sql} "place" <= 3`))).number).toBe(904);
    const direct = `${sql} ROW_NUMBER() OVER (ORDER BY t.StreamingNo) <= 3`;
    expect((await failureOf(worker.execute(direct))).number).toBe(30_483);
  });
});
