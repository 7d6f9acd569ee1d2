import type { KnexClient } from '../domain/clients.js';

/** How to open a database. */
export interface DatabaseOptions {
  /** What people call this database, for errors: `middle database`. */
  readonly name?: string;
  readonly client: KnexClient;
  /** What the driver takes: a string, or an object (`filename` for SQLite). */
  readonly connection: string | Readonly<Record<string, unknown>>;
  /** PostgreSQL: the hosts that are tried for one that accepts writes, in this order. Default: the connection's own, whatever it accepts. */
  readonly hosts?: readonly ServerHost[];
  /** How the connection names itself to the server (application_name). */
  readonly applicationName: string;
  /** The most connections held at once; SQLite always has one. */
  readonly maxConnections: number;
  /** Deadline of each call. */
  readonly callTimeoutMs: number;
  /** After how long the server itself ends a long statement or an idle transaction, so that a hung client frees its locks. */
  readonly serverTimeoutMs: number;
  /** How long a statement may take where that is longer than a call: for migrations. The server sets no limit of its own then. */
  readonly statementLimitMs?: number;
  /**
   * PostgreSQL: statements reach a few hundred rows by key in tables of any size, so the planner is told to go by the
   * indexes. Left to itself it reads whole tables, whose size it does not know after a bulk load. Default: false.
   */
  readonly byKey?: boolean;
  /** SQLite: wait for the other databases of this process that do, on the same file. Default: false. */
  readonly takesTurns?: boolean;
  /** PostgreSQL: where unqualified names are looked up first. Default: as the role and the connection say. */
  readonly schema?: OwnSchema;
  /** SQLite: deterministic functions that statements may use. */
  readonly functions?: Readonly<Record<string, SqlFunction>>;
}

/** A host, and what takes the place of the connection's settings to lead there. */
export interface ServerHost {
  /** For errors: `db1:5432`. */
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A schema that is named, with the tables that are ours there. */
export interface OwnSchema {
  readonly name: string;
  readonly tables: readonly string[];
}

/** A function that SQLite calls. */
export type SqlFunction = (...values: (string | number | null)[]) => string | number | null;
