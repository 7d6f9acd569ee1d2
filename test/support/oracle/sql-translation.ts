import { translateAggregates } from './aggregates.js';
import { swapCase, unsupported } from './errors.js';
import { locksRows, translateLock } from './locked-queries.js';
import { ninths } from './oracle-words.js';
import { limitRownum } from './rownum.js';
import { type StatementKind, type Token } from './sql-tokens.js';

/*
 * A statement of Oracle's that has passed the guard, for PostgreSQL. What Oracle does differently and PostgreSQL can
 * learn stands in the schema `oracle` (oracle-functions.ts), which PostgreSQL searches first; here is the rest.
 *
 * All binds of a row travel as one array of texts, `$1`, so that a batch is a list of such arrays.
 */

/** Types of binds, as the protocol numbers them. */
const bindTypes: Readonly<Record<number, string>> = {
  1: 'varchar',
  96: 'varchar',
  2: 'numeric',
  12: 'timestamp(0)',
  180: 'timestamp',
};

export interface Translation {
  readonly sql: string;
  /** Whether the query locks rows: it belongs to a transaction then. */
  readonly locks: boolean;
}

/**
 * @param types - the type of each bind, by order of appearance
 */
export function translate(
  tokens: readonly Token[],
  kind: StatementKind,
  types: readonly number[],
): Translation {
  const cast = castOfBinds(tokens, types);
  const output = tokens.map((token, index) => cast.get(index) ?? translateToken(tokens, index));
  if (tokens[0]?.upper === 'DELETE' && tokens[1]?.upper !== 'FROM') output[0] = 'DELETE FROM';
  dropTargetAliases(tokens, output);
  translateAggregates(tokens, output);
  translateLock(tokens, output);
  if (kind === 'query') limitRownum(tokens, output);
  else if (tokens.some(({ upper }) => upper === 'ROWNUM'))
    throw unsupported('ROWNUM in a statement that is no query');
  if (kind === 'dml' && tokens.some(({ upper }) => upper === 'RETURNING'))
    throw unsupported('RETURNING … INTO');
  return { sql: output.join(' '), locks: locksRows(tokens) };
}

function castOfBinds(tokens: readonly Token[], types: readonly number[]): ReadonlyMap<number, string> {
  const casts = new Map<number, string>();
  tokens.forEach((token, index) => {
    if (token.kind !== 'bind') return;
    const position = casts.size;
    const type = bindTypes[types[position] ?? -1];
    if (type === undefined) throw unsupported(`a bind of type ${types[position] ?? 'none'}`);
    casts.set(index, `CAST((CAST($1 AS text[]))[${position + 1}] AS ${type})`);
  });
  return casts;
}

/** Words for which PostgreSQL has another. */
const renamed: Readonly<Record<string, string>> = {
  SYSDATE: 'oracle.sysdate()',
  SYSTIMESTAMP: 'statement_timestamp()',
  CURRENT_DATE: 'oracle.session_date()',
  USER: 'oracle.user_name()',
  DBTIMEZONE: "CAST('+00:00' AS varchar)",
  SESSIONTIMEZONE: "CAST(current_setting('TimeZone') AS varchar)",
  MINUS: 'EXCEPT',
};

/** Functions that are part of PostgreSQL's grammar: only with the schema in front they are ours. */
const qualified = new Set(['GREATEST', 'LEAST']);

function translateToken(tokens: readonly Token[], index: number): string {
  const token = tokens[index]!;
  const before = tokens[index - 1];
  switch (token.kind) {
    case 'quoted':
      return swapCase(token.text);
    case 'string':
      return translateString(token.text, before?.upper ?? '');
    case 'word': {
      if (before?.text === '.') return token.text;
      if (qualified.has(token.upper)) return `oracle.${token.text}`;
      if (token.upper === 'DATE' || token.upper === 'TIMESTAMP') return translateDateWord(tokens, index);
      const isType = before?.upper === 'AS' && tokens[index + 1]?.text === '(';
      if (token.upper === 'VARCHAR2') return 'varchar';
      if (token.upper === 'NUMBER' && (isType || before?.upper === 'AS')) return 'numeric';
      // VARCHAR2(20 BYTE), VARCHAR2(20 CHAR)
      if (/^(BYTE|CHAR)$/.test(token.upper) && before?.kind === 'number') return '';
      if (token.upper === 'ROWID') throw unsupported('ROWID');
      return renamed[token.upper] ?? token.text;
    }
    case 'number':
    case 'symbol':
      return token.text === '^=' ? '<>' : token.text;
    case 'bind':
      throw new Error('Binds are translated before.');
  }
}

/** The empty text is NULL; and a text is a text, for which PostgreSQL must not look for a better type. */
function translateString(text: string, before: string): string {
  if (before === 'INTERVAL') return text;
  if (before === 'DATE' || before === 'TIMESTAMP') return `${text} AS timestamp)`;
  return text === "''" ? 'CAST(NULL AS varchar)' : `CAST(${ninths(text)} AS varchar)`;
}

/** `DATE '…'` and `TIMESTAMP '…'` have a time of day; as types, DATE has one too. */
function translateDateWord(tokens: readonly Token[], index: number): string {
  if (tokens[index + 1]?.kind === 'string') return 'CAST(';
  return tokens[index]!.upper === 'DATE' ? 'timestamp(0)' : 'timestamp';
}

/** `UPDATE t x SET x.State = 1`: PostgreSQL takes no alias in front of the column that is set. */
function dropTargetAliases(tokens: readonly Token[], output: string[]): void {
  if (tokens[0]?.upper !== 'UPDATE') return;
  const set = tokens.findIndex(({ upper, depth }) => upper === 'SET' && depth === 0);
  const where = tokens.findIndex(({ upper, depth }) => upper === 'WHERE' && depth === 0);
  const end = where < 0 ? tokens.length : where;
  const startsTarget = (index: number) =>
    index === set + 1 || (tokens[index - 1]?.text === ',' && tokens[index]!.depth === 0);
  for (let index = set + 1; index < end; index++) {
    if (!startsTarget(index)) continue;
    // `SET (x.a, x.b) = (SELECT …)` names several at once.
    const several = tokens[index]!.text === '(';
    const last = several ? tokens[index]!.partner : index;
    for (let at = index; at <= last; at++) {
      if (tokens[at + 1]?.text !== '.') continue;
      output[at] = '';
      output[at + 1] = '';
    }
  }
}
