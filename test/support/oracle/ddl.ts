import { swapCase, unsupported } from './errors.js';
import { tableSql } from './oracle-tables.js';
import type { Token } from './sql-tokens.js';

/*
 * The few statements of data definition that trials and DBA's scripts need: tables of the types of the interface,
 * indexes, comments, truncation, and privileges on tables. Each commits, whatever comes of it.
 */

export interface DdlSurroundings {
  /** Schema of tables that are named without one, by its name in Oracle. */
  readonly schema: string;
  /** The role that stands for a user. */
  roleOf(user: string): string | undefined;
}

/** What PostgreSQL is to execute for a statement of data definition. */
export function translateDdl(tokens: readonly Token[], surroundings: DdlSurroundings): string {
  const text = tokens.map(({ upper }) => upper);
  const [first, second] = text;
  if (first === 'CREATE' && second === 'TABLE') return createTable(tokens, surroundings);
  const isIndex = text.slice(1, 3).includes('INDEX') && (first === 'CREATE' || first === 'DROP');
  if (isIndex) return plain(first === 'CREATE' ? withoutIndexSchema(tokens) : tokens);
  if (first === 'DROP' && second === 'TABLE') return plain(tokens.filter(({ upper }) => upper !== 'PURGE'));
  if (first === 'TRUNCATE' || first === 'COMMENT') return plain(tokens);
  if (first === 'GRANT' || first === 'REVOKE') return privileges(tokens, surroundings);
  throw unsupported(`statements that begin with ${text.slice(0, 2).join(' ')}`);
}

function plain(tokens: readonly Token[]): string {
  return tokens.map(({ kind, text }) => (kind === 'quoted' ? swapCase(text) : text)).join(' ');
}

/** PostgreSQL puts an index where its table is. */
function withoutIndexSchema(tokens: readonly Token[]): readonly Token[] {
  const name = tokens.findIndex(({ upper }) => upper === 'INDEX') + 1;
  const named =
    tokens[name + 1]?.text === '.' ? [...tokens.slice(0, name), ...tokens.slice(name + 2)] : tokens;
  return named.filter(({ upper }) => upper !== 'ONLINE');
}

function privileges(tokens: readonly Token[], { roleOf }: DdlSurroundings): string {
  const preposition = tokens.findIndex(({ upper }) => upper === 'TO' || upper === 'FROM');
  const user = tokens[preposition + 1];
  const role = roleOf(user?.text.replaceAll('"', '').toUpperCase() ?? '');
  const onTable = tokens.some(({ upper }) => upper === 'ON');
  if (role === undefined || !onTable || tokens.length > preposition + 2)
    throw unsupported('this GRANT or REVOKE');
  return `${plain(tokens.slice(0, preposition + 1))} "${role}"`;
}

function createTable(tokens: readonly Token[], { schema }: DdlSurroundings): string {
  const qualified = tokens[3]?.text === '.';
  const name = nameOf(tokens[qualified ? 4 : 2]);
  const open = qualified ? 5 : 3;
  const close = tokens[open]?.partner ?? -1;
  if (tokens[open]?.text !== '(' || close < 0) throw unsupported('this CREATE TABLE');
  let keyed = false;
  const columns = splitAtCommas(tokens.slice(open + 1, close)).map((definition, index) => {
    const type = definition
      .slice(1)
      .map(({ upper }) => upper)
      .join(' ');
    const known =
      /^(DATE|(?:NUMBER|VARCHAR2) \( \d+)(?: , 0)?(?: BYTE)?( \))?(?: NOT NULL)?(?: CONSTRAINT \w+)?( PRIMARY KEY)?$/;
    const parts = known.exec(type);
    if (parts === null || (parts[3] !== undefined && index > 0))
      throw unsupported(`this column: ${plain(definition)}`);
    keyed ||= parts[3] !== undefined;
    return [nameOf(definition[0]), `${parts[1]!}${parts[2] ?? ''}`.replaceAll(' ', '')] as const;
  });
  return tableSql(qualified ? nameOf(tokens[2]) : schema, { name, columns, keyed });
}

function nameOf(token: Token | undefined): string {
  return token?.kind === 'quoted' ? token.text.slice(1, -1) : (token?.upper ?? '');
}

function splitAtCommas(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token.text === ',' && token.depth === 1) parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts;
}
