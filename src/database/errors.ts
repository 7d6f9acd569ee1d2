import type { Room } from '../domain/err-content.js';

/**
 * What a failed database call means for the caller. Each driver's errors are translated into these in one place
 * (`database/classify.ts` and the Oracle adapter); `consequenceOf` says what each leads to.
 */
export type DatabaseErrorKind =
  /** No connection could be made: down, starting, too many clients. */
  | 'unreachable'
  /** User or password refused. Never tried again by itself: a profile may lock the account. */
  | 'credentials'
  /** The connection broke in the middle of a call; for a commit see `commitUnknown`. */
  | 'connectionLost'
  /** Our own deadline, or the server's, passed. The connection was thrown away. */
  | 'timeout'
  /** Deadlock, serialisation failure, busy. */
  | 'conflict'
  /** Somebody else has locked a row, and the server did not wait for it. */
  | 'locked'
  /** The server is there but cannot work: shutting down, disk full, read-only, out of memory. */
  | 'unavailable'
  /** A commit was sent and no answer came: it may or may not have happened. */
  | 'commitUnknown'
  /** A table, column or privilege is missing. */
  | 'schema'
  /** A key, check or foreign key refuses the data. */
  | 'constraint'
  /** A value does not fit its column. */
  | 'data'
  /** Anything else. */
  | 'other';

/** What an error kind leads to. */
export type Consequence =
  /** Our outage (P6): drop what is in flight, back off, look at the journal, go on. No row is failed for it. */
  | 'retry'
  /** Stop the worker with exit code 3. */
  | 'stop'
  /** Nothing can be applied before somebody repairs the database: open the breaker at once. No row is failed for it. */
  | 'repair'
  /** May be the fault of a row: find it, and count the failure against it and against the breaker. */
  | 'rowError';

const consequences: Readonly<Record<DatabaseErrorKind, Consequence>> = {
  unreachable: 'retry',
  connectionLost: 'retry',
  timeout: 'retry',
  conflict: 'retry',
  locked: 'retry',
  unavailable: 'retry',
  commitUnknown: 'retry',
  credentials: 'stop',
  schema: 'repair',
  constraint: 'rowError',
  data: 'rowError',
  other: 'rowError',
};

/** The one table of what each kind of database error leads to. */
export function consequenceOf(kind: DatabaseErrorKind): Consequence {
  return consequences[kind];
}

/** A failed database call. Its message holds the server's own words, never a statement, a value or a secret. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly kind: DatabaseErrorKind;
  /** The server's or driver's code, such as 23505 or SQLITE_BUSY. */
  readonly code: string | undefined;
  /** The constraint that refused the data, where the server names it. */
  readonly constraint: string | undefined;
  /** How long the text may be that was refused, where the server says so. */
  readonly room: Room | undefined;
  /** Which database failed, as people call it; set by the `Database` (or adapter) the call went to. */
  database: string | undefined;

  constructor(
    kind: DatabaseErrorKind,
    message: string,
    details: {
      code?: string | undefined;
      constraint?: string | undefined;
      room?: Room | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.kind = kind;
    this.code = details.code;
    this.constraint = details.constraint;
    this.room = details.room;
  }
}

/** A product's own code did not end within the deadline, though no statement kept it waiting. */
export class HandlerTimeoutError extends Error {
  override readonly name = 'HandlerTimeoutError';
}

/** A product's own code ended the transaction that it was given a part of, or tried to. */
export class TransactionEndedError extends Error {
  override readonly name = 'TransactionEndedError';
  /** Whether it came through: nothing can be done with the transaction any more. */
  readonly isLost: boolean;

  constructor(message: string, { isLost = false } = {}) {
    super(message);
    this.isLost = isLost;
  }
}
