import { OracleError, swapCase, unsupported } from './errors.js';
import { type QueryBlock, queryBlocks, type Token } from './sql-tokens.js';

/*
 * SELECT … FOR UPDATE: what Oracle refuses of it, and how PostgreSQL writes it. Oracle names columns after OF, and locks
 * the rows of their tables; PostgreSQL names tables.
 */

const notAllowed = 'FOR UPDATE of this query expression is not allowed';
const aggregates = /^(COUNT|MIN|MAX|SUM|AVG|LISTAGG)$/;

/** A table of a FROM clause, by the name that columns have in front. */
interface FromItem {
  readonly name: string;
}

/** A column after OF. */
interface LockedColumn {
  readonly start: number;
  readonly end: number;
  /** What stands in front of its dot. */
  readonly qualifier: string | undefined;
}

/** Where a locking clause stands among the tokens. */
interface LockingClause {
  readonly start: number;
  readonly columns: readonly LockedColumn[];
  readonly skipsLocked: boolean;
}

/** Whether a query locks the rows that it reads. */
export function locksRows(tokens: readonly Token[]): boolean {
  return lockAt(tokens) >= 0;
}

function lockAt(tokens: readonly Token[]): number {
  return tokens.findIndex(({ upper }, index) => upper === 'FOR' && tokens[index + 1]?.upper === 'UPDATE');
}

function outerBlock(tokens: readonly Token[]): QueryBlock {
  const block = queryBlocks(tokens).find(({ depth }) => depth === 0);
  if (block === undefined) throw unsupported('FOR UPDATE of this query');
  return block;
}

/** Throws the OracleError that Oracle would answer to a locking query, if it would refuse it. */
export function guardLockedQuery(tokens: readonly Token[]): void {
  const foreign = tokens.findIndex(
    ({ upper, depth }, index) => upper === 'FOR' && depth === 0 && tokens[index + 1]?.upper !== 'UPDATE',
  );
  if (foreign >= 0) throw new OracleError(905, 'missing keyword', tokens[foreign + 1]?.at);
  const lock = lockAt(tokens);
  if (lock < 0) return;
  const { at } = tokens[lock]!;
  if (tokens[lock]!.depth > 0) throw new OracleError(907, 'missing right parenthesis', at);
  const block = outerBlock(tokens);
  if (isNoTablesRow(tokens, block)) throw new OracleError(1786, notAllowed, at);
  if (readsView(tokens, block))
    throw new OracleError(2014, 'cannot select FOR UPDATE from view with DISTINCT, GROUP BY, etc.', at);
  guardColumns(tokens, block, readClause(tokens, lock));
}

/** Whether a row of the result is no row of a table: of several, or of two queries. */
function isNoTablesRow(tokens: readonly Token[], { select, from }: QueryBlock): boolean {
  const nested = queryBlocks(tokens).filter(({ depth }) => depth > 0);
  return tokens.some(({ upper, depth }, index) => {
    if (depth === 0 && /^(GROUP|HAVING|UNION|MINUS|INTERSECT)$/.test(upper)) return true;
    if (index <= select || index >= from) return false;
    if (depth === 0 && /^(DISTINCT|UNIQUE)$/.test(upper) && index === select + 1) return true;
    const isOwn = !nested.some((inner) => inner.select < index && index < inner.end);
    const open = tokens[index + 1];
    return isOwn && aggregates.test(upper) && open?.text === '(' && !isAnalytic(tokens, open);
  });
}

function isAnalytic(tokens: readonly Token[], open: Token): boolean {
  return tokens[open.partner + 1]?.upper === 'OVER';
}

/** FETCH FIRST is rewritten to a view with ROW_NUMBER. */
function readsView(tokens: readonly Token[], { from, fromEnd }: QueryBlock): boolean {
  return tokens.some(
    ({ upper, depth, text }, index) =>
      (depth === 0 && /^(FETCH|OFFSET)$/.test(upper)) ||
      (depth === 0 &&
        text === '(' &&
        index > from &&
        index < fromEnd &&
        tokens[index + 1]?.upper === 'SELECT'),
  );
}

/** `FOR UPDATE [OF column, …] [NOWAIT | SKIP LOCKED]`, with which the statement has to end. */
function readClause(tokens: readonly Token[], start: number): LockingClause {
  const columns: LockedColumn[] = [];
  let index = start + 2;
  if (tokens[index]?.upper === 'OF') {
    do {
      const column = readColumn(tokens, index + 1);
      columns.push(column);
      index = column.end;
    } while (tokens[index]?.text === ',');
  }
  const rest = tokens
    .slice(index)
    .map(({ upper }) => upper)
    .join(' ');
  if (/^(WAIT \d+|.*\bORDER BY\b)/.test(rest)) throw unsupported(`${rest} behind FOR UPDATE`);
  if (!/^(|NOWAIT|SKIP LOCKED)$/.test(rest))
    throw new OracleError(933, 'SQL command not properly ended', tokens[index]?.at);
  return { start, columns, skipsLocked: rest === 'SKIP LOCKED' };
}

function readColumn(tokens: readonly Token[], start: number): LockedColumn {
  const name = tokens[start];
  if (name?.kind !== 'word' && name?.kind !== 'quoted')
    throw new OracleError(904, ': invalid identifier', name?.at);
  if (tokens[start + 1]?.text !== '.') return { start, end: start + 1, qualifier: undefined };
  if (tokens[start + 3]?.text === '.') throw unsupported('a schema in front of a column after FOR UPDATE OF');
  return { start, end: start + 3, qualifier: nameOf(name) };
}

function nameOf(token: Token): string {
  return token.kind === 'quoted' ? token.text.slice(1, -1) : token.upper;
}

function guardColumns(tokens: readonly Token[], block: QueryBlock, { columns, skipsLocked }: LockingClause) {
  const tables = fromItems(tokens, block);
  for (const { start, end, qualifier } of columns) {
    const path = tokens.slice(start, end).flatMap((token) => (token.text === '.' ? [] : [nameOf(token)]));
    // A table is no column, whatever PostgreSQL would make of it.
    const isUnknown =
      qualifier === undefined
        ? tables.some(({ name }) => name === path[0])
        : !tables.some(({ name }) => name === qualifier);
    if (isUnknown)
      throw new OracleError(
        904,
        `${path.map((part) => `"${part}"`).join('.')}: invalid identifier`,
        tokens[start]!.at,
      );
    if (qualifier === undefined && tables.length !== 1)
      throw unsupported('FOR UPDATE OF a column without its table');
  }
  // Oracle counts rows before it leaves out those that are locked, PostgreSQL afterwards.
  const counts = tokens
    .slice(block.where, block.whereEnd)
    .some(({ upper, depth }) => depth === 0 && upper === 'ROWNUM');
  if (skipsLocked && block.where >= 0 && counts) throw unsupported('ROWNUM beside SKIP LOCKED');
}

/** The tables of a FROM clause: each behind FROM, a comma or JOIN. */
function fromItems(tokens: readonly Token[], { from, fromEnd, depth }: QueryBlock): readonly FromItem[] {
  const items: FromItem[] = [];
  for (let index = from; index < fromEnd; index++) {
    const token = tokens[index]!;
    if (token.depth !== depth || !(/^(FROM|JOIN)$/.test(token.upper) || token.text === ',')) continue;
    const table = tokens[index + 2]?.text === '.' ? index + 3 : index + 1;
    const alias = tokens[table + 1];
    const isAlias =
      table + 1 < fromEnd &&
      (alias?.kind === 'quoted' ||
        (alias?.kind === 'word' &&
          !/^(ON|USING|JOIN|INNER|LEFT|RIGHT|FULL|CROSS|NATURAL)$/.test(alias.upper)));
    items.push({ name: nameOf(isAlias ? alias : tokens[table]!) });
  }
  return items;
}

/**
 * Puts the tables in the place of their columns. That there are such columns is for PostgreSQL to say: they stand in a
 * condition that is always true.
 */
export function translateLock(tokens: readonly Token[], output: string[]): void {
  const lock = lockAt(tokens);
  if (lock < 0) return;
  const block = outerBlock(tokens);
  const { columns } = readClause(tokens, lock);
  if (columns.length === 0) return;
  const written = columns.map(({ start, end }) => output.slice(start, end).join(''));
  const [only] = fromItems(tokens, block);
  const tables = columns.map(({ start, qualifier }) =>
    qualifier === undefined ? quoted(only!) : output[start]!,
  );
  const exist = written.map((column) => `(${column} IS NULL OR TRUE)`).join(' AND ');
  if (block.where >= 0) output[block.where] = `WHERE ${exist} AND`;
  else output[block.fromEnd - 1] = `${output[block.fromEnd - 1]!} WHERE ${exist}`;
  const first = columns[0]!.start;
  output.fill('', first, columns.at(-1)!.end);
  output[first] = [...new Set(tables)].join(', ');
}

function quoted({ name }: FromItem): string {
  return swapCase(`"${name}"`);
}
