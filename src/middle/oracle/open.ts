import oracledb from 'oracledb';
import type { OpenMiddle } from '../open-middle.js';
import { OracleDatabase, type OracleOptions } from './database.js';
import { OracleMiddleDatabase } from './middle-database.js';
import { OracleMiddleAdmin } from './middle-admin.js';
import type { MiddleTables } from '../tables.js';

/** Settings of the driver (`middle.oracle`), with absolute paths. */
interface OracleSettings {
  /** Thick mode, with the Oracle client's libraries in `libDir` or on the system's search path. */
  readonly thick?: { readonly libDir?: string | undefined } | undefined;
  readonly walletLocation?: string | undefined;
  readonly walletPassword?: string | undefined;
}

/** How to reach a middle database on Oracle. */
export interface OpenOracleOptions extends Omit<OracleOptions, 'connection'> {
  /** `middle.connection`: the driver's attributes, or `user/password@connectString`. */
  readonly connection: string | Readonly<Record<string, unknown>>;
  readonly settings: OracleSettings;
}

/** The Oracle client for Thick mode could not be loaded. */
export class ThickModeError extends Error {
  override readonly name = 'ThickModeError';
}

/** A middle database on Oracle. Connects at the first call. */
export function openOracle(database: OracleDatabase, tables: MiddleTables): OpenMiddle {
  return {
    database: new OracleMiddleDatabase(database, tables),
    admin: new OracleMiddleAdmin(database, tables),
    pool: () => database.pool(),
    close: () => database.close(),
  };
}

/** Connections to Oracle. ThickModeError if Thick mode is requested but unavailable. */
export function openOracleDatabase({ settings, connection, ...options }: OpenOracleOptions): OracleDatabase {
  const { thick, walletLocation, walletPassword } = settings;
  const attributes = attributesOf(connection);
  if (thick !== undefined) useThickMode({ libDir: thick.libDir, configDir: attributes['configDir'] });
  return new OracleDatabase({
    ...options,
    connection: {
      ...attributes,
      ...(walletLocation !== undefined && { walletLocation }),
      ...(walletPassword !== undefined && { walletPassword }),
    },
  });
}

/**
 * A connection's attributes. A text is `user/password@connectString`: the user ends at the first `/`, the connect
 * string begins after the last `@`, so a password may contain both. It may be quoted, as Oracle's tools then require;
 * no password contains quotes.
 */
export function attributesOf(connection: OpenOracleOptions['connection']): Readonly<Record<string, unknown>> {
  if (typeof connection !== 'string') return connection;
  const [, user, password, connectString] = /^([^/@]+)\/(.+)@([^@]+)$/s.exec(connection.trim()) ?? [];
  if (password === undefined) throw new Error('the connection is not user/password@connectString');
  return { user, password: password.replace(/^"(.*)"$/s, '$1'), connectString };
}

/** Set once per process. There the client gets the path of its files, not each connection. */
function useThickMode(folders: { readonly libDir: string | undefined; readonly configDir: unknown }): void {
  if (!oracledb.thin) return;
  const given = Object.entries(folders).filter(([, folder]) => folder !== undefined);
  try {
    oracledb.initOracleClient(Object.fromEntries(given));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new ThickModeError(`the Oracle client cannot be loaded: ${reason}`);
  }
  if (oracledb.oracleClientVersion < oldestClient)
    throw new ThickModeError(
      `the Oracle client is ${oracledb.oracleClientVersionString}: 19 or later is needed`,
    );
}

/** Version 19 as the driver writes it: the oldest that works. */
const oldestClient = 1_900_000_000;
