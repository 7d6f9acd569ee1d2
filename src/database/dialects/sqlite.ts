import type { Knex } from 'knex';
import PQueue from 'p-queue';
import type { DatabaseOptions, SqlFunction } from '../options.js';
import { quietLog, type Dialect } from './dialect.js';

/** SQLite, with 30-digit numbers as TEXT and instants as ISO 8601 text. */
export const sqliteDialect: Dialect = {
  name: 'better-sqlite3',
  kind: 'sqlite',
  config,
  errorCodes: [
    ['conflict', /^SQLITE_(BUSY|LOCKED)/],
    ['unavailable', /^SQLITE_(FULL|READONLY|IOERR|NOMEM|CORRUPT)/],
    ['unreachable', /^SQLITE_(NOTADB|CANTOPEN)/],
    ['constraint', /^SQLITE_CONSTRAINT/],
    ['data', /^SQLITE_(TOOBIG|MISMATCH)/],
    ['other', /^SQLITE_(?!ERROR: )/],
  ],
  errorMessages: [
    ['schema', /no such table|no such column|has no column named/i],
    ['unreachable', /directory does not exist|unable to open database/i],
    ['other', /^SQLITE_ERROR: /],
  ],
  turns,
  isSynchronous: true,
  hasPlanner: false,
  checksColumns: false,
  defaultIsolation: null,
  number: '?',
  numberIn: (column, numbers) => ({
    sql: `${column} IN (SELECT value FROM json_each(?))`,
    bindings: [JSON.stringify(numbers)],
  }),
  recordset(columns, rows, alias) {
    const picked = Object.keys(columns).map((name, index) => `value->>${index} AS ${name}`);
    return {
      sql: `(SELECT ${picked.join(', ')} FROM json_each(?)) AS ${alias}`,
      bindings: [JSON.stringify(rows)],
    };
  },
  instantText: (expression) => expression,
  now: `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`,
  nowPlus: (milliseconds) => `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '${milliseconds / 1000} seconds')`,
  later: (milliseconds) => `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (${milliseconds} / 1000.0) || ' seconds')`,
  spanStart: (instant, minutes) =>
    `strftime('%Y-%m-%dT%H:%M:%fZ', unixepoch(${instant}) / ${minutes * 60} * ${minutes * 60}, 'unixepoch')`,
  together: (first, second) => [first, second],
  waitForLocks: () => 'NULL',
  lockRows: () => '',
};
function config(options: DatabaseOptions): Knex.Config {
  const { connection } = options;
  const settings = typeof connection === 'string' ? { filename: connection } : connection;
  return {
    client: 'better-sqlite3',
    connection: settings,
    useNullAsDefault: true,
    pool: {
      min: 0,
      max: 1,
      afterCreate: (
        connection: SqliteConnection,
        done: (error: Error | null, connection: unknown) => void,
      ) => {
        try {
          prepareSqlite(connection, options);
          done(null, connection);
        } catch (error) {
          done(error as Error, connection);
        }
      },
    },
    acquireConnectionTimeout: options.callTimeoutMs,
    log: quietLog,
  };
}

interface SqliteConnection {
  pragma(text: string): unknown;
  function(name: string, options: { deterministic: boolean }, implementation: SqlFunction): unknown;
}

const sqliteBusyTimeoutMs = 2000;

function prepareSqlite(connection: SqliteConnection, options: DatabaseOptions): void {
  connection.pragma(`busy_timeout = ${sqliteBusyTimeoutMs}`);
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  for (const [name, implementation] of Object.entries(options.functions ?? {})) {
    connection.function(name, { deterministic: true }, implementation);
  }
}

/*
 * SQLite has one writer, and its driver waits for it inside a call, on the only thread there is. Where the writer is
 * another connection of this process, it could never end while the driver waits. So the connections of a process to one
 * file take turns.
 */

const turnsAtFile = new Map<string, PQueue>();

function turns({ connection, takesTurns }: DatabaseOptions): PQueue | undefined {
  if (takesTurns !== true) return undefined;
  const file = typeof connection === 'string' ? connection : String(connection['filename']);
  const present = turnsAtFile.get(file) ?? new PQueue({ concurrency: 1 });
  turnsAtFile.set(file, present);
  return present;
}
