import { unsupported } from './errors.js';
import { type QueryBlock, queryBlocks, type Token } from './sql-tokens.js';

/**
 * Turns `WHERE … ROWNUM <= n` into LIMIT. Oracle counts rows before it groups and orders them, so the limit belongs to
 * the FROM and WHERE clauses alone; it becomes a subquery there when something of the same SELECT comes after it.
 */
export function limitRownum(tokens: readonly Token[], output: string[]): void {
  const blocks = queryBlocks(tokens);
  tokens.forEach((token, index) => {
    if (token.upper !== 'ROWNUM') return;
    const block = blocks.find(
      ({ depth, where, whereEnd }) =>
        depth === token.depth && where >= 0 && where < index && index < whereEnd,
    );
    if (block !== undefined) limitBlock({ tokens, output, block, index });
    else numberRows(tokens, output, index);
  });
}

/** ROWNUM as a column of a SELECT from an ordered view: the place of each row in that order. */
function numberRows(tokens: readonly Token[], output: string[], index: number): void {
  const { depth } = tokens[index]!;
  const block = queryBlocks(tokens).find(
    (each) => depth === each.depth && each.select < index && index < each.from,
  );
  const isColumn = tokens[index - 1]?.text === ',' && tokens[index + 1]?.upper === 'AS';
  const isOfView = block !== undefined && tokens[block.from + 1]?.text === '(';
  // Oracle numbers rows before it groups and orders them.
  if (!isColumn || !isOfView || block.whereEnd < block.end)
    throw unsupported('ROWNUM outside a WHERE clause');
  output[index] = 'row_number() OVER ()';
}

interface LimitPosition {
  readonly tokens: readonly Token[];
  readonly output: string[];
  readonly block: QueryBlock;
  readonly index: number;
}

function limitBlock({ tokens, output, block, index }: LimitPosition): void {
  const limit = limitOf(tokens, output, index);
  const alternatives = tokens
    .slice(block.where, block.whereEnd)
    .some(({ upper, depth }) => depth === block.depth && upper === 'OR');
  if (limit === undefined || alternatives) throw unsupported('this condition on ROWNUM');
  output[index] = 'TRUE';
  output[index + 1] = '';
  output[index + 2] = '';
  const append = (at: number, text: string) => {
    output[at] = `${output[at] ?? ''}${text}`;
  };
  const last = block.whereEnd - 1;
  const clause = tokens[block.whereEnd]?.upper;
  const isLast = block.whereEnd === tokens.length || tokens[block.whereEnd]?.text === ')' || clause === 'FOR';
  // Behind UNION it would limit all of them together.
  const unites = /^(UNION|ALL|INTERSECT|MINUS)$/.test(tokens[block.select - 1]?.upper ?? '');
  const aggregates = ownSelectList(tokens, block).some(({ upper }) =>
    /^(COUNT|MIN|MAX|SUM|AVG|LISTAGG|DISTINCT|ROW_NUMBER)$/.test(upper),
  );
  if (isLast && !aggregates && !unites) {
    append(last, ` LIMIT ${limit}`);
    return;
  }
  // Several tables would lose their names in a subquery.
  const several = tokens
    .slice(block.from + 1, block.fromEnd)
    .some(({ text, upper, depth }) => depth === block.depth && (text === ',' || upper === 'JOIN'));
  if (several) throw unsupported('ROWNUM beside a join that is ordered or grouped');
  const name = output[block.fromEnd - 1]!;
  append(block.from, ' (SELECT * FROM');
  append(last, ` LIMIT ${limit})${name.trim() === ')' ? '' : ` ${name}`}`);
}

/** The select list without the queries in it. */
function ownSelectList(tokens: readonly Token[], { select, from, depth }: QueryBlock): readonly Token[] {
  const nested = queryBlocks(tokens).filter(
    (inner) => inner.depth > depth && select < inner.select && inner.select < from,
  );
  return tokens
    .slice(select, from)
    .filter(
      (_, index) => !nested.some((inner) => inner.select <= select + index && select + index < inner.end),
    );
}

/** The number of rows that the condition lets through, as an expression. */
function limitOf(tokens: readonly Token[], output: readonly string[], index: number): string | undefined {
  const before = tokens[index - 1]?.upper;
  const operator = tokens[index + 1]?.text;
  const operand = tokens[index + 2];
  if (before !== 'WHERE' && before !== 'AND') return undefined;
  if (operand === undefined || (operand.kind !== 'bind' && operand.kind !== 'number')) return undefined;
  const number = `CAST(${output[index + 2]!} AS numeric)`;
  if (operator === '<=') return number;
  if (operator === '<') return `(CEIL(${number}) - 1)`;
  return operator === '=' && operand.text === '1' ? '1' : undefined;
}
