import { sources, type Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import type { Paused } from '../port.js';
import type { MiddleTables } from '../tables.js';
import { mainTable, numberText, oneOf, ourProducts } from './tables.js';
import { listOf, type TextList } from './text-set.js';

/*
 * Excludes what is paused. Whether a customer has open rows in a paused table is looked up per row, by the index on
 * CustID, however many rows wait there: NO_UNNEST prevents a join, `+ 0` a walk over all open rows. Rows without a
 * CustID are in no index on it; they are looked up once, if the other table has any.
 */

const open = [State.Initial, State.Processing];

/** Paused products; their binds go with `notPaused`. */
export function pausedProducts({ productIds }: Paused): TextList {
  return listOf('pausedProduct', productIds, ','.charCodeAt(0));
}

/** Conditions on rows `t` of a main table; none without a pause. */
export function notPaused(tables: MiddleTables, paused: Paused, source: Source): string[] {
  const products =
    paused.productIds.length === 0 ? [] : [pausedProducts(paused).isNone(numberText('t.ProductID'))];
  if (paused.sources.includes(source)) return [...products, '1 = 0'];
  const others = sources.filter((other) => paused.sources.includes(other));
  return [
    ...products,
    ...others.flatMap((other) => [
      noOpenRow(tables, other, `p.CustID = t.CustID AND ${oneOf('p.State + 0', open)}`),
      `(t.CustID IS NOT NULL OR ${noOpenRow(tables, other, `p.CustID IS NULL AND ${oneOf('p.State', open)}`)})`,
    ]),
  ];
}

function noOpenRow(tables: MiddleTables, source: Source, whose: string): string {
  const ours = ourProducts(tables, 'p');
  return `NOT EXISTS (SELECT /*+ NO_UNNEST */ 1 FROM ${mainTable(tables, source)} p
          WHERE ${whose} AND p.StreamingNo IS NOT NULL${ours})`;
}
