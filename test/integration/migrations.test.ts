import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import type { Finding } from '../../src/operator/contract/checks.js';
import { setupFindings } from '../../src/operator/doctor/setup.js';
import { migrations } from '../../src/store/knex/migrations.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { StoreNewerError, StoreUnfitError } from '../../src/store/setup-port.js';
import { column } from '../support/databases.js';
import { openOptions } from '../support/middle-databases.js';
import { postgresDatabase, sqliteFile, type KnexSetting, type Made } from '../support/pair-databases.js';
import { queryOn, type PostgresAccess } from '../support/postgres-database.js';
import { hasPostgres } from '../support/postgres.js';
import { gate } from '../support/until.js';

const names = migrations.map(({ name }) => name);
const newest = names.at(-1)!;

/** A database for one test, opened as often as a test likes. */
class Place {
  readonly #made: Made<KnexSetting>;
  readonly #opened: Database[] = [];

  constructor(made: Made<KnexSetting>) {
    this.#made = made;
  }

  get access(): PostgresAccess {
    return this.#made.setting.connection as unknown as PostgresAccess;
  }

  open(): Database {
    const database = new Database({ ...openOptions, ...this.#made.setting });
    this.#opened.push(database);
    return database;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#opened.map((database) => database.close()));
    await this.#made.drop();
  }
}

const operationsOf = (place: Place) => new KnexStoreAdmin(place.open());
const faults = (findings: readonly Finding[]) => findings.filter(({ level }) => level === 'error');

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(kind === 'SQLite' || hasPostgres)(`migrations on ${kind}`, () => {
    let place: Place;
    let plain: Database;
    beforeEach(async () => {
      place = new Place(await (kind === 'SQLite' ? sqliteFile('store') : postgresDatabase('store')));
      plain = place.open();
    });
    afterEach(() => place.remove());
    const run = (sql: string) => plain.execute({ sql, bindings: [] });

    it('run once where three are started at once, and none of the three fails', async () => {
      const runs = [8, 8, 8].map((shards) => operationsOf(place).migrate(shards));
      expect((await Promise.all(runs)).flat().sort()).toEqual(names);
      expect(await column(plain, 'SELECT name FROM sync_migration ORDER BY id')).toEqual(names);
    });

    it.runIf(kind === 'PostgreSQL')(
      'have the journal tidied after so many changes, not after a share of it',
      async () => {
        await operationsOf(place).migrate(8);
        const [options] = await column(
          plain,
          `SELECT reloptions::text FROM pg_class WHERE relname = 'sync_journal'`,
        );
        expect(options).toContain('autovacuum_vacuum_scale_factor=0,autovacuum_vacuum_threshold=50000');
      },
    );

    it('give the store the shards of one of them where they ask for different numbers', async () => {
      await Promise.all([8, 16].map((shards) => operationsOf(place).migrate(shards)));
      expect([8, 16]).toContain(await operationsOf(place).shards());
    });

    it('go on with the first that has not run, and keep the notes of crashes under the new name of their table', async () => {
      await operationsOf(place).migrate(8);
      await run('ALTER TABLE sync_crash RENAME TO sync_trial');
      await run('ALTER TABLE sync_worker RENAME COLUMN shared_settings TO agreement');
      const attempt = '2026-11-28 08:00:00';
      await run(`INSERT INTO sync_trial (source, streaming_no, attempt, worker, begun_at)
                 VALUES ('CUST', 1, '${attempt}', 'w', '${attempt}')`);
      await run('ALTER TABLE sync_migration DROP COLUMN version');
      await run(
        `DELETE FROM sync_migration WHERE name IN ('0008_versions', '0009_crashes', '0010_shared_settings')`,
      );
      expect(await operationsOf(place).migrate(8)).toEqual([
        '0008_versions',
        '0009_crashes',
        '0010_shared_settings',
      ]);
      expect(await column(plain, 'SELECT attempt FROM sync_crash')).toEqual([attempt]);
    });

    it('are refused by a store that a newer version has migrated, and the doctor says the same', async () => {
      await operationsOf(place).migrate(8);
      await run(`INSERT INTO sync_migration (name, version) VALUES ('0099_of_tomorrow', '9.1.0')`);
      const refused = operationsOf(place).migrate(8);
      await expect(refused).rejects.toBeInstanceOf(StoreNewerError);
      await expect(refused).rejects.toThrow(`bnet-sync 9.1.0 (0099_of_tomorrow)`);
      expect(faults(setupFindings(await operationsOf(place).setup()))).toMatchObject([
        {
          area: 'migrations',
          finding: expect.stringContaining(`up to ${newest} only`) as string,
          whatToDo: expect.stringMatching(/^run that version or a later one/) as string,
        },
      ]);
    });

    it('record the version that ran them', async () => {
      await operationsOf(place).migrate(8, { version: '1.2.3' });
      await run(`UPDATE sync_migration SET name = '0099_of_tomorrow' WHERE name = '${newest}'`);
      expect((await operationsOf(place).setup()).newer).toEqual([
        { name: '0099_of_tomorrow', version: '1.2.3' },
      ]);
    });

    it.each(['bnet_customer', 'sync_worker', 'sync_migration'])(
      "name another program's table %s that is in the way, and create nothing",
      async (table) => {
        await run(`CREATE TABLE ${table} (id integer)`);
        await run(`INSERT INTO ${table} VALUES (1)`);
        const refused = operationsOf(place).migrate(8);
        await expect(refused).rejects.toBeInstanceOf(StoreUnfitError);
        await expect(refused).rejects.toThrow(`have the names of the product store's: ${table}: rename them`);
        const { foreign, pending } = await operationsOf(place).setup();
        expect([foreign, pending]).toEqual([[table], names]);
        expect(faults(setupFindings(await operationsOf(place).setup()))).toHaveLength(1);
        await expect(run('SELECT 1 FROM sync_journal')).rejects.toMatchObject({ kind: 'schema' });
      },
    );
  });
}

describe.runIf(hasPostgres)('migrations on PostgreSQL', () => {
  let place: Place;
  beforeEach(async () => {
    place = new Place(await postgresDatabase('store'));
  });
  afterEach(() => place.remove());

  it('wait for a session that has locked a table no longer than workers can, and go on once it lets go', async () => {
    await operationsOf(place).migrate(8);
    const other = place.open();
    await other.execute({ sql: `DELETE FROM sync_migration WHERE name = '0007_replication'`, bindings: [] });
    const locked = gate();
    const waiting = gate();
    const holding = other.transaction(async (transaction) => {
      await transaction.execute({ sql: 'SELECT count(*) FROM sync_pause', bindings: [] });
      locked.open();
      await waiting.passed;
    });
    await locked.passed;
    const told: string[] = [];
    const migrated = operationsOf(place).migrate(8, {
      onWait: (what) => {
        told.push(what);
        waiting.open();
      },
    });
    expect(await migrated).toEqual(['0007_replication']);
    await holding;
    expect(told).toEqual(['a session holds a lock on the tables: waiting for its release']);
  });

  it.each(['EUC_CN', 'LATIN1', 'SQL_ASCII'])(
    'are refused by a database in %s, with the statement that makes another one, and the doctor says the same',
    async (encoding) => {
      const { access } = place;
      const database = `${access.database}_${encoding.toLowerCase()}`;
      await queryOn(
        access,
        `CREATE DATABASE ${database} ENCODING '${encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`,
      );
      const other = new Place({
        setting: { client: 'pg', connection: { ...access, database } },
        drop: async () => {
          await queryOn(access, `DROP DATABASE ${database} WITH (FORCE)`);
        },
      });
      try {
        const refused = operationsOf(other).migrate(8);
        await expect(refused).rejects.toBeInstanceOf(StoreUnfitError);
        await expect(refused).rejects.toThrow(
          new RegExp(`the encoding ${encoding}, .*CREATE DATABASE .* ENCODING 'UTF8' TEMPLATE template0`),
        );
        const setup = await operationsOf(other).setup();
        expect(setup.pending).toEqual(names);
        expect(faults(setupFindings({ ...setup, pending: [] }))).toMatchObject([
          { area: 'product store', finding: expect.stringContaining(encoding) as string },
        ]);
      } finally {
        await other.remove();
      }
    },
  );
});
