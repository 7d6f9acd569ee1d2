import { shardOf, sources, type Source } from '../../../src/domain/keys.js';
import { State } from '../../../src/domain/states.js';
import type { Wait } from '../../../src/domain/waiting.js';
import type { Paused, PollRequest } from '../../../src/middle/port.js';
import { dateText } from './dates.js';
import { isOurs, type MiddleScope } from './scope.js';
import type { StoredRow } from './stored-rows.js';

/*
 * Which open rows a poll returns, and which of them count for `hasOpenRows`. A selection is a list of conditions, made
 * once for a statement.
 */

type Condition = (row: StoredRow) => boolean;

/** One part of a poll: a table's rows in a State. */
export interface Branch {
  readonly source: Source;
  readonly state: number;
}

/** The parts of a poll where it is not one statement. */
export const branches: readonly Branch[] = sources.flatMap((source) =>
  [State.Initial, State.Processing].map((state) => ({ source, state })),
);

/** What is left out of the open rows, whatever else a poll is told. */
export interface LeftOut {
  readonly paused: Paused;
  readonly excluded: readonly (string | null)[];
}

/** The conditions of a poll. */
export function pollConditions(
  request: PollRequest,
  open: readonly StoredRow[],
  { scope, nowMs }: { readonly scope: MiddleScope; readonly nowMs: number },
): readonly Condition[] {
  const { settleMs, shards, waits } = request;
  const conditions = [...openConditions(request, open, scope)];
  if (settleMs > 0) conditions.push(settledBy(dateText(nowMs - settleMs)));
  if (shards.held !== 'all') {
    const held = new Set(shards.held);
    conditions.push(({ custId }) => held.has(shardOf(custId, shards.count)));
  }
  if (waits.length > 0) conditions.push(notWaiting(waits));
  return conditions;
}

/** The conditions of open rows of ours that are not left out. */
export function openConditions(
  { paused, excluded }: LeftOut,
  open: readonly StoredRow[],
  scope: MiddleScope,
): readonly Condition[] {
  const conditions: Condition[] = [];
  if (scope.productIds.length > 0) conditions.push((row) => isOurs(scope, row));
  if (excluded.length > 0) {
    const customers = new Set(excluded);
    conditions.push(({ custId }) => !customers.has(custId));
  }
  if (paused.productIds.length > 0) {
    const products = new Set<string | null>(paused.productIds);
    conditions.push(({ productId }) => !products.has(productId));
  }
  if (paused.sources.length > 0) conditions.push(notPaused(paused.sources, open, scope));
  return conditions;
}

/** The first rows, in the order given, that satisfy all conditions. */
export function firstOf(
  rows: readonly StoredRow[],
  conditions: readonly Condition[],
  limit: number,
): readonly StoredRow[] {
  const found: StoredRow[] = [];
  for (const row of rows) {
    if (found.length >= limit) break;
    if (conditions.every((condition) => condition(row))) found.push(row);
  }
  return found;
}

/** Rows of this second or older are settled; CreateDates are of whole seconds, so that texts tell. */
function settledBy(second: string): Condition {
  return ({ state, createDate }) => state !== State.Initial || createDate === null || createDate <= second;
}

/** Of a customer that waits, only the open or bind it waits for is returned. */
function notWaiting(waits: readonly Wait[]): Condition {
  const customers = new Set<string | null>(waits.map(({ custId }) => custId));
  return (row) => !customers.has(row.custId) || waits.some((wait) => isAwaited(row, wait));
}

function isAwaited(row: StoredRow, { product, userId }: Wait): boolean {
  const { productId, custId, bizId } = product;
  if (row.productId !== productId || row.custId !== custId || row.bizId !== bizId) return false;
  return userId === null
    ? row.source === 'CUST' && row.opFlag === '0101'
    : row.source === 'ACCOUNT' && row.opFlag === '0201' && row.userId === userId;
}

/** Leaves out the rows of paused tables, and those of customers with an open row of ours in one. */
function notPaused(paused: readonly Source[], open: readonly StoredRow[], scope: MiddleScope): Condition {
  const held = open.filter((row) => paused.includes(row.source) && isOurs(scope, row));
  const customers = new Set(held.map(({ custId }) => custId));
  return ({ source, custId }) => !paused.includes(source) && !customers.has(custId);
}
