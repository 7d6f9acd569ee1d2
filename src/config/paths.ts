import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { connectionIssues, sqliteFilename, type Connection } from './connection.js';
import type { Config } from './schema.js';
import { isRecord } from './unchecked.js';

/** The configuration with absolute paths: SQLite files, the module of handlers, Oracle's folders. */
export function resolvePaths(config: Config, baseDir: string): Config {
  const { middle, store } = config;
  const absolute = (path: string): string => resolve(baseDir, path);
  return {
    ...config,
    middle: {
      ...middle,
      connection: resolveConnection(middle, baseDir),
      ...ifGiven(middle.oracle, (oracle) => ({
        oracle: {
          ...oracle,
          ...ifGiven(oracle.walletLocation, (folder) => ({ walletLocation: absolute(folder) })),
          ...ifGiven(oracle.thick?.libDir, (folder) => ({ thick: { libDir: absolute(folder) } })),
        },
      })),
    },
    store: {
      ...store,
      connection: resolveConnection(store, baseDir),
      ...ifGiven(store.handlers, (file) => ({ handlers: absolute(file) })),
    },
  };
}

function ifGiven<T, U>(value: T | undefined, make: (value: T) => U): U | undefined {
  return value === undefined ? undefined : make(value);
}

function resolveConnection(end: Config['middle'] | Config['store'], baseDir: string): Connection {
  const { connection } = end;
  const filename = end.client === 'better-sqlite3' ? sqliteFilename(connection) : undefined;
  if (filename === undefined) return connection;
  const file = resolve(baseDir, filename);
  return typeof connection === 'string' ? file : { ...connection, filename: file };
}

/**
 * Whether both databases of unchecked input are one SQLite file, by whatever path: two writers of
 * one process on one file would lock each other out.
 */
export function isOneSqliteFile(input: unknown, baseDir: string): boolean {
  if (!isRecord(input)) return false;
  const middle = realSqliteFile(input['middle'], baseDir);
  return middle !== undefined && middle === realSqliteFile(input['store'], baseDir);
}

function realSqliteFile(end: unknown, baseDir: string): string | undefined {
  if (!isRecord(end) || end['client'] !== 'better-sqlite3') return undefined;
  const filename = sqliteFilename(end['connection']);
  if (filename === undefined || connectionIssues(end['client'], end['connection']).length > 0)
    return undefined;
  return realPath(resolve(baseDir, filename));
}

/** The path without symbolic links, as far as it exists already. */
function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path));
}
