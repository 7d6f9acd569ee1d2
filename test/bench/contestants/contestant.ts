import type { PostgresAccess } from '../../support/postgres-database.js';

/** The databases of one run: for whom works in one database, both are the same. */
export interface Arena {
  readonly middle: PostgresAccess;
  readonly store: PostgresAccess;
  readonly rows: number;
  /** Whether customers have several rows, whose order must be kept. */
  readonly ordered: boolean;
  /** Says how many rows are done, where the contestant knows. */
  readonly onProgress: (rows: number) => void;
}

/** What a contestant says about its own run; times in ms since the epoch. */
export interface Effort {
  /** When it was ready and began to work. */
  readonly startedAt: number;
  /** From the start of its process to its end; absent where it has none of its own. */
  readonly processMs?: number;
  /** The most memory its process ever held, in bytes. */
  readonly peakRssBytes?: number;
  readonly claims?: Claims;
}

/** What became of a worker's polls and claims. */
export interface Claims {
  readonly polls: number;
  /** Polls that found nothing. */
  readonly emptyPolls: number;
  readonly claims: number;
  /** Claims that changed no row. */
  readonly emptyClaims: number;
  /** Rows that were asked for in a claim and not changed by it. */
  readonly rowsNotClaimed: number;
}

/** One of those that are compared. */
export interface Contestant {
  readonly name: string;
  /** Name, version and the way it works, for the report. */
  readonly title: string;
  /** Whether middle database and product store are two databases, or one. */
  readonly databases: 'two' | 'one';
  /** The only mixes that it can do; absent: all. */
  readonly mixes?: readonly string[];
  /** Gets ready: what it does here is not measured. */
  prepare?(arena: Arena): Promise<void>;
  /** Brings every row of the arena to State 2 or 3; resolves when nothing is left. */
  run(arena: Arena): Promise<Effort>;
}
