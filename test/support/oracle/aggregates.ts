import { unsupported } from './errors.js';
import { itemsIn, type ListItem, type Token } from './sql-tokens.js';

/*
 * Aggregates over rows in an order, which PostgreSQL writes in another way:
 *
 *   LISTAGG(x, ', ') WITHIN GROUP (ORDER BY y)          string_agg(x, ', ' ORDER BY y)
 *   MAX(x) KEEP (DENSE_RANK LAST ORDER BY y)            (array_agg(x ORDER BY y DESC, x DESC NULLS LAST))[1]
 */

export function translateAggregates(tokens: readonly Token[], output: string[]): void {
  tokens.forEach(({ upper }, index) => {
    if (upper === 'LISTAGG') translateListagg(tokens, output, index);
    if (upper === 'KEEP' && tokens[index + 1]?.text === '(') translateKeep(tokens, output, index);
  });
}

/** Whether these words stand at `index`, one after the other. */
function stand(tokens: readonly Token[], index: number, pattern: RegExp): boolean {
  const words = tokens.slice(index, index + 4).map(({ upper }) => upper);
  return pattern.test(words.join(' '));
}

function blank(output: string[], start: number, end: number): void {
  output.fill('', start, end);
}

function translateListagg(tokens: readonly Token[], output: string[], index: number): void {
  const open = index + 1;
  const close = tokens[open]?.partner ?? -1;
  const order = close + 3;
  const end = tokens[order]?.partner ?? -1;
  const known =
    stand(tokens, close + 1, /^WITHIN GROUP \( ORDER$/) &&
    tokens[open + 1]?.upper !== 'DISTINCT' &&
    tokens[end + 1]?.upper !== 'OVER';
  const items = known ? itemsIn(tokens, open) : [];
  if (items.length < 1 || items.length > 2) throw unsupported('this LISTAGG');
  output[index] = 'oracle.listagged(string_agg';
  output[open] = '(oracle.to_char(';
  if (items.length === 2) output[items[0]!.end] = '),';
  output[close] = items.length === 2 ? '' : "), CAST('' AS text)";
  blank(output, close + 1, order + 1);
  output[end] = '))';
}

function translateKeep(tokens: readonly Token[], output: string[], index: number): void {
  const close = index - 1;
  const open = tokens[close]?.text === ')' ? tokens[close].partner : -1;
  const name = tokens[open - 1]?.upper ?? '';
  const end = tokens[index + 1]!.partner;
  const known =
    /^(MIN|MAX)$/.test(name) &&
    tokens[open + 1]?.upper !== 'DISTINCT' &&
    stand(tokens, index + 2, /^DENSE_RANK (FIRST|LAST) ORDER BY$/) &&
    end >= 0 &&
    tokens[end + 1]?.upper !== 'OVER';
  if (!known) throw unsupported('this KEEP');
  const keys = itemsIn(tokens, index + 1).map(({ start, end: keyEnd }, key) => ({
    start: key === 0 ? index + 6 : start,
    end: keyEnd,
  }));
  if (tokens[index + 3]?.upper === 'LAST') for (const key of keys) reverse(tokens, output, key);
  // Among the rows that share the first place in that order.
  const value = output.slice(open + 1, close).join(' ');
  output[open - 1] = '(array_agg';
  blank(output, close, index + 4);
  output[end] = `, ${value} ${name === 'MAX' ? 'DESC' : 'ASC'} NULLS LAST))[1]`;
}

/** Turns one key of an ORDER BY round; without NULLS both databases have them last, and first with DESC. */
function reverse(tokens: readonly Token[], output: string[], { start, end }: ListItem): void {
  let last = end - 1;
  if (tokens[last - 1]?.upper === 'NULLS') {
    output[last] = tokens[last]!.upper === 'FIRST' ? 'LAST' : 'FIRST';
    last -= 2;
  }
  const direction = tokens[last]?.upper;
  if (direction === 'DESC') output[last] = 'ASC';
  else if (direction === 'ASC') output[last] = 'DESC';
  else if (last >= start) output[last] = `${output[last]!} DESC`;
}
