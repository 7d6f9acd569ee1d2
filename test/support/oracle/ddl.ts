import { OracleError, swapCase, unsupported } from './errors.js';
import { type OracleTable, tableSql } from './oracle-tables.js';
import { lockingGrantSql, type UserRoles } from './privileges.js';
import { itemsIn, type Token } from './sql-tokens.js';

/*
 * The few statements of data definition that trials and DBA's scripts need: tables of the types of the interface,
 * indexes, comments, truncation, and privileges on tables. Each commits, whatever comes of it.
 */

export interface DdlSurroundings {
  /** Schema of tables that are named without one, by its name in Oracle. */
  readonly schema: string;
  /** The roles that stand for a user. */
  rolesOf(user: string): UserRoles | undefined;
}

type Translate = (tokens: readonly Token[], surroundings: DdlSurroundings) => string;

const TABLE = String.raw`(?:\w+ \. )?\w+`;
const CASE = String.raw`CASE (?:WHEN \w+ = \d+|\w+ WHEN \d+) THEN \w+(?: ELSE NULL)? END`;
const COLUMN = String.raw`(?:\w+|${CASE})(?: ASC| DESC)?`;
const PRIVILEGE = String.raw`(?:SELECT|READ|INSERT|UPDATE|DELETE|REFERENCES)(?: \( \w+(?: , \w+)* \))?`;

/** Every form that is known, whole: what PostgreSQL would take besides does not get through. */
const forms: readonly (readonly [form: string, translate: Translate])[] = [
  [String.raw`CREATE TABLE ${TABLE} \( .* \)`, createTable],
  [
    String.raw`CREATE (?:UNIQUE )?INDEX ${TABLE} ON ${TABLE} \( ${COLUMN}(?: , ${COLUMN})* \)(?: ONLINE)?`,
    createIndex,
  ],
  [`DROP INDEX ${TABLE}`, plain],
  [`DROP TABLE ${TABLE}(?: PURGE)?`, (tokens) => plain(tokens.filter(({ upper }) => upper !== 'PURGE'))],
  [`TRUNCATE TABLE ${TABLE}`, plain],
  [String.raw`COMMENT ON (?:TABLE|COLUMN \w+ \.) ${TABLE} IS '`, plain],
  [`(?:GRANT|REVOKE) ${PRIVILEGE}(?: , ${PRIVILEGE})* ON ${TABLE} (?:TO|FROM) \\w+`, privileges],
];

/** What is so in PostgreSQL and refused in Oracle, with Oracle's number. */
const refused: readonly (readonly [form: RegExp, number: number, text: string])[] = [
  [/^CREATE (?:UNIQUE )?INDEX .* NULLS /, 907, 'missing right parenthesis'],
  [/^GRANT .*\b(?:SELECT|READ|DELETE) \(/, 969, 'missing ON keyword'],
  [/^REVOKE .*\) ON /, 1750, 'UPDATE/REFERENCES may only be REVOKEd from the whole table, not by column'],
];

/** What PostgreSQL is to execute for a statement of data definition. */
export function translateDdl(tokens: readonly Token[], surroundings: DdlSurroundings): string {
  const statement = formOf(tokens);
  for (const [form, number, text] of refused) if (form.test(statement)) throw new OracleError(number, text);
  const known = forms.find(([form]) => new RegExp(`^${form}$`).test(statement));
  if (known === undefined) throw unsupported(`this form of ${statement.split(' ').slice(0, 2).join(' ')}`);
  return known[1](tokens, surroundings);
}

/** The statement's words in upper case, with `q` for a quoted name and `'` for a text. */
function formOf(tokens: readonly Token[]): string {
  return tokens
    .map(({ kind, upper }) => (kind === 'quoted' ? 'q' : kind === 'string' ? "'" : upper))
    .join(' ');
}

function plain(tokens: readonly Token[]): string {
  return tokens.map(({ kind, text }) => (kind === 'quoted' ? swapCase(text) : text)).join(' ');
}

/** PostgreSQL puts an index where its table is, and an expression in parentheses. */
function createIndex(tokens: readonly Token[]): string {
  return plain(indexTokens(tokens.map(inParentheses)));
}

function inParentheses(token: Token): Token {
  if (token.upper === 'CASE') return { ...token, text: '(CASE' };
  return token.upper === 'END' ? { ...token, text: 'END)' } : token;
}

function indexTokens(tokens: readonly Token[]): readonly Token[] {
  const name = tokens.findIndex(({ upper }) => upper === 'INDEX') + 1;
  const named =
    tokens[name + 1]?.text === '.' ? [...tokens.slice(0, name), ...tokens.slice(name + 2)] : tokens;
  return named.filter(({ upper }) => upper !== 'ONLINE');
}

function privileges(tokens: readonly Token[], { rolesOf }: DdlSurroundings): string {
  const user = nameOf(tokens.at(-1));
  const roles = rolesOf(user);
  if (roles === undefined) throw new OracleError(1917, `user or role '${user}' does not exist`);
  const { role, locker } = roles;
  const on = tokens.findIndex(({ upper }) => upper === 'ON');
  const table = plain(tokens.slice(on + 1, -2));
  const granted = tokens[0]?.upper === 'GRANT';
  const words = tokens.slice(1, on).map(({ upper }) => upper);
  const locking = locker === undefined ? '' : lockingGrantSql(words, table, { granted, locker });
  const known = tokens.map((token) => (token.upper === 'READ' ? { ...token, text: 'SELECT' } : token));
  return `${plain(known.slice(0, -1))} "${role}"; ${locking}`;
}

const columnForm =
  /^(DATE|TIMESTAMP(?: \( \d \))?|NUMBER|NUMBER \( \d+ (?:, \d+ )?\)|VARCHAR2 \( \d+ (?:BYTE )?\))( NOT NULL)?(?: CONSTRAINT \w+)?( PRIMARY KEY)?$/;

function createTable(tokens: readonly Token[], { schema }: DdlSurroundings): string {
  const qualified = tokens[3]?.text === '.';
  const open = qualified ? 5 : 3;
  if (tokens[open]?.partner !== tokens.length - 1) throw unsupported('this CREATE TABLE');
  let keyed = false;
  const columns = itemsIn(tokens, open).map(({ start, end }, index): OracleTable['columns'][number] => {
    const [, type, notNull, key] = columnForm.exec(formOf(tokens.slice(start + 1, end))) ?? [];
    if (type === undefined || (key !== undefined && index > 0))
      throw unsupported(`this column: ${plain(tokens.slice(start, end))}`);
    keyed ||= key !== undefined;
    const name = nameOf(tokens[start]);
    const short = type.replaceAll(/ |BYTE/g, '').replace(',0)', ')');
    return notNull === undefined ? [name, short] : [name, short, 'NOT NULL'];
  });
  const table = { name: nameOf(tokens[open - 1]), columns, keyed };
  return tableSql(qualified ? nameOf(tokens[2]) : schema, table);
}

function nameOf(token: Token | undefined): string {
  return token?.kind === 'quoted' ? token.text.slice(1, -1) : (token?.upper ?? '');
}
