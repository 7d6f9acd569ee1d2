import { dialects } from './dialects/dialects.js';
import { DatabaseError, type DatabaseErrorKind } from './errors.js';

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

/** Of all drivers: a handler may call another database. Codes go before messages. */
const all = Object.values(dialects);
const errorKinds = [
  ...all.flatMap(({ errorCodes }) => errorCodes),
  ...all.flatMap(({ errorMessages }) => errorMessages),
];

/** Undefined: not an error of a database. */
function kindOf(code = '', message: string): DatabaseErrorKind | undefined {
  const known =
    socketCodes[code] ?? errorKinds.find(([, pattern]) => pattern.test(`${code}: ${message}`))?.[0];
  return known ?? (message.includes(outOfTime) ? 'timeout' : undefined);
}

/** Knex puts the whole statement in front of the server's words, with ` - ` between them. */
function plainMessage(message: string): string {
  const separator = message.lastIndexOf(' - ');
  return separator === -1 ? message : message.slice(separator + 3);
}

function isDriverError(error: unknown): error is DriverError {
  return error instanceof Error;
}
