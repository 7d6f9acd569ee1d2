import type oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CreatedOracle, createOracle } from '../support/oracle/create-oracle.js';
import { connectAsOwner, connectAsWorker, failureOf, rowsOf } from '../support/oracle/driver.js';
import { hasPostgres } from '../support/postgres.js';

const list = (count: number) => Array.from({ length: count }, (_, index) => index).join(', ');
const tuples = (count: number) => Array.from({ length: count }, (_, index) => `(${index}, 0)`).join(', ');

const refused: readonly (readonly [why: string, sql: string, number: number])[] = [
  ['LIMIT', 'SELECT State FROM IF_BNET_CUST LIMIT 1', 933],
  ['OFFSET without ROWS', 'SELECT State FROM IF_BNET_CUST OFFSET 1', 933],
  ['ANY of an array', 'SELECT State FROM IF_BNET_CUST WHERE State = ANY(ARRAY[1, 2])', 911],
  ['unnest', 'SELECT x FROM unnest(State) x', 904],
  ['a function of PostgreSQL', 'SELECT now() FROM DUAL', 904],
  ['a type of PostgreSQL', 'SELECT CAST(State AS text) FROM IF_BNET_CUST', 902],
  ['VARCHAR2 without a length', 'SELECT CAST(State AS VARCHAR2) FROM IF_BNET_CUST', 906],
  ['RETURNING without INTO', 'UPDATE IF_BNET_CUST SET State = 1 RETURNING State', 925],
  ['UPDATE … FROM', 'UPDATE IF_BNET_CUST SET State = 1 FROM IF_BNET_CUST_ATTR', 933],
  ['DELETE … USING', 'DELETE FROM IF_BNET_CUST USING IF_BNET_CUST_ATTR', 933],
  ['ON CONFLICT', 'INSERT INTO IF_BNET_CUST (StreamingNo) VALUES (1) ON CONFLICT DO NOTHING', 933],
  ['several rows of VALUES', 'INSERT INTO IF_BNET_CUST (StreamingNo) VALUES (1), (2)', 933],
  ['AS before the alias of a table', 'SELECT t.State FROM IF_BNET_CUST AS t', 933],
  ['AS before the alias of a view', 'SELECT t.n FROM (SELECT 1 AS n FROM DUAL) AS t', 933],
  ['AS before the alias of a changed table', 'UPDATE IF_BNET_CUST AS t SET State = 1', 971],
  ['a table quoted in the wrong case', 'SELECT 1 FROM "if_bnet_cust"', 942],
  ['an unknown table', 'SELECT 1 FROM no_such_table', 942],
  ['a column quoted in the wrong case', 'SELECT "StreamingNo" FROM IF_BNET_CUST', 904],
  ['an unknown column', 'SELECT Nothing FROM IF_BNET_CUST', 904],
  ['1,001 items of a list', `SELECT 1 FROM DUAL WHERE 1 IN (${list(1001)})`, 1795],
  ['FETCH FIRST … FOR UPDATE', 'SELECT State FROM IF_BNET_CUST FETCH FIRST 1 ROWS ONLY FOR UPDATE', 2014],
  ['FOR UPDATE of a view', 'SELECT * FROM (SELECT State FROM IF_BNET_CUST) FOR UPDATE', 2014],
  [
    'FOR UPDATE in a subquery',
    'SELECT * FROM (SELECT State FROM IF_BNET_CUST FOR UPDATE) WHERE ROWNUM <= 1',
    907,
  ],
  ['SELECT without FROM', 'SELECT 1', 923],
  ['a subquery without FROM', 'SELECT (SELECT 1) FROM DUAL', 923],
  ['a semicolon', 'SELECT 1 FROM DUAL;', 933],
  ['TRUE', 'SELECT 1 FROM DUAL WHERE TRUE', 904],
  ['a condition as a value', 'SELECT State = 1 FROM IF_BNET_CUST', 923],
  ['ILIKE', "SELECT 1 FROM IF_BNET_CUST WHERE CustName ILIKE 'a'", 920],
  ['IS DISTINCT FROM', 'SELECT 1 FROM IF_BNET_CUST WHERE State IS DISTINCT FROM 1', 908],
  ['DISTINCT ON', 'SELECT DISTINCT ON (State) State FROM IF_BNET_CUST', 936],
  ['EXCEPT', 'SELECT 1 FROM DUAL EXCEPT SELECT 2 FROM DUAL', 933],
  ['an INTERVAL in words', "SELECT SYSDATE - INTERVAL '1 second' FROM DUAL", 30_089],
  ['tuples compared', 'SELECT 1 FROM IF_BNET_CUST WHERE (State, CustID) > (1, 2)', 1796],
  ['a change in WITH', 'WITH x AS (DELETE FROM IF_BNET_CUST) SELECT 1 FROM x', 928],
  ['VALUES as a table', 'SELECT 1 FROM (VALUES (1)) x', 928],
  ['GROUP BY a position', 'SELECT State, COUNT(*) FROM IF_BNET_CUST GROUP BY 1', 979],
  ['a reserved word as a name', 'SELECT State AS "OK", CustID AS number FROM IF_BNET_CUST', 923],
  ['* beside other columns', 'SELECT *, State FROM IF_BNET_CUST', 923],
  ['a parameter of PostgreSQL', 'SELECT $1 FROM DUAL', 911],
  ['string_agg', "SELECT string_agg(BizID, ',') FROM IF_BNET_CUST", 904],
  ['array_agg', 'SELECT array_agg(BizID) FROM IF_BNET_CUST', 904],
  ['a semicolon after data definition', 'DROP INDEX no_such_index;', 933],
  ['a storage parameter', 'CREATE TABLE t (id NUMBER(30)) WITH (fillfactor = 50)', 20_999],
  ['a type of PostgreSQL in a table', 'CREATE TABLE t (id numeric(30,0))', 20_999],
  ['NULLS FIRST in an index', 'CREATE INDEX i ON IF_BNET_CUST (State, CreateDate NULLS FIRST)', 907],
  ['CONCURRENTLY', 'CREATE INDEX CONCURRENTLY i ON IF_BNET_CUST (State)', 20_999],
  ['a partial index', 'CREATE INDEX i ON IF_BNET_CUST (CreateDate) WHERE State = 0', 20_999],
  ['columns of SELECT in a GRANT', 'GRANT SELECT (State) ON IF_BNET_CUST TO BNET_SYNC', 969],
  ['columns in a REVOKE', 'REVOKE UPDATE (State) ON IF_BNET_CUST FROM BNET_SYNC', 1750],
  ['two tables in a GRANT', 'GRANT SELECT ON IF_BNET_CUST, IF_BNET_ACCOUNT TO BNET_SYNC', 20_999],
  ['a user that is not there', 'GRANT SELECT ON IF_BNET_CUST TO nobody', 1917],
];

const taken: readonly (readonly [why: string, sql: string])[] = [
  ['1,000 items of a list', `SELECT 1 FROM DUAL WHERE 1 IN (${list(1000)})`],
  ['2,000 tuples of a list', `SELECT 1 FROM DUAL WHERE (1, 0) IN (${tuples(2000)})`],
  ['names quoted in upper case', 'SELECT t."STATE" FROM "ISMP"."IF_BNET_CUST" t'],
  ['names in any case without quotes', 'select T.state from ismp.If_Bnet_Cust t'],
  ['AS before the alias of a column', 'SELECT State AS s FROM IF_BNET_CUST'],
  ['WITH', 'WITH x AS (SELECT 1 AS n FROM DUAL) SELECT n FROM x'],
  ['FOR UPDATE of a table', 'SELECT State FROM IF_BNET_CUST WHERE State = 0 FOR UPDATE SKIP LOCKED'],
  ['MINUS', 'SELECT 1 AS n FROM DUAL MINUS SELECT 2 FROM DUAL'],
  [
    'CASE, EXISTS and a hint',
    'SELECT /*+ FIRST_ROWS(1) */ CASE WHEN EXISTS (SELECT 1 FROM DUAL) THEN 1 ELSE 0 END FROM DUAL',
  ],
  [
    'an analytic function',
    'SELECT ROW_NUMBER() OVER (PARTITION BY State ORDER BY StreamingNo) FROM IF_BNET_CUST',
  ],
  [
    'UNION ALL of ordered views',
    'SELECT * FROM (SELECT 1 AS n FROM DUAL UNION ALL SELECT 2 FROM DUAL ORDER BY 1) WHERE ROWNUM <= 1',
  ],
  ['SET from a subquery', 'UPDATE IF_BNET_CUST t SET (t.State, t.StateDate) = (SELECT 1, SYSDATE FROM DUAL)'],
];

describe.runIf(hasPostgres)('Oracle stand-in: guard', () => {
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

  it.each(refused)('refuses %s', async (_why, sql, number) => {
    const failure = await failureOf(owner.execute(sql));
    expect(failure).toMatchObject({ number, message: expect.stringContaining('ORA-') as string });
  });

  it('refuses a bind with a reserved name', async () => {
    const failure = await failureOf(owner.execute('SELECT 1 FROM DUAL WHERE 1 = :rows', { rows: 1 }));
    expect(failure).toMatchObject({ number: 1745 });
  });

  it('refuses a cast by ::, which the driver takes for a bind', async () => {
    const sql = 'SELECT State::text FROM IF_BNET_CUST';
    expect((await failureOf(owner.execute(sql))).code).toBe('NJS-098');
    expect((await failureOf(owner.execute(sql, ['x']))).number).toBe(911);
  });

  it.each(taken)('takes %s', async (_why, sql) => {
    await owner.execute(sql);
    await owner.rollback();
  });

  it('says so itself where it does not know something, instead of passing it on', async () => {
    const unknown = [
      'MERGE INTO x USING y ON (1 = 1)',
      'SELECT ROWNUM FROM DUAL',
      'SELECT State, ROWNUM AS nth FROM IF_BNET_CUST',
      'SELECT /*+ INDEX_RS_ASC(x (State)) */ State FROM IF_BNET_CUST t',
      'SELECT /*+ INDEX_RSASC(t (State)) */ State FROM IF_BNET_CUST t',
      'SELECT State /*+ CURSOR_SHARING_EXACT */ FROM IF_BNET_CUST t',
      'SELECT State, ROWNUM AS nth FROM (SELECT State FROM IF_BNET_CUST) ORDER BY State',
      'CREATE INDEX i ON IF_BNET_CUST (CASE WHEN State > 3 THEN StateDate END)',
      'BEGIN NULL; END;',
      'SELECT LISTAGG(BizID) FROM IF_BNET_CUST',
      'SELECT LISTAGG(DISTINCT BizID) WITHIN GROUP (ORDER BY BizID) FROM IF_BNET_CUST',
      'SELECT SUM(State) KEEP (DENSE_RANK LAST ORDER BY StateDate) FROM IF_BNET_CUST',
      'SELECT MAX(State) KEEP (DENSE_RANK LAST ORDER BY StateDate) OVER (PARTITION BY CustID) FROM IF_BNET_CUST',
    ];
    for (const sql of unknown) {
      const { number, message } = await failureOf(owner.execute(sql));
      expect(number, sql).toBe(20_999);
      expect(message).toContain('stand-in');
    }
  });
});

describe.runIf(hasPostgres)('Oracle stand-in: privileges', () => {
  const opened: CreatedOracle[] = [];
  const workerOf = async (options: Parameters<typeof createOracle>[0]) => {
    const oracle = await createOracle(options);
    opened.push(oracle);
    return connectAsWorker(oracle.standIn);
  };

  afterAll(async () => {
    await Promise.all(opened.map((oracle) => oracle.remove()));
  });

  it('of the worker are to read, and to update the processing state', async () => {
    const worker = await workerOf({});
    expect(await rowsOf(worker, 'SELECT Remark FROM ISMP.IF_BNET_CUST')).toEqual([]);
    await worker.execute('UPDATE IF_BNET_ACCOUNT SET State = 1, StateDate = SYSDATE, ErrContent = NULL');
    await worker.execute('UPDATE IF_BNET_ACCOUNT_ATTR SET State = 1, StateDate = SYSDATE');
    const forbidden = [
      'UPDATE IF_BNET_CUST SET Remark = NULL',
      'UPDATE IF_BNET_CUST SET State = 1, CreateDate = SYSDATE',
      'INSERT INTO IF_BNET_CUST (StreamingNo) VALUES (1)',
      'DELETE FROM IF_BNET_CUST_ATTR',
    ];
    for (const sql of forbidden) expect((await failureOf(worker.execute(sql))).number, sql).toBe(1031);
    await worker.close();
  });

  it('of a worker that may only read', async () => {
    const worker = await workerOf({ grants: 'read' });
    expect(await rowsOf(worker, 'SELECT 1 FROM IF_BNET_CUST')).toEqual([]);
    expect((await failureOf(worker.execute('UPDATE IF_BNET_CUST SET State = 1'))).number).toBe(1031);
    await worker.close();
  });

  it('of a worker that may do nothing: there is no table', async () => {
    const worker = await workerOf({ grants: 'none' });
    for (const sql of ['SELECT 1 FROM IF_BNET_CUST', 'UPDATE ISMP.IF_BNET_CUST SET State = 1']) {
      expect((await failureOf(worker.execute(sql))).number, sql).toBe(942);
    }
    await worker.close();
  });

  it('without synonyms reach the tables by their schema only', async () => {
    const worker = await workerOf({ synonyms: false });
    expect((await failureOf(worker.execute('SELECT 1 FROM IF_BNET_CUST'))).number).toBe(942);
    expect(await rowsOf(worker, 'SELECT 1 FROM ISMP.IF_BNET_CUST')).toEqual([]);
    await worker.execute('ALTER SESSION SET CURRENT_SCHEMA = ISMP');
    expect(await rowsOf(worker, 'SELECT 1 FROM IF_BNET_CUST')).toEqual([]);
    await worker.close();
  });
});

describe.runIf(hasPostgres)('Oracle stand-in: catalog', () => {
  let oracle: CreatedOracle;
  let worker: oracledb.Connection;

  beforeAll(async () => {
    oracle = await createOracle();
    worker = await connectAsWorker(oracle.standIn);
  });
  afterAll(async () => {
    await worker.close();
    await oracle.remove();
  });

  it('describes the columns as the specification does', async () => {
    const sql = `SELECT column_name, data_type, data_length, data_precision, data_scale FROM ALL_TAB_COLUMNS
      WHERE owner = :o AND table_name = 'IF_BNET_CUST' ORDER BY column_id`;
    const rows = await rowsOf(worker, sql, ['ISMP']);
    expect(rows).toHaveLength(13);
    expect(rows[0]).toEqual(['STREAMINGNO', 'NUMBER', '22', '30', '0']);
    expect(rows).toContainEqual(['ERRCONTENT', 'VARCHAR2', '1024', null, null]);
    expect(rows).toContainEqual(['CREATEDATE', 'DATE', '7', null, null]);
  });

  it('describes the indexes that there are', async () => {
    const sql = `SELECT c.index_name, c.column_name, c.descend, i.uniqueness FROM ALL_IND_COLUMNS c
      JOIN ALL_INDEXES i ON i.owner = c.index_owner AND i.index_name = c.index_name
      WHERE c.table_name = 'IF_BNET_CUST' ORDER BY c.index_name, c.column_position`;
    expect(await rowsOf(worker, sql)).toEqual([['IF_BNET_CUST_PK', 'STREAMINGNO', 'ASC', 'UNIQUE']]);
  });

  it('hides the expressions of an index behind names that the system made', async () => {
    const owner = await connectAsOwner(oracle.standIn);
    await owner.execute(
      'CREATE INDEX i ON IF_BNET_CUST (CASE State WHEN 3 THEN StateDate END, CASE WHEN State = 3 THEN StreamingNo END)',
    );
    const names = `SELECT column_name FROM ALL_IND_COLUMNS WHERE index_name = 'I' ORDER BY column_position`;
    expect(await rowsOf(worker, names)).toEqual([
      [expect.stringMatching(/^SYS_NC\d{5}\$$/)],
      [expect.stringMatching(/^SYS_NC\d{5}\$$/)],
    ]);
    const expressions = `SELECT column_position, column_expression FROM ALL_IND_EXPRESSIONS WHERE index_name = 'I'`;
    expect(await rowsOf(worker, expressions)).toEqual([
      ['1', 'CASE "STATE" WHEN 3 THEN "STATEDATE" END'],
      ['2', 'CASE  WHEN "STATE"=3 THEN "STREAMINGNO" END'],
    ]);
    const type = `SELECT index_type FROM ALL_INDEXES WHERE index_name = 'I'`;
    expect(await rowsOf(worker, type)).toEqual([['FUNCTION-BASED NORMAL']]);
    await owner.execute('DROP INDEX i');
    await owner.close();
  });

  it('names version and character set', async () => {
    const sql = `SELECT value FROM NLS_DATABASE_PARAMETERS WHERE parameter = 'NLS_CHARACTERSET'
      UNION ALL SELECT version FROM PRODUCT_COMPONENT_VERSION WHERE product LIKE 'Oracle%'`;
    expect(await rowsOf(worker, sql)).toEqual([['AL32UTF8'], ['19.0.0.0.0']]);
  });
});
