import type { Executor } from '../../database/database.js';
import type { StoreSetup } from '../setup-port.js';

/*
 * What PostgreSQL and SQLite write differently in the product store, besides what every statement may need
 * (src/database/dialects).
 */

/** Types of columns, and what goes with them. */
export interface StoreTypes {
  readonly number: string;
  readonly instant: string;
  readonly text: (length: number) => string;
  /** A primary key that the database counts up. */
  readonly identity: string;
  /** What lets the deletions of a table without a key be replicated, where a database needs it said. */
  readonly replicateWhole: (table: string) => readonly string[];
}

/** Where the tables of a store are, or would go. */
export interface Place extends Pick<StoreSetup, 'schema' | 'noSchema' | 'elsewhere' | 'encoding'> {
  /** Which of our tables' names are taken. */
  readonly present: readonly string[];
  /** Whether there is a record of migrations. */
  readonly isRecorded: boolean;
}

/** What to look for. */
export interface PlaceRequest {
  /** The schema that was asked for, where one was. */
  readonly chosen: string | undefined;
  /** The record of migrations. */
  readonly record: string;
  /** Every table's name. */
  readonly tables: readonly string[];
}

/** The differences. */
export interface StoreDialect {
  readonly types: StoreTypes;
  /** The server's name as an expression (server-check.ts); null where there is no server. */
  readonly serverName: string | null;
  /** Reads as whom we are connected, as `name`; null where there are no users. */
  readonly user: string | null;
  /** Arguments of the lock that keeps other migrations out until the transaction ends; null where there is one writer. */
  readonly migrationLock: string | null;
  readPlace(executor: Executor, request: PlaceRequest): Promise<Place>;
}
