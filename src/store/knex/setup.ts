import type { Database, Executor } from '../../database/database.js';
import type { Place } from './dialect.js';
import { storeDialects } from './dialects.js';
import { migrations, migrationTable, tablesAfter, tablesEver, tablesOf } from './migrations.js';
import type { NewerMigration, StoreSetup } from '../setup-port.js';

/*
 * Reads how the store is set up, changing nothing. Its home is the schema where search_path finds the record of its
 * migrations, or where new tables would go.
 */

/** Reads it over `executor`, a connection of `database`. */
export async function readSetup(database: Database, executor: Executor = database): Promise<StoreSetup> {
  const place = await storeDialects[executor.dialect.name].readPlace(executor, {
    chosen: database.schema,
    ...{ record: migrationTable, tables: tablesEver },
  });
  return setupOf(place.isRecorded ? await readRecord(executor) : [], place);
}

/** `recorded` is null if the record is another program's. */
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

/** Names of our migrations; another program's record has other names. */
const isMigrationName = /^\d{4}_\w+$/;

/** What has run; null if the table is another program's. */
async function readRecord(executor: Executor): Promise<readonly NewerMigration[] | null> {
  // Every column: a record begun by an older version has no versions yet.
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
