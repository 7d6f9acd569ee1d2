import { setTimeout as pause } from 'node:timers/promises';
import type { Database, Executor, Transaction } from '../../database/database.js';
import { DatabaseError } from '../../database/errors.js';
import type { MigrationOptions } from '../admin-port.js';
import { migrationProblem, type StoreSetup } from '../setup-port.js';
import { storeDialects } from './dialects.js';
import { hasVersions, migrations, migrationTable, recordStatement, statementsOf } from './migrations.js';
import { readSetup } from './setup.js';

/*
 * Running migrations. Each has its own transaction, so an interrupted run continues with the first that has not run.
 * Each begins with a database lock that ends with the transaction, so concurrent runs follow one another, and none
 * stays locked if one is killed. On SQLite the one writer is the lock.
 *
 * A statement may take as long as it needs. Waiting for the tables is different: a waiting statement blocks all later
 * ones, the workers' included. So that wait is short, and retried.
 */

/** Options of a run. */
interface MigrationRequest extends MigrationOptions {
  /** The number of shards, where the store is new. */
  readonly shards: number;
}

const tableWaitMs = 3000;
const othersWaitMs = 3_600_000;
const triesForTables = 20;
const longestPauseMs = 3000;

/** Runs the pending migrations, and creates the shards the first time; returns the migrations' names. */
export async function runMigrations(
  database: Database,
  request: MigrationRequest,
): Promise<readonly string[]> {
  const done: string[] = [];
  for (;;) {
    const name = await insist(request, () =>
      database.transaction((transaction) => runNext(database, transaction, request)),
    );
    if (name === null) return done;
    done.push(name);
  }
}

/** Runs the next migration and returns its name; null if none is left. */
async function runNext(
  database: Database,
  transaction: Transaction,
  request: MigrationRequest,
): Promise<string | null> {
  await awaitTurn(transaction, request);
  const setup = await readSetup(database, transaction);
  const fault = migrationProblem(setup);
  if (fault !== null) throw fault;
  const next = migrations.find(({ name }) => name === setup.pending[0]);
  if (next === undefined) {
    await insertShards(transaction, request.shards);
    return null;
  }
  await goHome(transaction, setup);
  const dialect = transaction.dialect.name;
  for (const sql of [recordStatement(dialect), ...statementsOf(next, dialect)]) {
    await transaction.execute({ sql, bindings: [] });
  }
  await record(transaction, next.name, [...setup.done, next.name], request.version);
  return next.name;
}

/** Waits until no other run is active in the same schema. */
async function awaitTurn(transaction: Executor, { onWait }: MigrationRequest): Promise<void> {
  const { dialect } = transaction;
  const lock = storeDialects[dialect.name].migrationLock;
  if (lock === null) return;
  const ask = async (expression: string) => {
    const { rows } = await transaction.execute({ sql: `SELECT ${expression} AS answer`, bindings: [] });
    return rows[0]?.['answer'];
  };
  if ((await ask(`pg_try_advisory_xact_lock(${lock})`)) !== true) {
    onWait?.('another "bnet-sync migrate" is running: waiting for it to end');
    await ask(dialect.waitForLocks(othersWaitMs));
    await ask(`pg_advisory_xact_lock(${lock})`);
  }
  await ask(dialect.waitForLocks(tableWaitMs));
}

/** Creates new tables where the others are. */
async function goHome(transaction: Executor, { schema }: StoreSetup): Promise<void> {
  if (schema === null) return;
  await transaction.execute({
    sql: `SELECT set_config('search_path', quote_ident(?), true)`,
    bindings: [schema],
  });
}

async function record(
  transaction: Executor,
  name: string,
  done: readonly string[],
  version: string | undefined,
): Promise<void> {
  const { now } = transaction.dialect;
  await transaction.execute({
    sql: `INSERT INTO ${migrationTable} (name, batch, migration_time) VALUES (?, 1, ${now})`,
    bindings: [name],
  });
  if (version === undefined || !hasVersions(done)) return;
  await transaction.execute({
    sql: `UPDATE ${migrationTable} SET version = ? WHERE name = ?`,
    bindings: [version, name],
  });
}

async function insertShards(transaction: Executor, shards: number): Promise<void> {
  const numbers = Array.from({ length: shards }, (_, shard) => [shard]);
  const { sql, bindings } = transaction.dialect.recordset({ shard: 'integer' }, numbers, 'r');
  await transaction.execute({
    sql: `INSERT INTO sync_shard (shard, term) SELECT r.shard, 0 FROM ${sql}
          WHERE NOT EXISTS (SELECT 1 FROM sync_shard) ON CONFLICT DO NOTHING`,
    bindings,
  });
}

/** Retries while others keep the tables locked. */
async function insist<T>({ onWait }: MigrationRequest, run: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isLocked(error) || failures >= triesForTables) throw error;
      if (failures === 1) onWait?.('a session holds a lock on the tables: waiting for its release');
      await pause(Math.min(100 * 2 ** failures, longestPauseMs));
    }
  }
}

/** The connection may meet another writer of a SQLite file, too. */
function isLocked(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  return (
    error.kind === 'locked' || error.kind === 'conflict' || error.code?.startsWith('SQLITE_BUSY') === true
  );
}
