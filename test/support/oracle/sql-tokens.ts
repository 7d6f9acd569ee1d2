/* A statement as tokens, with what the guard and the translation ask of them. */

export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'bind' | 'symbol';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** The text in upper case; names and keywords are compared with it. Empty for strings and quoted names. */
  readonly upper: string;
  /** Where it stands in the statement. */
  readonly at: number;
  /** How many parentheses are open around it; a parenthesis itself counts as outside. */
  readonly depth: number;
  /** For a parenthesis, the index of its counterpart. */
  readonly partner: number;
}

const pattern =
  /(?<skip>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:[^']|'')*')|(?<quoted>"[^"]*")|(?<bind>:(?:[A-Za-z][\w$#]*|\d+))|(?<number>\d+(?:\.\d+)?|\.\d+)|(?<word>[\p{L}_][\p{L}\w$#]*)|(?<symbol>\|\||<=|>=|<>|!=|\^=|::|[\s\S])/gu;

export function tokenize(sql: string): readonly Token[] {
  const tokens: (Token & { partner: number })[] = [];
  const open: number[] = [];
  for (const match of sql.matchAll(pattern)) {
    const groups = match.groups ?? {};
    const kind = (['string', 'quoted', 'bind', 'number', 'word', 'symbol'] as const).find(
      (name) => groups[name] !== undefined,
    );
    if (kind === undefined) continue;
    const text = match[0];
    let partner = -1;
    if (text === ')') {
      partner = open.pop() ?? -1;
      if (partner >= 0) tokens[partner]!.partner = tokens.length;
    }
    const upper = kind === 'string' || kind === 'quoted' ? '' : text.toUpperCase();
    tokens.push({ kind, text, upper, at: match.index, depth: open.length, partner });
    if (text === '(') open.push(tokens.length - 1);
  }
  return tokens;
}

export type StatementKind =
  'query' | 'dml' | 'ddl' | 'session' | 'commit' | 'rollback' | 'savepoint' | 'other';

const kinds: Readonly<Record<string, StatementKind>> = {
  SELECT: 'query',
  WITH: 'query',
  '(': 'query',
  INSERT: 'dml',
  UPDATE: 'dml',
  DELETE: 'dml',
  CREATE: 'ddl',
  DROP: 'ddl',
  TRUNCATE: 'ddl',
  GRANT: 'ddl',
  REVOKE: 'ddl',
  COMMENT: 'ddl',
  ALTER: 'ddl',
  COMMIT: 'commit',
  ROLLBACK: 'rollback',
  SAVEPOINT: 'savepoint',
};

export function kindOf(tokens: readonly Token[]): StatementKind {
  const first = tokens[0]?.upper ?? '';
  if (first === 'ALTER' && tokens[1]?.upper === 'SESSION') return 'session';
  return kinds[first] ?? 'other';
}

const clauseWords = new Set([
  'WHERE',
  'GROUP',
  'HAVING',
  'ORDER',
  'FETCH',
  'OFFSET',
  'FOR',
  'CONNECT',
  'START',
]);
const setOperators = new Set(['UNION', 'MINUS', 'INTERSECT']);

/** One SELECT with its own clauses: where it stands among the tokens. */
export interface QueryBlock {
  readonly select: number;
  readonly depth: number;
  /** Index of its FROM; -1 without. */
  readonly from: number;
  /** First token after the FROM clause. */
  readonly fromEnd: number;
  readonly where: number;
  /** First token after the WHERE clause; equals `fromEnd` without one. */
  readonly whereEnd: number;
  /** First token after the block. */
  readonly end: number;
}

/** Every SELECT of a statement, outer ones first. */
export function queryBlocks(tokens: readonly Token[]): readonly QueryBlock[] {
  return tokens.flatMap((token, index) => (token.upper === 'SELECT' ? [queryBlock(tokens, index)] : []));
}

function queryBlock(tokens: readonly Token[], select: number): QueryBlock {
  const depth = tokens[select]!.depth;
  const end = endOfBlock(tokens, select, depth);
  const found = (word: string, start: number) => {
    for (let index = start; index < end; index++) {
      if (tokens[index]!.depth === depth && tokens[index]!.upper === word) return index;
    }
    return -1;
  };
  const nextClause = (start: number) => {
    for (let index = start; index < end; index++) {
      if (tokens[index]!.depth === depth && clauseWords.has(tokens[index]!.upper)) return index;
    }
    return end;
  };
  const from = found('FROM', select);
  const fromEnd = from < 0 ? end : nextClause(from);
  const where = tokens[fromEnd]?.upper === 'WHERE' && fromEnd < end ? fromEnd : -1;
  const whereEnd = where < 0 ? fromEnd : nextClause(where + 1);
  return { select, depth, from, fromEnd, where, whereEnd, end };
}

/** Parentheses at the block's own depth belong to it; the one that closes it is at the depth below. */
function endOfBlock(tokens: readonly Token[], select: number, depth: number): number {
  for (let index = select + 1; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token.depth < depth) return index;
    if (token.depth === depth && setOperators.has(token.upper)) return index;
  }
  return tokens.length;
}

/** An item of a list: its first token, and the one after it. */
export interface ListItem {
  readonly start: number;
  readonly end: number;
}

/** What commas separate between a parenthesis and its counterpart; one empty item between `(` and `)`. */
export function itemsIn(tokens: readonly Token[], open: number): readonly ListItem[] {
  const { depth, partner } = tokens[open]!;
  const close = partner < 0 ? tokens.length : partner;
  const items: ListItem[] = [];
  let start = open + 1;
  for (let index = start; index <= close; index++) {
    const ends = index === close || (tokens[index]!.text === ',' && tokens[index]!.depth === depth + 1);
    if (!ends) continue;
    items.push({ start, end: index });
    start = index + 1;
  }
  return items;
}
