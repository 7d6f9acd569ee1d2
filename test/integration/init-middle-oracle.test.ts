import { afterEach, describe, expect, it } from 'vitest';
import { bnetSync, configFor } from '../support/command.js';
import { createOracle, type CreatedOracle } from '../support/oracle/create-oracle.js';
import { connectAsOwner, rowsOf } from '../support/oracle/driver.js';
import type { Credentials } from '../support/oracle/stand-in.js';
import { hasPostgres } from '../support/postgres.js';

const tables = ['IF_BNET_ACCOUNT', 'IF_BNET_ACCOUNT_ATTR', 'IF_BNET_CUST', 'IF_BNET_CUST_ATTR'];

describe.runIf(hasPostgres)('init-middle on Oracle', () => {
  const removals: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const remove of removals.splice(0).reverse()) await remove();
  });

  const start = async (options?: Parameters<typeof createOracle>[0]): Promise<CreatedOracle> => {
    const oracle = await createOracle({ tables: false, ...options });
    removals.push(() => oracle.remove());
    return oracle;
  };
  /** Runs the command as this user. */
  const initMiddle = async (
    { standIn: { connectString } }: CreatedOracle,
    credentials: Credentials,
    { schema, json = false }: { schema?: string; json?: boolean } = {},
  ) => {
    const middle = { client: 'oracledb' as const, connection: { connectString, ...credentials } };
    const store = { client: 'better-sqlite3' as const, connection: { filename: 'store.sqlite' } };
    const config = await configFor({ connections: { middle, store } });
    removals.push(config.remove);
    const env = schema === undefined ? {} : { BNET_SYNC_MIDDLE__SCHEMA: schema };
    return bnetSync(['init-middle', '--config', config.file, ...(json ? ['--json'] : [])], env);
  };
  const ownersQuery = async ({ standIn }: CreatedOracle, sql: string) => {
    const owner = await connectAsOwner(standIn);
    try {
      return await rowsOf(owner, sql);
    } finally {
      await owner.close();
    }
  };
  const tablesOf = (oracle: CreatedOracle) =>
    ownersQuery(oracle, `SELECT owner, table_name FROM ALL_TABLES ORDER BY table_name`);
  const inIsmp = tables.map((table) => ['ISMP', table]);

  it('creates the four tables with keys and indexes', async () => {
    const oracle = await start();
    const made = await initMiddle(oracle, oracle.standIn.owner);
    expect(made.exitCode, made.all).toBe(0);
    expect(made.stdout.split('\n').sort()).toEqual(tables.map((table) => `Created: ${table}`));
    expect(await tablesOf(oracle)).toEqual(inIsmp);
    const indexes = `SELECT table_name, COUNT(*) FROM ALL_INDEXES GROUP BY table_name ORDER BY table_name`;
    expect(await ownersQuery(oracle, indexes)).toEqual(
      tables.map((table) => [table, table.endsWith('_ATTR') ? '2' : '4']),
    );
    expect(oracle.standIn.counters.connectionAttempts).toBeLessThanOrEqual(4);
  });

  it('refuses a second time, naming what is there, and changes nothing', async () => {
    const oracle = await start();
    await initMiddle(oracle, oracle.standIn.owner, { json: true });
    const owner = await connectAsOwner(oracle.standIn);
    await owner.execute('INSERT INTO IF_BNET_CUST (StreamingNo) VALUES (1)', [], { autoCommit: true });
    await owner.execute('DROP TABLE IF_BNET_ACCOUNT');
    await owner.close();
    const before = await tablesOf(oracle);
    oracle.standIn.counters.reset();

    const again = await initMiddle(oracle, oracle.standIn.owner);
    expect(again.exitCode).toBe(1);
    expect(again.stdout).toBe('');
    expect(again.stderr).toBe(
      'bnet-sync: nothing was created, these tables already exist: ' +
        'IF_BNET_ACCOUNT_ATTR, IF_BNET_CUST, IF_BNET_CUST_ATTR',
    );
    expect(oracle.standIn.counters.texts.filter((sql) => !sql.startsWith('SELECT'))).toEqual([]);
    expect(await tablesOf(oracle)).toEqual(before);
    expect(await ownersQuery(oracle, 'SELECT StreamingNo FROM IF_BNET_CUST')).toEqual([['1']]);
  });

  it('goes by the schema that is named, in whatever case', async () => {
    const oracle = await start();
    const made = await initMiddle(oracle, oracle.standIn.owner, { schema: 'ismp', json: true });
    expect(made.exitCode, made.all).toBe(0);
    expect((JSON.parse(made.stdout) as { tables: string[] }).tables.sort()).toEqual(tables);
    expect(await tablesOf(oracle)).toEqual(inIsmp);
    const again = await initMiddle(oracle, oracle.standIn.owner, { schema: 'Ismp' });
    expect(again.stderr).toContain('these tables already exist');
  });

  it('says that a schema is not there', async () => {
    const oracle = await start();
    oracle.standIn.faults.plant({
      at: 'execute',
      sql: /^ALTER SESSION SET CURRENT_SCHEMA = NOWHERE$/,
      action: { kind: 'error', number: 1435, text: 'user does not exist' },
    });
    const made = await initMiddle(oracle, oracle.standIn.owner, { schema: 'nowhere' });
    expect(made.exitCode).toBe(1);
    expect(made.stderr).toContain('there is no schema "nowhere" (middle.schema): create it first');
    expect(await tablesOf(oracle)).toEqual([]);
  });

  it('creates nothing without the privilege', async () => {
    const oracle = await start();
    const { user, password } = oracle.standIn;
    const made = await initMiddle(oracle, { user, password });
    expect(made.exitCode).toBe(1);
    expect(made.stderr).toMatch(/must be repaired: ORA-0\d+/);
    expect(made.stderr).not.toContain('created before that');
    expect(await tablesOf(oracle)).toEqual([]);
  });

  it('names the tables that are there when it fails in between', async () => {
    const oracle = await start();
    oracle.standIn.faults.plant({
      at: 'execute',
      sql: /^CREATE TABLE IF_BNET_ACCOUNT_ATTR/,
      action: { kind: 'error', number: 1536, text: "space quota exceeded for tablespace 'USERS'" },
    });
    const made = await initMiddle(oracle, oracle.standIn.owner);
    expect(made.exitCode).toBe(1);
    expect(made.stderr).toContain('ORA-01536');
    const [, named = ''] = /created before that: ([\w, ]+) \(drop them/.exec(made.stderr) ?? [];
    expect(named.split(', ')).toEqual((await tablesOf(oracle)).map(([, table]) => table).sort(byFile));
    expect(named).toBe('IF_BNET_CUST, IF_BNET_CUST_ATTR, IF_BNET_ACCOUNT');
  });

  it('ends with 3 when the connection breaks, and names the tables made so far', async () => {
    const oracle = await start();
    oracle.standIn.faults.plant({
      at: 'execute',
      sql: /^CREATE TABLE IF_BNET_ACCOUNT /,
      action: { kind: 'reset' },
    });
    const made = await initMiddle(oracle, oracle.standIn.owner, { schema: 'ISMP' });
    expect(made.exitCode, made.all).toBe(3);
    expect(made.stderr).toContain('created before that: IF_BNET_CUST, IF_BNET_CUST_ATTR (drop');
    expect((await tablesOf(oracle)).map(([, table]) => table)).toEqual(['IF_BNET_CUST', 'IF_BNET_CUST_ATTR']);
  });
});

/** The order in which they are created. */
function byFile(one: unknown, other: unknown): number {
  const order = ['IF_BNET_CUST', 'IF_BNET_CUST_ATTR', 'IF_BNET_ACCOUNT', 'IF_BNET_ACCOUNT_ATTR'];
  return order.indexOf(String(one)) - order.indexOf(String(other));
}
