import { OracleError } from './errors.js';
import { guardLockedQuery } from './locked-queries.js';
import { beforeParenthesis, castTypes, comparisons, functions, reserved, symbols } from './oracle-words.js';
import { itemsIn, queryBlocks, type StatementKind, type Token } from './sql-tokens.js';

/*
 * Refuses what PostgreSQL would take and Oracle would not: without this, a statement that only PostgreSQL understands
 * would pass every test here. Numbers are those of Oracle 19c as far as they are known; see docs/oracle-stand-in.md.
 */

const LONGEST_LIST = 1000;
const dateParts = /^(YEAR|MONTH|DAY|HOUR|MINUTE|SECOND)$/;

type Rule = (tokens: readonly Token[], kind: StatementKind) => void;

/** Throws the OracleError that Oracle would answer, if it would refuse the statement. */
export function guard(tokens: readonly Token[], kind: StatementKind): void {
  for (const rule of kind === 'ddl' ? rulesOfDefinition : rules) rule(tokens, kind);
}

/** Data definition is known form by form (ddl.ts). */
const rulesOfDefinition: readonly Rule[] = [foreignSymbols];

const rules: readonly Rule[] = [
  foreignSymbols,
  bindNames,
  foreignWords,
  functionsAndTypes,
  reservedAliases,
  listLengths,
  rowValues,
  selectWithoutFrom,
  tableAliases,
  guardLockedQuery,
  changes,
];

function refuse(number: number, text: string, token?: Token): never {
  throw new OracleError(number, text, token?.at ?? 0);
}

const notEnded = (token?: Token): never => refuse(933, 'SQL command not properly ended', token);

function foreignSymbols(tokens: readonly Token[]): void {
  for (const token of tokens) {
    if (token.text === ';') notEnded(token);
    const foreign =
      (token.kind === 'symbol' && !symbols.has(token.text)) ||
      (token.kind === 'word' && token.text.startsWith('_'));
    if (foreign) refuse(911, 'invalid character', token);
    if (token.kind === 'quoted' && token.text === '""') refuse(1741, 'illegal zero-length identifier', token);
    if (token.kind === 'word' && token.text.length > 128) refuse(972, 'identifier is too long', token);
  }
}

/** A bind's name is a name like any other. */
function bindNames(tokens: readonly Token[]): void {
  for (const token of tokens) {
    if (token.kind === 'bind' && reserved.has(token.upper.slice(1)))
      refuse(1745, 'invalid host/bind variable name', token);
  }
}

/** Words that would be names in Oracle, or have no place where PostgreSQL takes them. */
const wordRules: Readonly<
  Record<string, (token: Token, next: Token | undefined, before: Token | undefined) => void>
> = {
  LIMIT: (token) => notEnded(token),
  EXCEPT: (token) => notEnded(token),
  CONFLICT: (token) => notEnded(token),
  ILIKE: (token) => refuse(920, 'invalid relational operator', token),
  SIMILAR: (token) => refuse(920, 'invalid relational operator', token),
  TRUE: (token) => refuse(904, '"TRUE": invalid identifier', token),
  FALSE: (token) => refuse(904, '"FALSE": invalid identifier', token),
  MATERIALIZED: (token) => refuse(905, 'missing keyword', token),
  DISTINCT: (token, next, before) => {
    if (before?.upper === 'IS' || before?.upper === 'NOT') refuse(908, 'missing NULL keyword', token);
    if (next?.upper === 'ON') refuse(936, 'missing expression', next);
  },
  BY: (_token, next, before) => {
    if (before?.upper === 'GROUP' && next?.kind === 'number') refuse(979, 'not a GROUP BY expression', next);
  },
};

function foreignWords(tokens: readonly Token[]): void {
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    const next = tokens[index + 1];
    if (token.kind === 'word' && before?.text !== '.') wordRules[token.upper]?.(token, next, before);
    if (token.upper === 'OFFSET' && !/^ROWS?$/.test(tokens[index + 2]?.upper ?? '')) notEnded(token);
    if (
      token.upper === 'INTERVAL' &&
      next?.kind === 'string' &&
      !dateParts.test(tokens[index + 2]?.upper ?? '')
    ) {
      refuse(30_089, 'missing or invalid <datetime field>', next);
    }
    if (token.text === '*' && before?.upper === 'SELECT' && next?.text === ',') {
      refuse(923, 'FROM keyword not found where expected', next);
    }
  });
}

function functionsAndTypes(tokens: readonly Token[]): void {
  tokens.forEach((token, index) => {
    const called = token.kind === 'word' && tokens[index + 1]?.text === '(';
    if (called && !functions.has(token.upper) && !isNoCall(tokens, index)) {
      refuse(904, `"${token.upper}": invalid identifier`, token);
    }
    if (token.upper !== 'CAST' || !called) return;
    const end = tokens[index + 1]!.partner;
    const as = tokens.findIndex(
      ({ upper, depth }, at) => at > index && at < end && upper === 'AS' && depth === token.depth + 1,
    );
    const type = tokens[as + 1];
    if (type !== undefined && !castTypes.has(type.upper)) refuse(902, 'invalid datatype', type);
    if (type?.upper.startsWith('VARCHAR') && tokens[as + 2]?.text !== '(') {
      refuse(906, 'missing left parenthesis', tokens[as + 2]);
    }
  });
}

/** Whether a word in front of a parenthesis is a keyword, a type, or a table whose columns follow. */
function isNoCall(tokens: readonly Token[], index: number): boolean {
  const { upper } = tokens[index]!;
  if (beforeParenthesis.has(upper)) return true;
  const types = castTypes.has(upper) && tokens[index - 1]?.upper === 'AS';
  const named =
    tokens[0]?.upper === 'INSERT' && index <= 4 && tokens.slice(0, index).every(({ text }) => text !== '(');
  const commonTable = tokens[tokens[index + 1]!.partner + 1]?.upper === 'AS' && tokens[0]?.upper === 'WITH';
  return types || named || commonTable;
}

function reservedAliases(tokens: readonly Token[]): void {
  tokens.forEach((token, index) => {
    if (token.upper !== 'AS' || !reserved.has(tokens[index + 1]?.upper ?? '')) return;
    const inCast = tokens.some(
      ({ text, partner }, at) =>
        text === '(' && at < index && partner > index && tokens[at - 1]?.upper === 'CAST',
    );
    if (!inCast) refuse(923, 'FROM keyword not found where expected', tokens[index + 1]);
  });
}

/** Lists of single expressions; lists of tuples have no such limit. */
function listLengths(tokens: readonly Token[]): void {
  tokens.forEach((token, index) => {
    const open = tokens[index + 1];
    if (token.upper !== 'IN' || open?.text !== '(' || tokens[index + 2]?.text === '(') return;
    if (itemsIn(tokens, index + 1).length > LONGEST_LIST) {
      refuse(1795, 'maximum number of expressions in a list is 1000', token);
    }
  });
}

/** `(a, b) < (c, d)`: Oracle compares tuples with lists and subqueries only. */
function rowValues(tokens: readonly Token[]): void {
  tokens.forEach((token, index) => {
    const close = tokens[index - 1];
    if (!comparisons.has(token.text) || close?.text !== ')' || tokens[index + 1]?.text !== '(') return;
    const before = tokens[close.partner - 1];
    const isCall = before?.kind === 'word' && (functions.has(before.upper) || before.upper === 'IN');
    const isTuple =
      itemsIn(tokens, close.partner).length > 1 && !isCall && tokens[close.partner + 1]?.upper !== 'SELECT';
    const assigned = tokens[0]?.upper === 'UPDATE' && tokens[index + 2]?.upper === 'SELECT';
    if (isTuple && !assigned) refuse(1796, 'this operator cannot be used with lists', token);
  });
}

function selectWithoutFrom(tokens: readonly Token[]): void {
  for (const { from, end } of queryBlocks(tokens)) {
    if (from < 0) refuse(923, 'FROM keyword not found where expected', tokens[end]);
  }
}

function tableAliases(tokens: readonly Token[]): void {
  for (const { from, fromEnd, depth } of queryBlocks(tokens)) {
    for (let index = from + 1; index < fromEnd; index++) {
      const token = tokens[index]!;
      if (token.upper === 'AS' && token.depth === depth) notEnded(token);
      if (token.upper === 'VALUES') refuse(928, 'missing SELECT keyword', token);
    }
  }
}

/** What PostgreSQL adds to INSERT, UPDATE and DELETE. */
function changes(tokens: readonly Token[], kind: StatementKind): void {
  const first = tokens[0]?.upper;
  if (first === 'WITH') {
    const change = tokens.find(
      ({ upper }, index) => /^(INSERT|UPDATE|DELETE)$/.test(upper) && tokens[index - 1]?.upper !== 'FOR',
    );
    if (change !== undefined) refuse(928, 'missing SELECT keyword', change);
  }
  if (kind !== 'dml') return;
  const set = tokens.findIndex(({ upper, depth }) => upper === 'SET' && depth === 0);
  tokens.forEach((token, index) => {
    if (token.depth > 0) return;
    if (/^RETURN(ING)?$/.test(token.upper) && !tokens.slice(index).some(({ upper }) => upper === 'INTO')) {
      refuse(925, 'missing INTO keyword', token);
    }
    if (first === 'UPDATE' && token.upper === 'FROM') notEnded(token);
    if (first === 'DELETE' && token.upper === 'USING') notEnded(token);
    if (first === 'UPDATE' && token.upper === 'AS' && index < set) refuse(971, 'missing SET keyword', token);
    if (first === 'DELETE' && token.upper === 'AS') notEnded(token);
    const severalRows =
      token.text === ')' && tokens[index + 1]?.text === ',' && tokens[token.partner - 1]?.upper === 'VALUES';
    if (severalRows) notEnded(tokens[index + 1]);
  });
}
