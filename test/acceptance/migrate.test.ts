import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { migrations } from '../../src/store/knex/migrations.js';
import { bnetSync, commandsOn, configFor } from '../support/command.js';
import { column, openPair, plant, statesOf, type Pair } from '../support/databases.js';
import { openOptions } from '../support/middle-databases.js';
import { postgresDatabase, sqliteFile, type KnexSetting, type Made } from '../support/pair-databases.js';
import { hasPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';
import { scaled } from '../support/time-factor.js';

const names = migrations.map(({ name }) => name);
/** Each test starts several processes, one after the other. */
const timeout = scaled(120_000);
const open = { ProductID: '7', BizID: 'b', CustID: '1', OPFlag: '0101', CustAccount: 'a', CustName: '企业' };

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(kind === 'SQLite' || hasPostgres)(`acceptance: migrate on ${kind}`, { timeout }, () => {
    let pair: Pair;
    let made: Made<KnexSetting>;
    let store: Database;
    let config: Awaited<ReturnType<typeof configFor>>;
    beforeEach(async () => {
      pair = await openPair('SQLite');
      made = await (kind === 'SQLite' ? sqliteFile('fresh') : postgresDatabase('fresh'));
      store = new Database({ ...openOptions, ...made.setting });
      config = await configOf(15_000);
    });
    afterEach(async () => {
      await Promise.all([store.close(), config.remove(), pair.close()]);
      await made.drop();
    });
    const configOf = (leaseTtlMs: number) =>
      configFor(
        { connections: { middle: pair.connections.middle, store: made.setting } },
        { worker: { leaseTtlMs } },
      );
    const { run } = commandsOn(() => config);
    const execute = (sql: string) => store.execute({ sql, bindings: [] });

    it('may be started three times at once: all three end well, and the tables are there once', async () => {
      const runs = await Promise.all([run('migrate'), run('migrate'), run('migrate')]);
      expect(
        runs.map(({ exitCode, stderr }) => [
          exitCode,
          stderr.replaceAll(/^(another|a session) .*$/gm, '').trim(),
        ]),
      ).toEqual(Array.from({ length: 3 }, () => [0, '']));
      expect(await column(store, 'SELECT name FROM sync_migration ORDER BY id')).toEqual(names);
      const [version] = await column(
        store,
        `SELECT version FROM sync_migration WHERE name = '${names.at(-1)!}'`,
      );
      expect(version).toMatch(/^\d+\.\d+\.\d+/);
    });

    it('by a newer version leaves an older one nothing to do: it names both, and says which to run', async () => {
      expect((await run('migrate')).exitCode).toBe(0);
      await execute(`INSERT INTO sync_migration (name, version) VALUES ('0099_of_tomorrow', '9.1.0')`);
      for (const command of [['migrate'], ['run', '--once']]) {
        const { exitCode, all } = await run(...command);
        expect([command, exitCode]).toEqual([command, 2]);
        expect(all).toMatch(
          /migrated by bnet-sync 9\.1\.0 \(0099_of_tomorrow\), .*: run that version or a later one/,
        );
      }
      const { exitCode, stdout } = await run('doctor');
      expect([exitCode, stdout]).toEqual([1, expect.stringMatching(/error\s+migrations\s+.*9\.1\.0/)]);
    });

    if (kind === 'SQLite') return;

    it('that is killed in the middle goes on at the next run', async () => {
      await hold(`PERFORM pg_advisory_lock(4711); PERFORM pg_advisory_unlock(4711);`);
      const other = new Database({ ...openOptions, ...made.setting, serverTimeoutMs: timeout });
      try {
        const { killed } = await other.transaction(async (transaction) => {
          await transaction.execute({ sql: 'SELECT pg_advisory_xact_lock(4711)', bindings: [] });
          const migrating = bnetSync(['migrate', '--config', config.file]);
          await until(
            'it waits in the middle of a migration',
            async () => {
              const waiting = await column(
                store,
                `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bnet-sync migrate'
               AND query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock'`,
              );
              return waiting.length > 0;
            },
            timeout / 2,
          );
          migrating.kill('SIGKILL');
          return { killed: await migrating };
        });
        expect(killed.signal).toBe('SIGKILL');
      } finally {
        await other.close();
      }
      expect(await column(store, `SELECT to_regclass('bnet_customer')::text`)).toEqual([null]);
      const again = await run('migrate');
      expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('Migrated: 0001_initial')]);
      expect(await column(store, 'SELECT name FROM sync_migration ORDER BY id')).toEqual(names);
    });

    it("lets an index take longer to build than the worker's statements may take", async () => {
      // The worker's statements end after 600 ms with such leases.
      await config.remove();
      config = await configOf(1000);
      await hold(`PERFORM pg_sleep(0.8);`);
      const { exitCode, all } = await run('migrate');
      expect([exitCode, all]).toEqual([0, expect.stringContaining(names.at(-1)!)]);
    });

    it('takes store.schema, as all other commands do', async () => {
      await execute('CREATE SCHEMA bnet');
      const env = { BNET_SYNC_STORE__SCHEMA: 'bnet' };
      const inSchema = (...args: string[]) => bnetSync([...args, '--config', config.file], env);
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' }, [['1', '110', 'x']]);
      expect((await inSchema('migrate')).exitCode).toBe(0);
      expect((await inSchema('run', '--once')).exitCode).toBe(0);
      expect(await statesOf(pair.middle)).toEqual({ 2: 1 });
      expect(await column(store, 'SELECT cust_name FROM bnet.bnet_customer')).toEqual(['企业']);
      for (const command of [['status'], ['verify']]) {
        const { exitCode, all } = await inSchema(...command);
        expect([command, exitCode, all]).toEqual([command, 0, expect.any(String)]);
      }
      expect((await inSchema('doctor')).stdout).toContain('all have run, in the schema "bnet"');
      const lost = await run('run', '--once');
      expect(lost.all).toContain('set store.schema to it');
    });

    /** Something to do before each index is made. */
    async function hold(what: string): Promise<void> {
      await execute(
        `CREATE FUNCTION hold() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN ${what} END $$`,
      );
      await execute(
        `CREATE EVENT TRIGGER hold ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION hold()`,
      );
    }
  });
}
