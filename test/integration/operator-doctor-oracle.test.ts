import { afterEach, describe, expect, it } from 'vitest';
import { OracleDatabase } from '../../src/middle/oracle/database.js';
import { OracleMiddleAdmin } from '../../src/middle/oracle/middle-admin.js';
import { runChecks } from '../../src/operator/doctor/doctor.js';
import type { Finding } from '../../src/operator/contract/checks.js';
import { openOptions } from '../support/middle-databases.js';
import {
  guardRecords,
  nothingLost,
  storeOperations,
  storeRecords,
  storeServer,
  storeSetup,
  workerDescription,
} from '../support/operations.js';
import { createOracle } from '../support/oracle/create-oracle.js';
import type { OracleStandIn, StandInOptions } from '../support/oracle/stand-in.js';
import { PlainOracle } from '../support/test-oracle.js';
import { hasPostgres } from '../support/postgres.js';
import { statementsIn } from '../support/sql-files.js';

/** The zone that this machine's clock is in. */
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

const healthyStore = storeOperations({
  now: async () => '2026-11-21T08:00:00.000Z',
  setup: async () => storeSetup(),
  isolation: async () => null,
  pooler: async () => null,
  missingPrivileges: async () => ({ user: 'store', refused: [] }),
  workers: async () => [workerDescription()],
  shards: async () => 8,
  records: storeRecords({ deferralCounts: async () => [] }),
  guard: guardRecords(nothingLost().store),
  server: storeServer(),
});

describe.runIf(hasPostgres)('doctor on Oracle', () => {
  const removals: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const remove of removals.splice(0).reverse()) await remove();
  });

  /** A stand-in, with the recommended indexes where there are tables. */
  const start = async (options: Omit<StandInOptions, 'postgres'> = {}) => {
    const { standIn, remove } = await createOracle({ timeZone: here, ...options });
    removals.push(remove);
    const owner = new PlainOracle({ connectString: standIn.connectString, ...standIn.owner });
    removals.push(() => owner.close());
    const asOwner = async (...statements: readonly string[]) => {
      for (const sql of statements) await owner.execute({ sql: sql.replace(/;$/, ''), bindings: [] });
    };
    if (options.tables ?? true)
      await asOwner(...(await statementsIn('oracle/indexes.sql')).map(({ sql }) => sql));
    return { standIn, asOwner };
  };
  const examined = async (standIn: OracleStandIn, schema?: string, markAttributes = true) => {
    const { connectString, user, password } = standIn;
    const connection = { connectString, user, password };
    const database = new OracleDatabase({ name: 'middle database', connection, ...openOptions });
    const middle = new OracleMiddleAdmin(database, {
      schema,
      productIds: [],
      markAttributes,
      maxAttributes: 10_000,
    });
    try {
      const { findings, unreached } = await runChecks({
        middle: () => Promise.resolve(middle),
        store: () => Promise.resolve(healthyStore),
        clock: () => new Date(),
        settings: {
          settleMs: 2000,
          shards: 8,
          productIds: [],
          othersFinishRows: false,
          ...(schema === undefined ? {} : { schema }),
        },
      });
      expect(unreached).toEqual([]);
      return findings;
    } finally {
      await database.close();
    }
  };
  const problems = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== 'ok');
  const of = (area: Finding['area'], findings: readonly Finding[]) =>
    findings.filter((finding) => finding.area === area);

  it.each([
    ['through synonyms', undefined, true],
    ['in middle.schema, whatever its case', 'ismp', false],
  ])('finds all fine with tables %s', async (_, schema, synonyms) => {
    const { standIn } = await start({ synonyms });
    const findings = await examined(standIn, schema);
    expect(problems(findings)).toEqual([]);
    expect(of('server', findings).map(({ finding }) => finding)).toEqual([
      'Oracle Database 19c (stand-in) 19.0.0.0.0',
      "the database's character set is AL32UTF8, in which a Chinese character takes 3 bytes",
      'ErrContent counts bytes (VARCHAR2(1024 BYTE)): 341 Chinese characters fit; ' +
        'bnet-sync cuts its texts to 1024 bytes of UTF-8, 341 Chinese characters',
    ]);
    expect(of('tables', findings)).toHaveLength(1);
  });

  it('changes nothing', async () => {
    const { standIn } = await start();
    standIn.counters.reset();
    await examined(standIn);
    expect(standIn.counters.commits).toBe(0);
    expect(standIn.counters.texts.filter((sql) => !/^SELECT|^UPDATE .* WHERE 1 = 0$/.test(sql))).toEqual([]);
  });

  it('names each missing update with the GRANT that gives it', async () => {
    const { standIn, asOwner } = await start({ grants: 'read', synonyms: false });
    const missing = of('privileges', problems(await examined(standIn, 'ISMP')));
    // READ shows the rows and does not lock them.
    expect(missing).toHaveLength(14);
    expect(missing[0]).toEqual({
      area: 'privileges',
      level: 'error',
      finding: 'SELECT ON IF_BNET_CUST is refused: ORA-01031: insufficient privileges',
      whatToDo: 'GRANT SELECT ON ISMP.IF_BNET_CUST TO BNET_SYNC;',
    });
    expect(missing[1]).toEqual({
      area: 'privileges',
      level: 'error',
      finding: 'UPDATE (State) ON IF_BNET_CUST is refused: ORA-01031: insufficient privileges',
      whatToDo: 'GRANT UPDATE (State) ON ISMP.IF_BNET_CUST TO BNET_SYNC;',
    });
    expect(missing[5]?.whatToDo).toBe(
      'GRANT UPDATE (State) ON ISMP.IF_BNET_CUST_ATTR TO BNET_SYNC /* or set middle.markAttributes to false */;',
    );
    expect(of('privileges', problems(await examined(standIn, 'ISMP', false)))).toHaveLength(8);
    await asOwner(...missing.map(({ whatToDo }) => whatToDo ?? ''));
    expect(problems(await examined(standIn, 'ISMP'))).toEqual([]);
  });

  it('names each missing select, too, where this user was granted nothing', async () => {
    const { standIn, asOwner } = await start({ grants: 'none', synonyms: false });
    const findings = await examined(standIn, 'ISMP');
    expect(of('tables', findings)).toHaveLength(4);
    expect(of('tables', findings)[0]).toMatchObject({
      finding: 'IF_BNET_CUST is missing, or this user may not see it',
      whatToDo: expect.stringContaining('grants.sql') as string,
    });
    const missing = of('privileges', problems(findings));
    expect(missing[0]?.whatToDo).toBe('GRANT SELECT ON ISMP.IF_BNET_CUST TO BNET_SYNC;');
    await asOwner(...missing.map(({ whatToDo }) => whatToDo ?? ''));
    expect(problems(await examined(standIn, 'ISMP'))).toEqual([]);
  });

  it('leads to the schema of the tables where their bare names lead nowhere', async () => {
    const { standIn } = await start({ synonyms: false });
    const findings = await examined(standIn);
    const way =
      'set middle.schema to ISMP, or let a DBA run CREATE SYNONYM BNET_SYNC.IF_BNET_CUST FOR ISMP.IF_BNET_CUST';
    expect(of('tables', findings)[0]?.whatToDo).toContain(way);
    expect(of('privileges', findings)[0]).toMatchObject({
      finding: expect.stringContaining('SELECT ON IF_BNET_CUST is refused: ORA-00942') as string,
      whatToDo: expect.stringContaining(way) as string,
    });
  });

  it('finds that there are no tables', async () => {
    const { standIn } = await start({ tables: false });
    const findings = await examined(standIn, 'ISMP');
    expect(of('tables', findings)).toHaveLength(4);
    expect(of('tables', findings)[0]?.whatToDo).toContain('see that middle.schema (ISMP) is the owner');
    expect(of('indexes', findings)).toHaveLength(8);
    expect(of('clock', findings)).toMatchObject([{ level: 'warning' }]);
    expect(of('rows', findings)).toMatchObject([{ level: 'warning' }]);
  });

  it('finds the index of failed rows by its expressions, and others do not replace it', async () => {
    const { standIn, asOwner } = await start();
    await asOwner(
      'DROP INDEX IF_BNET_CUST_FAILED',
      'CREATE INDEX one ON IF_BNET_CUST (CASE WHEN State = 2 THEN StateDate END, CASE WHEN State = 3 THEN StreamingNo END)',
      'CREATE INDEX two ON IF_BNET_CUST (StateDate, StreamingNo)',
    );
    const failed = '(CASE State WHEN 3 THEN StateDate END, CASE State WHEN 3 THEN StreamingNo END)';
    const [missing, ...others] = problems(await examined(standIn, 'ISMP'));
    expect(missing).toMatchObject({
      area: 'indexes',
      level: 'warning',
      finding: expect.stringContaining(`IF_BNET_CUST has no index on ${failed}`) as string,
    });
    expect(others).toEqual([]);
    await asOwner((missing?.whatToDo ?? '').replace(/ ?\/\*.*\*\//, ''));
    expect(problems(await examined(standIn, 'ISMP'))).toEqual([]);
  });

  it('finds a missing index, which a descending one does not replace', async () => {
    const { standIn, asOwner } = await start();
    await asOwner(
      'DROP INDEX IF_BNET_ACCOUNT_POLL',
      'CREATE INDEX other ON IF_BNET_ACCOUNT (State, CreateDate DESC, StreamingNo)',
      'DROP INDEX IF_BNET_CUST_ATTR_ROW',
    );
    const ready =
      'CREATE INDEX ISMP.if_bnet_account_poll ON ISMP.IF_BNET_ACCOUNT (State, CreateDate, StreamingNo) ONLINE ' +
      '/* ONLINE needs Enterprise Edition; without it nobody can change the table meanwhile */;';
    const missing = problems(await examined(standIn, 'ISMP'));
    expect(missing.map(({ area, level }) => `${area}: ${level}`)).toEqual([
      'indexes: warning',
      'indexes: warning',
    ]);
    expect(missing[1]).toMatchObject({
      finding: expect.stringContaining('IF_BNET_ACCOUNT has no index on (State, CreateDate,') as string,
      whatToDo: ready,
    });
    await asOwner(...missing.map(({ whatToDo }) => whatToDo ?? ''));
    expect(problems(await examined(standIn))).toEqual([]);
  });

  it('finds columns that are missing, too short, or of another type', async () => {
    const { standIn, asOwner } = await start({ tables: false });
    await asOwner(
      `CREATE TABLE IF_BNET_CUST_ATTR (CustAttrID NUMBER(20) PRIMARY KEY, StreamingNo NUMBER(30,0), CustID NUMBER,
        AttrSpecID VARCHAR2(30), AttrValue VARCHAR2(50), CreateDate DATE, State NUMBER(2))`,
      'GRANT SELECT ON IF_BNET_CUST_ATTR TO BNET_SYNC',
    );
    const tables = of('tables', await examined(standIn)).map(({ level, finding }) => `${level}: ${finding}`);
    expect(tables.filter((finding) => finding.includes('IF_BNET_CUST_ATTR'))).toEqual([
      'warning: IF_BNET_CUST_ATTR.CustAttrID (NUMBER(20,0)) holds less than 30 digits',
      'error: IF_BNET_CUST_ATTR.AttrSpecID (VARCHAR2(30 BYTE)) is no exact number',
      'warning: IF_BNET_CUST_ATTR.AttrValue (VARCHAR2(50 BYTE)) is shorter than 100',
      'error: IF_BNET_CUST_ATTR.StateDate is missing',
    ]);
  });

  it('finds a clock in another zone, and rows from its future', async () => {
    const { standIn, asOwner } = await start({ timeZone: 'Asia/Kathmandu' });
    await asOwner(`INSERT INTO IF_BNET_CUST (StreamingNo, CreateDate, State) VALUES (1, SYSDATE + 10, 0)`);
    const found = problems(await examined(standIn));
    expect(found).toMatchObject([
      { area: 'clock', level: 'warning', finding: expect.stringMatching(/, another time zone$/) as string },
      {
        area: 'clock',
        level: 'error',
        finding: expect.stringContaining("ahead of the database's clock") as string,
      },
    ]);
  });

  it('finds shared and missing StreamingNos', async () => {
    const { standIn, asOwner } = await start({ tables: false });
    const columns = `StreamingNo NUMBER(30,0), State NUMBER(2), CreateDate DATE`;
    for (const table of ['IF_BNET_CUST', 'IF_BNET_ACCOUNT'])
      await asOwner(`CREATE TABLE ${table} (${columns})`, `GRANT SELECT ON ${table} TO BNET_SYNC`);
    for (const no of ['7', '7', 'NULL'])
      await asOwner(`INSERT INTO IF_BNET_CUST (StreamingNo, State) VALUES (${no}, 0)`);
    expect(of('rows', await examined(standIn, 'ISMP')).map(({ finding }) => finding)).toEqual([
      'a StreamingNo stands more than once: IF_BNET_CUST:7 (2 rows)',
      '1 open rows of IF_BNET_CUST have no StreamingNo',
    ]);
  });
});
