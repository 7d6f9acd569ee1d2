import { CommanderError } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { DatabaseError, type DatabaseErrorKind } from '../database/errors.js';
import { visibleText } from '../domain/foreign-text.js';
import { RecordError } from '../operator/audit.js';
import { NotOurProductError } from '../operator/requests.js';
import { SettingsDifferError, ShardsDifferError } from '../store/port.js';
import { StoreNewerError } from '../store/setup-port.js';

/** What a command ends with. */
export const ExitCode = {
  Fine: 0,
  Failed: 1,
  /** Wrong usage or configuration. */
  Usage: 2,
  /** A database cannot be reached or refuses the credentials. */
  Unreachable: 3,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

const isUnreachable: ReadonlySet<DatabaseErrorKind> = new Set([
  'unreachable',
  'credentials',
  'connectionLost',
  'timeout',
]);

/** The exit code for an error that ended a command. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Fine : ExitCode.Usage;
  if (isUsageError(error)) return ExitCode.Usage;
  if (error instanceof RecordError) return exitCodeOf(error.cause);
  if (error instanceof DatabaseError && isUnreachable.has(error.kind)) return ExitCode.Unreachable;
  return ExitCode.Failed;
}

function isUsageError(error: unknown): boolean {
  return (
    error instanceof ConfigError ||
    error instanceof ShardsDifferError ||
    error instanceof SettingsDifferError ||
    error instanceof StoreNewerError ||
    error instanceof NotOurProductError
  );
}

/**
 * An error in words for people, on one line: a message may quote what others wrote. Only a configuration has a line for
 * each fault, and a fault of the program its stack. Null where it was printed already.
 */
export function explain(error: unknown): string | null {
  if (error instanceof CommanderError) return null;
  if (error instanceof DatabaseError) return visibleText(explainDatabase(error));
  if (error instanceof RecordError) return `${visibleText(error.message)}: ${explain(error.cause) ?? ''}`;
  if (error instanceof ConfigError) return visibleLines(error.message);
  // Whoever mends the program needs to know where.
  if (error instanceof TypeError || error instanceof ReferenceError)
    return visibleLines(error.stack ?? error.message);
  return visibleText(error instanceof Error ? error.message : String(error));
}

function visibleLines(text: string): string {
  return text.split('\n').map(visibleText).join('\n');
}

function explainDatabase(error: DatabaseError): string {
  const database = error.database ?? 'database';
  switch (error.kind) {
    case 'unreachable':
      return `the ${database} cannot be reached: ${error.message}`;
    case 'credentials':
      return `the ${database} refuses the credentials: ${error.message}`;
    case 'connectionLost':
      return `the connection to the ${database} broke: ${error.message}`;
    case 'timeout':
      return `the ${database} does not answer: ${error.message}`;
    case 'schema':
      return `the ${database} must be repaired: ${error.message} ("bnet-sync doctor" looks for missing tables, columns and privileges)`;
    case 'conflict':
    case 'locked':
    case 'unavailable':
    case 'commitUnknown':
    case 'constraint':
    case 'data':
    case 'other':
      return `the ${database} reports an error: ${error.message}`;
  }
}
