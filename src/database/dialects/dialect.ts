import type { Knex } from 'knex';
import type PQueue from 'p-queue';
import type { DatabaseKind, KnexClient } from '../../domain/clients.js';
import type { DatabaseErrorKind } from '../errors.js';
import type { DatabaseOptions } from '../options.js';

/*
 * The seam between PostgreSQL and SQLite. Both speak the same INSERT … SELECT … ON CONFLICT, UPDATE … FROM and
 * RETURNING, so that one text of a statement serves both; what differs is gathered here.
 */

/** A piece of SQL with the values of its `?` placeholders. */
export interface Fragment {
  readonly sql: string;
  readonly bindings: readonly unknown[];
}

/** Types of a recordset's columns. `number` is a number of up to 30 digits, bound as text. */
export type ColumnType = 'number' | 'text' | 'integer' | 'instant' | 'date';

/** Column names with their types, in order. */
export type Columns = Readonly<Record<string, ColumnType>>;

/** A value that can be bound. */
export type Value = string | number | null;

/** Kinds of errors by patterns of `code: message`; the first that matches holds. */
export type ErrorKinds = readonly (readonly [DatabaseErrorKind, RegExp])[];

/** What a driver answers. */
interface PooledAnswer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly rowCount: number | null;
}

/**
 * A connection to a pooler, which may give each transaction another session of the server. Nothing may be changed that
 * outlives a transaction. Statements have the placeholders of the driver.
 */
export interface PooledConnection {
  /** Begins a transaction with what it needs, in one round trip; returns which session of the server it has. */
  begin(): Promise<string>;
  /** Runs a statement as a transaction of its own, in one round trip. Where it fails, the transaction must be rolled back. */
  executeAlone(statement: Fragment): Promise<PooledAnswer>;
  /** Runs the last statement of a transaction and commits it, in one round trip. The same holds where it fails. */
  executeLast(statement: Fragment): Promise<PooledAnswer>;
  /** Sends a command that takes no values, such as ROLLBACK. */
  run(command: string): Promise<void>;
}

/** A parameter of a connection that a pooler refuses. */
export interface RefusedParameter {
  /** It is one of the server's limits, which can be set with each transaction instead. */
  readonly isLimit: boolean;
  readonly message: string;
}

/** What PostgreSQL and SQLite write differently. */
export interface Dialect {
  readonly name: KnexClient;
  readonly kind: DatabaseKind;
  /** How Knex opens it. `startupLimits`: false once a pooler has refused the limits that connections ask for. */
  config(options: DatabaseOptions, startupLimits: boolean): Knex.Config;
  /** What an error says of a parameter that a pooler refuses; absent where there are no poolers. */
  refusedParameter?(error: unknown): RefusedParameter | null;
  /** How statements go over a connection to a pooler; null for a session of our own. */
  pooled?(connection: object): PooledConnection | null;
  /** What codes of its driver's errors mean. */
  readonly errorCodes: ErrorKinds;
  /** What errors mean whose code does not say it, or that have none. */
  readonly errorMessages: ErrorKinds;
  /** Where the connections of this process wait for each other; absent where they need not. */
  turns?(options: DatabaseOptions): PQueue | undefined;
  /** The driver blocks the only thread while a call lasts: timers and signals get their turn between calls. */
  readonly isSynchronous: boolean;
  /** Whether sessions can be made to go by indexes (`byKey`). */
  readonly hasPlanner: boolean;
  /** Whether columns refuse values that are too long or no numbers. */
  readonly checksColumns: boolean;
  /** Reads the level at which transactions begin by default, as `level`; null where there are no levels. */
  readonly defaultIsolation: string | null;
  /** Reads, through a pooler, `role`, `idle_limit` and `role_idle_limit` in milliseconds (domain/pooler.ts). */
  readonly pooledSession?: string;
  /** A placeholder for a number that is bound as text. */
  readonly number: string;
  /** `column` is one of these numbers. */
  readonly numberIn: (column: string, numbers: readonly string[]) => Fragment;
  /** Rows sent as one parameter per column (or one in all), to be used like a table. */
  readonly recordset: (columns: Columns, rows: readonly (readonly Value[])[], alias: string) => Fragment;
  /** An instant of the product store as ISO 8601 text, UTC. */
  readonly instantText: (expression: string) => string;
  /** The server's clock as an instant, the same within one transaction or later. */
  readonly now: string;
  /** The server's clock, so many milliseconds from now, as an instant. */
  readonly nowPlus: (milliseconds: number) => string;
  /** The server's clock, as many milliseconds from now as an expression says, as an instant. */
  readonly later: (milliseconds: string) => string;
  /** Start of the span of so many minutes that an instant falls into, counted from 1970, as an instant. */
  readonly spanStart: (instant: string, minutes: number) => string;
  /** What sends two statements that change rows and return none, in as few round trips as the database allows. */
  readonly together: (first: Fragment, second: Fragment) => readonly Fragment[];
  /** An expression after whose evaluation the transaction waits so long for a lock and no longer; where there are locks. */
  waitForLocks(milliseconds: number): string;
  /** Locks the rows of `alias` that a SELECT returns; empty where there is one writer anyway. */
  lockRows(alias: string, options?: { skipLocked: true }): string;
}

/** Knex's own warnings are none of ours: errors reach the caller. */
export const quietLog = {
  warn: () => undefined,
  error: () => undefined,
  deprecate: () => undefined,
  debug: () => undefined,
};
