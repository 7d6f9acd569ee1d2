import type { Database, Executor } from '../../database/database.js';
import { arrayLiteral } from '../../database/dialect.js';
import { migrations, migrationTable, tablesAfter, tablesEver, tablesOf } from './migrations.js';
import type { NewerMigration, StoreSetup } from '../setup-port.js';

/*
 * Reads how the store is set up, changing nothing. Its home is the schema where the record of its migrations is found by
 * the search_path, or where new tables would go.
 */

/** Reads it over `executor`, a connection of `database`. */
export async function readSetup(database: Database, executor: Executor = database): Promise<StoreSetup> {
  const place =
    executor.dialect.name === 'pg' ? await pgPlace(executor, database.schema) : await sqlitePlace(executor);
  return setupOf(place.isRecorded ? await readRecord(executor) : [], place);
}

interface Place extends Pick<StoreSetup, 'schema' | 'noSchema' | 'elsewhere' | 'encoding'> {
  /** Which of our tables' names are taken. */
  readonly present: readonly string[];
  /** Whether there is a record of migrations. */
  readonly isRecorded: boolean;
}

/** `recorded` is null where the record is another program's. */
function setupOf(recorded: readonly NewerMigration[] | null, place: Place): StoreSetup {
  const { present, schema, noSchema, elsewhere, encoding } = place;
  const names = new Set((recorded ?? []).map(({ name }) => name));
  const done = migrations.filter(({ name }) => names.has(name));
  const pending = migrations.filter(({ name }) => !names.has(name));
  const known = migrations.map(({ name }) => name);
  const taken = pending.flatMap(tablesOf).filter((table) => present.includes(table));
  return {
    done: done.map(({ name }) => name),
    pending: pending.map(({ name }) => name),
    newer: (recorded ?? []).filter(({ name }) => !known.includes(name)),
    missing: tablesAfter(done).filter((table) => !present.includes(table)),
    foreign: recorded === null ? [migrationTable, ...taken] : taken,
    ...{ schema, noSchema, elsewhere, encoding },
  };
}

async function pgPlace(executor: Executor, chosen: string | undefined): Promise<Place> {
  const { rows } = await executor.execute({
    sql: `WITH home AS MATERIALIZED (
            SELECT coalesce((SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                             WHERE c.oid = to_regclass('${migrationTable}')), current_schema())::text AS schema)
          SELECT home.schema, current_setting('server_encoding') AS encoding,
                 to_regclass('${migrationTable}') IS NOT NULL AS recorded,
                 ARRAY(SELECT c.relname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                       WHERE n.nspname = home.schema AND c.relname = ANY(?::text[]) ORDER BY 1) AS present,
                 ARRAY(SELECT n.nspname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                       WHERE c.relname = '${migrationTable}' AND n.nspname IS DISTINCT FROM home.schema
                         AND EXISTS (SELECT 1 FROM pg_class AS j
                                     WHERE j.relnamespace = n.oid AND j.relname = 'sync_journal')
                       ORDER BY 1 LIMIT 5) AS elsewhere
          FROM home`,
    bindings: [arrayLiteral(tablesEver, (table) => table)],
  });
  const [row = {}] = rows;
  const isRecorded = row['recorded'] === true;
  const schema = (row['schema'] as string | null | undefined) ?? null;
  return {
    schema,
    noSchema: schema === null ? noSchema(chosen) : null,
    encoding: String(row['encoding']),
    present: (row['present'] as string[] | undefined) ?? [],
    elsewhere: isRecorded || chosen !== undefined ? [] : ((row['elsewhere'] as string[] | undefined) ?? []),
    isRecorded,
  };
}

function noSchema(chosen: string | undefined): string {
  return chosen === undefined
    ? "no schema of the connection's search_path exists, or its role has no USAGE on any"
    : `the schema "${chosen}" does not exist in the database of the product store, or its role has no USAGE on it`;
}

async function sqlitePlace(executor: Executor): Promise<Place> {
  const { rows } = await executor.execute({
    sql: `SELECT DISTINCT lower(name) AS name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY 1`,
    bindings: [],
  });
  const present = rows.map((row) => String(row['name']));
  const isRecorded = present.includes(migrationTable);
  return { schema: null, noSchema: null, encoding: null, elsewhere: [], present, isRecorded };
}

/** As migrations are named; another program's record of its own has other names. */
const isMigrationName = /^\d{4}_\w+$/;

/** What has run; null where the table is another program's. */
async function readRecord(executor: Executor): Promise<readonly NewerMigration[] | null> {
  // Every column: a record that was begun by an older version has no versions yet.
  const { rows } = await executor.execute({
    sql: `SELECT m.* FROM ${migrationTable} AS m LIMIT 1000`,
    bindings: [],
  });
  const recorded = rows.map(({ name, version }) => ({
    name: String(name),
    version: typeof version === 'string' ? version : null,
  }));
  return recorded.every(({ name }) => isMigrationName.test(name)) ? recorded : null;
}
