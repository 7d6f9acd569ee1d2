import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { handlerFindings } from '../../src/operator/doctor/handlers.js';
import { privilegeFindings, storePrivilegeFindings } from '../../src/operator/doctor/privileges.js';
import { loadHandlers } from '../../src/app/load-handlers.js';
import { KnexMiddleAdmin } from '../../src/middle/knex/middle-admin.js';
import { pgMiddle } from '../../src/middle/knex/postgresql.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { openPair, type KnexPair } from '../support/databases.js';
import { hasPostgres } from '../support/postgres.js';
import { statementsIn } from '../support/sql-files.js';

describe.runIf(hasPostgres)('what the doctor tries in the product store on PostgreSQL', () => {
  let pair: KnexPair;
  let own: Database;
  const role = `store_${randomBytes(4).toString('hex')}`;
  const asOwner = (sql: string) => pair.store.execute({ sql, bindings: [] });

  beforeEach(async () => {
    pair = await openPair('PostgreSQL');
    await asOwner(`CREATE ROLE ${role} LOGIN PASSWORD 'p'`);
    for (const { sql } of await statementsIn('postgresql/grants-store.sql'))
      await asOwner(sql.replaceAll(/\bbnet_sync_store\b/g, role));
    own = openStore({ user: role, password: 'p' });
  });
  afterEach(async () => {
    await own.close();
    await asOwner(`DROP OWNED BY ${role}`);
    await asOwner(`DROP ROLE ${role}`);
    await pair.close();
  });

  function openStore(changes: object): Database {
    return new Database({
      ...{
        name: 'product store',
        client: 'pg',
        maxConnections: 1,
        callTimeoutMs: 5000,
        serverTimeoutMs: 5000,
      },
      ...{ connection: { ...pair.connections.store.connection, ...changes }, applicationName: 'test' },
      ...{ byKey: false, takesTurns: false },
    });
  }
  const found = async (database = own) =>
    storePrivilegeFindings(await new KnexStoreAdmin(database).missingPrivileges());

  it('is in order with the grants of sql/', async () => {
    expect(await found()).toMatchObject([{ level: 'ok' }]);
  });

  it.each([
    ['INSERT', 'sync_journal', 'error'],
    ['UPDATE (superseded)', 'sync_journal', 'error'],
    ['SELECT', 'sync_shard', 'error'],
    ['UPDATE', 'sync_shard', 'error'],
    ['DELETE', 'sync_worker', 'error'],
    ['INSERT', 'sync_activity', 'error'],
    ['UPDATE', 'bnet_account', 'error'],
    ['DELETE', 'bnet_customer_attr', 'error'],
    ['INSERT', 'sync_audit', 'warning'],
    ['DELETE', 'sync_pause', 'warning'],
    ['UPDATE (closed_at, closed_by)', 'sync_guard', 'warning'],
  ])('%s that is revoked on %s is named with its grant, as a %s', async (action, table, level) => {
    await asOwner(`REVOKE ${action} ON ${table} FROM ${role}`);
    const findings = await found();
    const privilege = `${action} ON ${table}`;
    expect(findings).toMatchObject([
      {
        level,
        finding: expect.stringContaining(
          `${privilege} is refused: permission denied for table ${table}`,
        ) as string,
        whatToDo: expect.stringContaining(`GRANT ${privilege} TO ${role}`) as string,
      },
    ]);
  });

  it('leaves nothing behind, not even what a trigger of a statement writes', async () => {
    await asOwner('CREATE TABLE tried (what text)');
    await asOwner(`CREATE FUNCTION note() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS
      'BEGIN INSERT INTO tried VALUES (TG_TABLE_NAME); RETURN NULL; END'`);
    for (const table of ['bnet_customer', 'sync_journal', 'sync_audit'])
      await asOwner(
        `CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION note()`,
      );
    expect(await found()).toMatchObject([{ level: 'ok' }]);
    const { rows } = await asOwner('SELECT count(*) AS tried FROM tried');
    expect(Number(rows[0]?.['tried'])).toBe(0);
  });

  it('a database that takes no changes is one finding, and no grant is advised for it', async () => {
    const standby = openStore({ options: '-c default_transaction_read_only=on' });
    try {
      const findings = await found(standby);
      expect(findings).toMatchObject([{ level: 'error', area: 'product store' }]);
      expect(findings[0]?.finding).toContain('read-only transaction');
      expect(findings[0]?.whatToDo).toContain('primary');
      const operations = new KnexMiddleAdmin(openMiddle(), {
        ...{ dialect: pgMiddle, schema: undefined, productIds: [], markAttributes: true, maxAttributes: 10 },
      });
      const middle = privilegeFindings({ kind: 'postgresql' }, await operations.missingPrivileges());
      expect(middle).toMatchObject([{ level: 'error', area: 'middle database' }]);
      expect(JSON.stringify([findings, middle])).not.toContain('GRANT');
    } finally {
      await standby.close();
      await readOnlyMiddle?.close();
    }
  });

  let readOnlyMiddle: Database | undefined;
  function openMiddle(): Database {
    readOnlyMiddle = new Database({
      ...{
        name: 'middle database',
        client: 'pg',
        maxConnections: 1,
        callTimeoutMs: 5000,
        serverTimeoutMs: 5000,
      },
      connection: { ...pair.connections.middle.connection, options: '-c default_transaction_read_only=on' },
      ...{ applicationName: 'test', byKey: false, takesTurns: false },
    });
    return readOnlyMiddle;
  }
});

describe('what the doctor tries of the handlers', () => {
  it('a module that is missing is a fault that names it', async () => {
    const findings = await handlerFindings(() => loadHandlers('/no/such/handlers.js', 10_000));
    expect(findings).toMatchObject([{ area: 'handlers', level: 'error' }]);
    expect(findings[0]?.finding).toContain('/no/such/handlers.js cannot be loaded');
    expect(findings[0]?.whatToDo).toContain('store.handlers');
  });

  it('a module that can be loaded is in order', async () => {
    expect(await handlerFindings(async () => ({}))).toMatchObject([{ level: 'ok' }]);
  });
});
