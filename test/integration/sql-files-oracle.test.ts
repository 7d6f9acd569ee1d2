import '../support/hostile-time-zone.js';
import type oracledb from 'oracledb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CreatedOracle, createOracle } from '../support/oracle/create-oracle.js';
import { connectAsOwner, connectAsWorker, failureOf, rowsOf } from '../support/oracle/driver.js';
import { interfaceTables } from '../support/oracle/oracle-tables.js';
import { hasPostgres } from '../support/postgres.js';
import { type FiledStatement, statementsIn } from '../support/sql-files.js';

/** The stand-in has its two users already. */
const ofUsers = [/^CREATE USER /, /^GRANT CREATE SESSION /];

describe.runIf(hasPostgres)('SQL files for Oracle', () => {
  let oracle: CreatedOracle;
  let owner: oracledb.Connection;
  let worker: oracledb.Connection;
  let queries: readonly FiledStatement[];

  const runAsOwner = async (file: string) => {
    for (const { sql } of await statementsIn(`oracle/${file}`)) {
      if (!ofUsers.some((form) => form.test(sql))) await owner.execute(sql);
    }
  };
  const asOwner = async (...statements: readonly string[]) => {
    for (const sql of statements) await owner.execute(sql, [], { autoCommit: true });
  };
  /** A row in every table, of one customer: failed, in flight, and pending. */
  const plant = () =>
    asOwner(
      `INSERT INTO IF_BNET_CUST (StreamingNo, CustID, OPFlag, State, CreateDate, StateDate, ErrContent)
       VALUES (1141, 200003, '0101', 3, DATE '2026-10-01', DATE '2026-11-01', '00402 业务数据内容不存在')`,
      `INSERT INTO IF_BNET_CUST (StreamingNo, CustID, OPFlag, State, CreateDate, StateDate)
       VALUES (1142, 200003, '0101', 1, DATE '2026-10-02', SYSDATE - 60 / 86400)`,
      `INSERT INTO IF_BNET_ACCOUNT (StreamingNo, CustID, OPFlag, State) VALUES (9, 200003, '0201', 0)`,
      `INSERT INTO IF_BNET_CUST_ATTR (CustAttrID, StreamingNo, AttrSpecID, AttrValue, State)
       VALUES (2, 1141, 120, '', 3)`,
      `INSERT INTO IF_BNET_CUST_ATTR (CustAttrID, StreamingNo, AttrSpecID, AttrValue, State)
       VALUES (1, 1141, 110, '企业', 3)`,
      `INSERT INTO IF_BNET_ACCOUNT_ATTR (AccAttrID, StreamingNo, AttrSpecID, AttrValue) VALUES (1, 9, 110, 'y')`,
    );
  const states = (table: string) => rowsOf(owner, `SELECT State FROM ${table} ORDER BY 1`);
  const standing = async () => {
    const all = interfaceTables.map(({ name, columns }) =>
      rowsOf(owner, `SELECT * FROM ${name} ORDER BY ${columns[0]![0]}`),
    );
    return Promise.all(all);
  };

  beforeAll(async () => {
    oracle = await createOracle({ tables: false, synonyms: false });
    owner = await connectAsOwner(oracle.standIn);
    worker = await connectAsWorker(oracle.standIn);
    queries = await statementsIn('oracle/queries.sql');
    for (const file of ['tables.sql', 'indexes.sql', 'grants.sql']) await runAsOwner(file);
  });
  afterEach(async () => {
    await worker.rollback();
    for (const { name } of interfaceTables) await owner.execute(`TRUNCATE TABLE ${name}`);
  });
  afterAll(async () => {
    await Promise.all([owner.close(), worker.close()]);
    await oracle.remove();
  });

  it('create the tables as the specification has them, with nothing but the keys NOT NULL', async () => {
    const sql = `SELECT table_name, column_name,
        CASE data_type WHEN 'NUMBER' THEN 'NUMBER(' || data_precision || ')'
          WHEN 'VARCHAR2' THEN 'VARCHAR2(' || data_length || ')' ELSE data_type END, data_scale, nullable
      FROM ALL_TAB_COLUMNS WHERE owner = 'ISMP' ORDER BY table_name, column_id`;
    const specified = [...interfaceTables]
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .flatMap(({ name, columns }) =>
        columns.map(([column, type], index) => {
          const scale = type.startsWith('NUMBER') ? '0' : null;
          return [name, column, type, scale, index === 0 ? 'N' : 'Y'];
        }),
      );
    expect(await rowsOf(worker, sql)).toEqual(specified);
  });

  it('create the indexes', async () => {
    const sql = `SELECT index_name, LISTAGG(column_name || ' ' || descend, ', ') WITHIN GROUP (ORDER BY column_position)
      FROM ALL_IND_COLUMNS WHERE table_owner = 'ISMP' AND index_name NOT LIKE '%PK' GROUP BY index_name ORDER BY 1`;
    const poll = 'STATE ASC, CREATEDATE ASC, STREAMINGNO ASC';
    const customer = 'CUSTID ASC, CREATEDATE ASC, STREAMINGNO ASC';
    expect(await rowsOf(worker, sql)).toEqual([
      ['IF_BNET_ACCOUNT_ATTR_ROW', 'STREAMINGNO ASC'],
      ['IF_BNET_ACCOUNT_CUSTOMER', customer],
      ['IF_BNET_ACCOUNT_FAILED', expect.stringMatching(/^SYS_NC\d+\$ ASC, SYS_NC\d+\$ ASC$/)],
      ['IF_BNET_ACCOUNT_POLL', poll],
      ['IF_BNET_CUST_ATTR_ROW', 'STREAMINGNO ASC'],
      ['IF_BNET_CUST_CUSTOMER', customer],
      ['IF_BNET_CUST_FAILED', expect.stringMatching(/^SYS_NC/)],
      ['IF_BNET_CUST_POLL', poll],
    ]);
  });

  it('hold queries for a DBA, each with a comment, which only read', async () => {
    await plant();
    const before = await standing();
    await worker.execute('ALTER SESSION SET CURRENT_SCHEMA = ISMP');
    const answers: unknown[][][] = [];
    for (const { comment, sql } of queries.filter((query) => query.sql.startsWith('SELECT'))) {
      expect(comment).not.toBe('');
      answers.push(await rowsOf(worker, sql));
    }
    expect(await standing()).toEqual(before);
    // Failed, by code, in flight, pending, shared and missing StreamingNos, all of the customer.
    expect(answers.map((rows) => rows.length)).toEqual([1, 1, 1, 1, 0, 0, 3]);
    const [, byCode, inFlight, pending, , , ofCustomer] = answers;
    expect([byCode![0]![0], byCode![0]![3]]).toEqual(['00402', '00402 业务数据内容不存在']);
    expect(Number(inFlight![0]![4])).toBeGreaterThanOrEqual(60);
    expect(pending![0]!.slice(0, 2)).toEqual(['IF_BNET_ACCOUNT', '9']);
    expect(ofCustomer!.map((row) => [row[1], row.at(-1)])).toEqual([
      ['9', '110=y'],
      ['1141', '110=企业, 120='],
      ['1142', null],
    ]);
  });

  it('hold the statements that put one failed row back, guarded, with its attribute rows', async () => {
    await plant();
    await worker.execute('ALTER SESSION SET CURRENT_SCHEMA = ISMP');
    const putBack = queries.slice(
      queries.findIndex(({ comment }) => comment.includes('Put one failed row back')),
    );
    expect(putBack.at(-1)?.sql).toBe('COMMIT');
    const runAll = async () => {
      const changed: unknown[] = [];
      for (const { sql } of putBack.slice(0, -1)) changed.push((await worker.execute(sql)).rowsAffected);
      await worker.execute('COMMIT');
      return changed;
    };

    expect(await runAll()).toEqual([1, 2]);
    const moved = `SELECT t.State, t.ErrContent, COUNT(*) FROM IF_BNET_CUST t
      JOIN IF_BNET_CUST_ATTR a ON a.StreamingNo = t.StreamingNo AND a.State = t.State AND a.StateDate = t.StateDate
      WHERE t.StateDate > SYSDATE - 1 GROUP BY t.State, t.ErrContent`;
    expect(await rowsOf(owner, moved)).toEqual([['0', null, '2']]);

    for (const state of ['1', '2']) {
      await asOwner(
        `UPDATE IF_BNET_CUST SET State = ${state}`,
        `UPDATE IF_BNET_CUST_ATTR SET State = ${state}`,
      );
      expect(await runAll()).toEqual([0, 0]);
      expect(await states('IF_BNET_CUST')).toEqual([[state], [state]]);
      expect(await states('IF_BNET_CUST_ATTR')).toEqual([[state], [state]]);
    }
    await asOwner(`UPDATE IF_BNET_CUST SET State = 3, StateDate = DATE '2999-12-31'`);
    await runAll();
    const kept = `SELECT COUNT(*) FROM IF_BNET_CUST_ATTR WHERE State = 0 AND StateDate = DATE '2999-12-31'`;
    expect(await rowsOf(owner, kept)).toEqual([['2']]);
  });

  it('grant to read everything and to update the processing state, and no other column', async () => {
    await plant();
    const updatable: string[] = [];
    for (const { name, columns } of interfaceTables) {
      expect(await rowsOf(worker, `SELECT * FROM ISMP.${name}`)).not.toEqual([]);
      for (const [column] of columns) {
        const update = worker.execute(`UPDATE ISMP.${name} SET ${column} = NULL`);
        const refusal = await failureOf(update).catch(() => null);
        if (refusal === null) updatable.push(`${name}.${column}`);
        else expect(refusal.number).toBe(1031);
      }
    }
    expect(updatable).toEqual([
      ...['IF_BNET_CUST.STATE', 'IF_BNET_CUST.ERRCONTENT', 'IF_BNET_CUST.STATEDATE'],
      ...['IF_BNET_CUST_ATTR.STATE', 'IF_BNET_CUST_ATTR.STATEDATE'],
      ...['IF_BNET_ACCOUNT.STATE', 'IF_BNET_ACCOUNT.ERRCONTENT', 'IF_BNET_ACCOUNT.STATEDATE'],
      ...['IF_BNET_ACCOUNT_ATTR.STATE', 'IF_BNET_ACCOUNT_ATTR.STATEDATE'],
    ]);
  });

  it.each([
    'INSERT INTO ISMP.IF_BNET_CUST (StreamingNo) VALUES (1)',
    'INSERT INTO ISMP.IF_BNET_ACCOUNT_ATTR (StreamingNo) VALUES (1)',
    'DELETE FROM ISMP.IF_BNET_ACCOUNT',
    'DELETE FROM ISMP.IF_BNET_CUST_ATTR',
    'TRUNCATE TABLE ISMP.IF_BNET_CUST',
    'CREATE INDEX mine ON ISMP.IF_BNET_CUST (BizID)',
    'CREATE TABLE mine (id NUMBER)',
    'DROP TABLE ISMP.IF_BNET_CUST',
    'GRANT SELECT ON ISMP.IF_BNET_CUST TO BNET_SYNC',
  ])('do not grant: %s', async (sql) => {
    expect([942, 1031]).toContain((await failureOf(worker.execute(sql))).number);
  });

  it('hold the user, with a password that is still to be given, and its grant to log in', async () => {
    const statements = (await statementsIn('oracle/grants.sql')).map(({ sql }) => sql);
    expect(statements.slice(0, 2)).toEqual([
      'CREATE USER bnet_sync IDENTIFIED BY &password_of_bnet_sync',
      'GRANT CREATE SESSION TO bnet_sync',
    ]);
    // A program that does not ask for the password creates no user whose password is the placeholder.
    expect((await failureOf(owner.execute(statements[0]!))).number).toBe(911);
  });
});

describe.runIf(hasPostgres)('The grants for Oracle', () => {
  it('are what lets the worker see the tables at all', async () => {
    const oracle = await createOracle({ tables: false, synonyms: false });
    const [owner, worker] = [await connectAsOwner(oracle.standIn), await connectAsWorker(oracle.standIn)];
    for (const { sql } of await statementsIn('oracle/tables.sql')) await owner.execute(sql);
    expect((await failureOf(worker.execute('SELECT 1 FROM ISMP.IF_BNET_CUST'))).number).toBe(942);
    expect(await rowsOf(worker, 'SELECT table_name FROM ALL_TABLES')).toEqual([]);
    await Promise.all([owner.close(), worker.close()]);
    await oracle.remove();
  });
});
