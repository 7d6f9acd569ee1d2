import type { MiddleTables } from '../../../src/middle/tables.js';
import type { StoredRow } from './stored-rows.js';

/** Which rows are a worker's, and what it does with attribute rows. */
export type MiddleScope = Omit<MiddleTables, 'schema'>;

/** A rule that a middle database keeps for the worker, which a suite may take away. */
export type MiddleGuard =
  | 'claim expects State 0'
  | 'mark expects State 1'
  | 'mark expects the attempt'
  /** Without it a statement fails, kind `locked`, where one of its rows is locked, as one that does not wait does. */
  | 'claim skips locked rows'
  | 'mark skips locked rows'
  /** Without it an attempt is named by the clock alone. */
  | 'new attempt is later'
  | 'attribute rows follow'
  /** Without it the marks of each table are a statement of their own. */
  | 'marks land together'
  /** Without it each table and State is read by a statement of its own. */
  | 'poll is one snapshot'
  /** Without it customers that wait fill the batch. */
  | 'poll leaves out who waits'
  /** Without it the open or bind that a customer waits for is left out with its other rows. */
  | 'poll finds what is awaited'
  /** Without it rows in State 1 are left to those who claimed them. */
  | 'poll finds State 1'
  /** Without it rows come in the order in which they were inserted. */
  | 'poll order'
  | 'poll leaves rows to settle';

/** Whether a row is of one of the worker's products. */
export function isOurs({ productIds }: MiddleScope, { productId }: StoredRow): boolean {
  return productIds.length === 0 || (productId !== null && productIds.includes(productId));
}
