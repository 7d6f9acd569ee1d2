import type { Executor } from '../../database/database.js';
import type { Replication } from '../../domain/replication.js';
import type { StoreSetup } from '../setup-port.js';

/*
 * Differences between PostgreSQL and SQLite in the product store, beyond those of any statement
 * (src/database/dialects).
 */

/** Types of columns, and what goes with them. */
export interface StoreTypes {
  readonly number: string;
  readonly instant: string;
  readonly text: (length: number) => string;
  /** An auto-incremented primary key. */
  readonly identity: string;
  /** Makes deletions from a table without a key replicable, where a database needs it. */
  readonly replicateWhole: (table: string) => readonly string[];
  /** Has a table cleaned and analysed after so many changed rows, however large it is, where a database does that. */
  readonly tidyAfter: (table: string, rows: number) => readonly string[];
}

/** Where a store's tables are, or would go. */
export interface Place extends Pick<StoreSetup, 'schema' | 'noSchema' | 'elsewhere' | 'encoding'> {
  /** Which of our table names are taken. */
  readonly present: readonly string[];
  /** Whether there is a record of migrations. */
  readonly isRecorded: boolean;
}

/** What to look for. */
export interface PlaceRequest {
  /** The requested schema, if any. */
  readonly chosen: string | undefined;
  /** The record of migrations. */
  readonly record: string;
  /** Every table's name. */
  readonly tables: readonly string[];
}

/** The differences. */
export interface StoreDialect {
  readonly types: StoreTypes;
  /** The server's name as an expression (server-check.ts); null without a server. */
  readonly serverName: string | null;
  /** Reads the connected user as `name`; null where there are no users. */
  readonly user: string | null;
  /** Arguments of the lock that excludes other migrations until the transaction ends; null if there is one writer. */
  readonly migrationLock: string | null;
  readPlace(executor: Executor, request: PlaceRequest): Promise<Place>;
  /** How the server keeps what is committed; null without a server. */
  readReplication(executor: Executor): Promise<Replication | null>;
}
