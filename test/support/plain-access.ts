import { Database, type Result } from '../../src/database/database.js';
import type { Fragment } from '../../src/database/dialects/dialect.js';
import { PlainOracle } from './test-oracle.js';

/** Plain access to a database, past the adapters under test. */
export interface PlainAccess {
  execute(statement: Fragment): Promise<Result>;
  transaction<T>(work: (transaction: Pick<PlainAccess, 'execute'>) => Promise<T>): Promise<T>;
}

/** What tests must write differently for each kind of middle database. */
export interface PlainSql {
  /** A number as text. */
  numberText(expression: string): string;
  /** A date as `YYYY-MM-DD HH:MM:SS`. */
  dateText(expression: string): string;
  /** The placeholder of a date that is bound as such a text. */
  readonly date: string;
  /** Reads the clock as such a text. */
  readonly clock: string;
}

const castText = (expression: string) => `CAST(${expression} AS TEXT)`;
const format = `'YYYY-MM-DD HH24:MI:SS'`;

const sqlite: PlainSql = {
  numberText: castText,
  dateText: castText,
  date: '?',
  clock: `SELECT datetime('now')`,
};

const postgres: PlainSql = {
  numberText: castText,
  dateText: castText,
  date: '?',
  clock: `SELECT to_char(localtimestamp, ${format})`,
};

const oracle: PlainSql = {
  numberText: (expression) => `TO_CHAR(${expression})`,
  dateText: (expression) => `TO_CHAR(${expression}, ${format})`,
  date: `TO_DATE(?, ${format})`,
  clock: `SELECT TO_CHAR(SYSDATE, ${format}) AS now FROM DUAL`,
};

/** The SQL of the database behind this access. */
export function sqlOf(access: PlainAccess): PlainSql {
  if (access instanceof PlainOracle) return oracle;
  return access instanceof Database && access.dialect.name === 'pg' ? postgres : sqlite;
}
