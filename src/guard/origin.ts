import { plus, type FinishedRow } from '../domain/loss.js';
import type { Cell } from '../domain/rows.js';
import type { LatestFinished, LatestFinishedRequest } from '../middle/port.js';
import type { LossLookup, Origin } from '../store/guard-port.js';
import { rowId } from '../domain/keys.js';
import { scanRows } from './scan.js';

/*
 * The origin of a store: nothing in the middle database says who finished a row, so the store remembers from when on the
 * rows of each product are finished by its workers. Rows finished until then are not compared.
 */

/** The product ids that need an origin: null stands for all products. */
export function productsOf(productIds: readonly string[]): readonly (string | null)[] {
  return productIds.length === 0 ? [null] : productIds.map((id) => BigInt(id).toString());
}

/** From when on a product's rows are ours; null where nothing says so. */
export function originLookup(origins: readonly Origin[]): (productId: Cell) => string | null {
  const byProduct = new Map(origins.map(({ productId, middleClock }) => [productId, middleClock]));
  const ofAll = byProduct.get(null) ?? null;
  return (productId) => byProduct.get(productId) ?? ofAll;
}

/**
 * The missing origins that can be recorded at once; null where an operator must declare that the store is
 * new. That is the case where it has no origin at all and rows are finished already, unless the journal knows the one
 * finished last: then the store is in use, and older than origins are. A product that joins others begins now.
 */
export async function missingOrigins(
  { middle, store }: { readonly middle: LatestFinished; readonly store: LossLookup },
  productIds: readonly string[],
): Promise<readonly Origin[] | null> {
  const origins = await store.origins();
  const originOf = originLookup(origins);
  const missing = productsOf(productIds).filter((productId) => originOf(productId) === null);
  if (missing.length === 0) return [];
  const now = await middle.now();
  const [last] = origins.length > 0 ? [] : await middle.latestFinished(theLast);
  if (last !== undefined && !(await isApplied(store, last))) return null;
  // Rows that are finished in this very second are ours where none was before.
  const middleClock = origins.length > 0 || last !== undefined ? now : plus(now, -1000);
  return missing.map((productId) => ({ productId, middleClock }));
}

const theLast: LatestFinishedRequest = {
  shards: { count: 1, of: 'all' },
  after: null,
  scan: scanRows,
  limit: 1,
};

async function isApplied(store: LossLookup, row: FinishedRow): Promise<boolean> {
  return (await store.outcomes([row])).get(rowId(row))?.outcome === 'applied';
}
