/* Oracle's errors, and which of them stands for which of PostgreSQL's. */

/** An error as an Oracle server reports it. */
export class OracleError extends Error {
  /**
   * @param number - of `ORA-nnnnn`
   * @param offset - where in the statement, counted from 0
   */
  constructor(
    readonly number: number,
    text: string,
    readonly offset = 0,
  ) {
    super(`ORA-${String(number).padStart(5, '0')}: ${text}`);
  }
}

/** What the stand-in itself cannot do: a number that no Oracle server uses by itself, so that it stands out. */
export function unsupported(what: string): OracleError {
  return new OracleError(20_999, `the stand-in does not know ${what}`);
}

/** What PostgreSQL says of an error. */
export interface PostgresFailure {
  readonly code: string;
  readonly message: string;
  readonly table?: string | null;
  readonly column?: string | null;
  readonly constraint?: string | null;
  readonly detail?: string | null;
}

/** The code under which our own functions in PostgreSQL raise an error that says `ORA-nnnnn: …`. */
export const RAISED_HERE = 'OR000';

/** Whether an error is of the statement itself, so that no row of a batch can be better off. */
export function isOfStatement({ code }: PostgresFailure): boolean {
  return code.startsWith('42');
}

type Meaning = readonly [number: number, text: string];

const meanings: Readonly<Record<string, (failure: PostgresFailure) => Meaning>> = {
  '08P01': () => [1008, 'not all variables bound'],
  '21000': () => [1427, 'single-row subquery returns more than one row'],
  '22001': () => [12_899, 'value too large for column'],
  '22003': () => [1438, 'value larger than specified precision allowed for this column'],
  '22007': () => [1861, 'literal does not match format string'],
  '22008': ({ message }) =>
    message.startsWith('timestamp out of range')
      ? [1841, '(full) year must be between -4713 and +9999, and not be 0']
      : [1843, 'not a valid month'],
  '22012': () => [1476, 'divisor is equal to zero'],
  '22P02': () => [1722, 'invalid number'],
  '23502': ({ table, column }) => [1400, `cannot insert NULL into (${upper(table)}.${upper(column)})`],
  '23505': ({ constraint }) => [1, `unique constraint (${upper(constraint)}) violated`],
  '23514': ({ constraint }) => [2290, `check constraint (${upper(constraint)}) violated`],
  '3F000': () => [942, 'table or view does not exist'],
  '40P01': () => [60, 'deadlock detected while waiting for resource'],
  '42501': ({ message }) =>
    // Whoever may do nothing at all with a table is told that there is none.
    /for schema|does not exist/.test(message)
      ? [942, 'table or view does not exist']
      : [1031, 'insufficient privileges'],
  '42601': ({ message }) => [933, `SQL command not properly ended (PostgreSQL: ${message})`],
  '42702': ({ message }) => [918, `column ambiguously defined (${message})`],
  '42703': ({ message }) => [904, `${identifierIn(message)}: invalid identifier`],
  '42803': () => [979, 'not a GROUP BY expression'],
  '42804': (failure) => mismatch(failure),
  '42883': (failure) => mismatch(failure),
  '42P20': () => [30_483, 'window functions are not allowed here'],
  '42P01': () => [942, 'table or view does not exist'],
  '42P07': () => [955, 'name is already used by an existing object'],
  '55P03': () => [54, 'resource busy and acquire with NOWAIT specified or timeout expired'],
  '57014': () => [1013, 'user requested cancel of current operation'],
  '57P01': () => [3113, 'end-of-file on communication channel'],
};

/** Oracle's error for one of PostgreSQL's. */
export function fromPostgres(failure: PostgresFailure): OracleError {
  if (failure.code === RAISED_HERE) {
    const raised = /^ORA-(\d{5}): (.*)$/s.exec(failure.message);
    if (raised !== null) return new OracleError(Number(raised[1]), raised[2]!);
  }
  const meaning = meanings[failure.code];
  if (meaning === undefined) {
    return unsupported(`an Oracle number for PostgreSQL's ${failure.code}: ${failure.message}`);
  }
  return new OracleError(...meaning(failure));
}

/** Any error as Oracle's; null when it is neither PostgreSQL's nor Oracle's and the connection has to go. */
export function asOracleError(error: unknown): OracleError | null {
  if (error instanceof OracleError) return error;
  return isPostgresFailure(error) ? fromPostgres(error) : null;
}

function isPostgresFailure(error: unknown): error is PostgresFailure & Error {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.length === 5
  );
}

/** Text is not compared with dates without a format, whatever PostgreSQL could read out of it. */
function mismatch({ message }: PostgresFailure): Meaning {
  if (message.startsWith('function')) return [904, `${identifierIn(message)}: invalid identifier`];
  return message.includes('timestamp') && message.includes('character varying')
    ? [1861, 'literal does not match format string']
    : [932, `inconsistent datatypes (PostgreSQL: ${message})`];
}

function identifierIn(message: string): string {
  const name = /column "?([^" ]+)"?|function (\S+)\(/.exec(message);
  return `"${swapCase(name?.[1] ?? name?.[2] ?? '?').replaceAll('.', '"."')}"`;
}

function upper(name: string | null | undefined): string {
  return `"${swapCase(name ?? '?')}"`;
}

/** PostgreSQL folds names to lower case and Oracle to upper: one's quoted name is the other's with the case swapped. */
export function swapCase(name: string): string {
  return name.replace(/[A-Za-z]/g, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}
