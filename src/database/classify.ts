import { DatabaseError, type DatabaseErrorKind } from './errors.js';

/** SQLSTATEs of PostgreSQL by exact code, then by class; the class is the first two characters. */
const sqlStates: Readonly<Record<string, DatabaseErrorKind>> = {
  '28000': 'credentials',
  '28P01': 'credentials',
  '40001': 'conflict',
  '40P01': 'conflict',
  // The table is published and has no key: whoever owns it must give it one, or REPLICA IDENTITY FULL.
  '55000': 'schema',
  '55P03': 'locked',
  '57014': 'timeout',
  '25P03': 'timeout',
  '25006': 'unavailable',
  '42501': 'schema',
  '3D000': 'unreachable',
  '57P01': 'connectionLost',
  '57P02': 'connectionLost',
  '57P03': 'unreachable',
  '53300': 'unreachable',
};
const sqlStateClasses: Readonly<Record<string, DatabaseErrorKind>> = {
  '08': 'connectionLost',
  '22': 'data',
  '23': 'constraint',
  '3F': 'schema',
  '42': 'schema',
  '53': 'unavailable',
  '57': 'unavailable',
  '58': 'unavailable',
  XX: 'unavailable',
};

/** Primary result codes of SQLite, without the extension (SQLITE_BUSY_SNAPSHOT is a SQLITE_BUSY). */
const sqliteCodes: Readonly<Record<string, DatabaseErrorKind>> = {
  SQLITE_BUSY: 'conflict',
  SQLITE_LOCKED: 'conflict',
  SQLITE_FULL: 'unavailable',
  SQLITE_READONLY: 'unavailable',
  SQLITE_IOERR: 'unavailable',
  SQLITE_NOMEM: 'unavailable',
  SQLITE_CORRUPT: 'unavailable',
  SQLITE_NOTADB: 'unreachable',
  SQLITE_CANTOPEN: 'unreachable',
  SQLITE_CONSTRAINT: 'constraint',
  SQLITE_TOOBIG: 'data',
  SQLITE_MISMATCH: 'data',
};

const socketCodes: Readonly<Record<string, DatabaseErrorKind>> = {
  ECONNREFUSED: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ECONNRESET: 'connectionLost',
  EPIPE: 'connectionLost',
  ETIMEDOUT: 'timeout',
};

/** Messages of pg and knex that come without a code. */
const messages: readonly (readonly [RegExp, DatabaseErrorKind])[] = [
  [
    /connection terminated|client has encountered a connection error|connection ended|not queryable/i,
    'connectionLost',
  ],
  [/timeout expired|timeout acquiring a connection|query read timeout/i, 'timeout'],
  [/no such table|no such column|has no column named/i, 'schema'],
  [/directory does not exist|unable to open database/i, 'unreachable'],
  [/password must be a string|no password supplied/i, 'credentials'],
];

interface DriverError {
  readonly message: string;
  readonly code?: unknown;
  readonly constraint?: unknown;
  readonly errors?: unknown;
}

/** Translates an error of pg, better-sqlite3 or knex; an error that no database raised is passed through as it is. */
export function classify(error: unknown): unknown {
  if (error instanceof DatabaseError || !isDriverError(error)) return error;
  const inner = firstOf(error);
  const code = typeof inner.code === 'string' ? inner.code : undefined;
  const kind = kindOf(code, inner.message);
  if (kind === undefined) return error;
  const constraint = typeof inner.constraint === 'string' ? inner.constraint : undefined;
  const characters = code === '22001' ? /\((\d+)\)/.exec(inner.message)?.[1] : undefined;
  const room = characters === undefined ? undefined : { characters: Number(characters) };
  return new DatabaseError(kind, plainMessage(inner.message), { code, constraint, room, cause: error });
}

/**
 * Translates an error that kept a connection from being made. Unless the credentials were refused it is a database that
 * cannot be reached, whatever part of the system, of TLS or of the driver said so; never a lost connection, as nothing was
 * sent. Faults of this program, and a driver that cannot be loaded, are passed through.
 */
export function classifyConnecting(error: unknown): unknown {
  const known = classify(error);
  return known instanceof Error ? cannotConnect(known) : known;
}

/** The same for an error whose kind is known, where it has one. */
export function cannotConnect(error: Error): Error {
  if (error instanceof DatabaseError && (error.kind === 'credentials' || error.kind === 'unreachable'))
    return error;
  const inner = firstOf(error);
  const code = typeof inner.code === 'string' ? inner.code : undefined;
  const isBug = inner instanceof TypeError || inner instanceof ReferenceError;
  if (code === undefined ? isBug : notLoaded.has(code)) return error;
  const message = inner.message.startsWith(outOfTime) ? 'no connection could be made in time' : inner.message;
  return new DatabaseError('unreachable', message, { code, cause: error });
}

/** The driver's native part was built for another system or version of Node, or is missing. */
const notLoaded = new Set(['ERR_DLOPEN_FAILED', 'MODULE_NOT_FOUND']);

/** What Knex says whenever its pool's time is up; the rest of its words would mislead. */
const outOfTime = 'Knex: Timeout acquiring a connection';

/** A host with several addresses fails with an AggregateError: its first error tells why. */
function firstOf(error: DriverError): DriverError {
  const first: unknown = Array.isArray(error.errors) ? error.errors[0] : undefined;
  return isDriverError(first) ? first : error;
}

/** Undefined: not an error of a database. */
function kindOf(code: string | undefined, message: string): DatabaseErrorKind | undefined {
  const byMessage = messages.find(([pattern]) => pattern.test(message))?.[1];
  if (code === undefined) return byMessage;
  // A security policy refuses a row with the code of a missing privilege.
  if (code === '42501' && message.includes('row-level security')) return 'constraint';
  if (code === 'SQLITE_ERROR') return byMessage ?? 'other';
  if (code.startsWith('SQLITE_')) return sqliteCodes[/^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code] ?? 'other';
  const known = sqlStates[code] ?? socketCodes[code] ?? sqlStateClasses[code.slice(0, 2)] ?? byMessage;
  return known ?? (/^[0-9A-Z]{5}$/.test(code) ? 'other' : undefined);
}

/** Knex puts the whole statement in front of the server's words, with ` - ` between them. */
function plainMessage(message: string): string {
  const separator = message.lastIndexOf(' - ');
  return separator === -1 ? message : message.slice(separator + 3);
}

function isDriverError(error: unknown): error is DriverError {
  return error instanceof Error;
}
