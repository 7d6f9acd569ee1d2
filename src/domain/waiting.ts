import { identityKey, type Identity } from './customer.js';
import { rowId } from './keys.js';
import { plus } from './loss.js';
import { parseIdentity, parseUserId } from './operation.js';
import type { Cell, InterfaceRow, PolledRow } from './rows.js';
import { State } from './states.js';
import type { UserKey } from './working-set.js';

/*
 * Waiting (P3's one exception). A row whose product, or user, the store has never seen waits for its open (0101), or
 * bind (0201), for `worker.dependencyGraceMs`: the platform may commit the two out of order. It waits unclaimed, and its
 * customer's other rows wait behind it, so that their order holds, except the very open or bind it waits for, which
 * overtakes it. The time counts from the worker's first sight of the row, or from its CreateDate where that is later:
 * a CreateDate by a clock that is behind must not end the wait before it begins.
 */

/** What a customer waits for. */
export interface Wait {
  /** The customer that waits with all its rows. */
  readonly custId: string;
  readonly product: Identity;
  /** The user that must be bound first; null: the product that must be opened first. */
  readonly userId: string | null;
  /** How long it may still wait. */
  readonly remainingMs: number;
}

/** What a row's operation needs to have been seen by the store. */
interface Needs {
  readonly product: Identity;
  readonly userId: string | null;
}

/** The products and users that must be looked up before the young rows of a page can be claimed. */
export interface Dependencies {
  readonly products: readonly Identity[];
  readonly users: readonly UserKey[];
}

/** The keys, see `productKey` and `userKey`, of those dependencies that the store has seen, bound and active or not. */
export type Seen = ReadonlySet<string>;

/** A product as a member of `Seen`. */
export function productKey(product: Identity): string {
  return `P/${identityKey(product)}`;
}

/** A user as a member of `Seen`. */
export function userKey(product: Identity, userId: string): string {
  return `U/${identityKey(product)}/${userId}`;
}

/**
 * How old a row is by the middle database's clock, both as `YYYY-MM-DD HH:MM:SS`. A missing CreateDate: Infinity; one in
 * the future: less than 0.
 */
export function rowAgeMs(createDate: string | null, now: string): number {
  if (createDate === null) return Infinity;
  const age = Date.parse(`${now.replace(' ', 'T')}Z`) - Date.parse(`${createDate.replace(' ', 'T')}Z`);
  return Number.isNaN(age) ? Infinity : age;
}

/** Milliseconds since a row was first seen; Infinity where that is not known, so that its CreateDate alone counts. */
export type SeenForMs = (row: PolledRow) => number;

const neverSeen: SeenForMs = () => Infinity;

/** For how long a row may have waited: since its CreateDate or since it was first seen, whichever is later. */
export function waitedMs(createDate: string | null, seenForMs: number, now: string): number {
  return Math.min(rowAgeMs(createDate, now), seenForMs);
}

/** For how long each row of a page may still wait, in milliseconds; 0 or less: no longer. */
function remainingMsOf({
  now,
  graceMs,
  seenForMs = neverSeen,
}: Omit<WaitingContext, 'seen'>): (row: PolledRow) => number {
  if (graceMs === 0) return () => 0;
  const second = plus(now, -graceMs);
  return (row) => {
    const { createDate } = row;
    const seenMs = seenForMs(row);
    // Nearly all rows have waited long enough, and comparing texts is quicker than reading dates.
    // Stryker disable next-line ConditionalExpression,EqualityOperator: the dates, when read, say the same.
    if (createDate?.length === second.length && createDate <= second && seenMs >= graceMs) return 0;
    return graceMs - waitedMs(createDate, seenMs, now);
  };
}

/** What those among these rows that may still wait would wait for if the store had not seen it. */
export function dependenciesOf(
  rows: readonly PolledRow[],
  now: string,
  graceMs: number,
  seenForMs: SeenForMs = neverSeen,
): Dependencies {
  const products = new Map<string, Identity>();
  const users = new Map<string, UserKey>();
  const remainingMs = remainingMsOf({ now, graceMs, seenForMs });
  for (const row of rows) {
    if (remainingMs(row) <= 0) continue;
    const needs = needsOf(row);
    if (needs === null) continue;
    products.set(productKey(needs.product), needs.product);
    if (needs.userId !== null) {
      users.set(userKey(needs.product, needs.userId), { ...needs.product, userId: needs.userId });
    }
  }
  return { products: [...products.values()], users: [...users.values()] };
}

/** Which rows of a page may be claimed, and which customers wait. */
export interface BatchPlan {
  readonly claim: readonly PolledRow[];
  readonly waits: readonly Wait[];
}

/** What decides which rows of a page wait. */
export interface WaitingContext {
  readonly seen: Seen;
  /** The middle database's clock at the poll. */
  readonly now: string;
  readonly graceMs: number;
  readonly seenForMs?: SeenForMs;
  /** Attempts that the journal has decided, by `rowId`: a row that stands in one only lacks its mark, and waits for nothing. */
  readonly attempts?: ReadonlyMap<string, readonly string[]>;
  /** Customers that wait already: the poll left out their rows but for those that may be what they wait for. */
  readonly waiting?: ReadonlySet<Cell>;
}

/** Parts a page, in order, into rows to claim and customers that wait. */
export function planBatch(rows: readonly PolledRow[], context: WaitingContext): BatchPlan {
  const seen = new Set(context.seen);
  const waits = new Map<Cell, Wait>();
  const overtaken = new Set<Cell>();
  const claim: PolledRow[] = [];
  const remainingMs = remainingMsOf(context);
  const waitsAlready = (customer: Cell): boolean => context.waiting?.has(customer) ?? false;
  for (const row of rows) {
    const customer = row.custId;
    // One ends the waiting; a second open of the same page must not overtake as well.
    if (overtaken.has(customer) && waitsAlready(customer)) continue;
    const isAnswered = isDecided(row, context.attempts);
    const waiting = waits.get(customer);
    if (waiting !== undefined) {
      // It has taken effect, or was refused, before the row that waits came back: its mark keeps its place.
      if (isAnswered) claim.push(row);
      else if (!overtaken.has(customer) && satisfies(row, waiting)) {
        overtaken.add(customer);
        claim.push(row);
      }
      continue;
    }
    const wait = isAnswered ? null : waitOf(row, seen, remainingMs(row));
    if (wait !== null) {
      waits.set(customer, wait);
      continue;
    }
    claim.push(row);
    if (waitsAlready(customer)) overtaken.add(customer);
    const brings = broughtBy(row);
    if (brings !== null) seen.add(brings);
  }
  return { claim, waits: [...waits.values()].filter((wait) => !overtaken.has(wait.custId)) };
}

/** Whether the journal has decided the attempt that a row stands in. */
function isDecided(row: PolledRow, attempts: WaitingContext['attempts']): boolean {
  if (row.state !== State.Processing) return false;
  const decided: readonly Cell[] | undefined = attempts?.get(rowId(row));
  return decided?.includes(row.stateDate) === true;
}

function waitOf(row: PolledRow, seen: Seen, remainingMs: number): Wait | null {
  if (remainingMs <= 0) return null;
  const needs = needsOf(row);
  if (needs === null) return null;
  const { product, userId } = needs;
  if (!seen.has(productKey(product))) return { custId: product.custId, product, userId: null, remainingMs };
  if (userId === null || seen.has(userKey(product, userId))) return null;
  return { custId: product.custId, product, userId, remainingMs };
}

/** What says of a row whether it waits, or is waited for. */
export type DependentRow = Pick<
  InterfaceRow,
  'source' | 'productId' | 'custId' | 'bizId' | 'userId' | 'opFlag'
>;

/** Whether a row is the open, or the bind, that a customer waits for. */
function satisfies(row: PolledRow, wait: Wait): boolean {
  const wanted = wait.userId === null ? productKey(wait.product) : userKey(wait.product, wait.userId);
  return broughtBy(row) === wanted;
}

/** What a row makes known to the store if it is applied, see `productKey` and `userKey`. */
export function broughtBy(row: DependentRow): string | null {
  if (row.opFlag !== (row.source === 'CUST' ? '0101' : '0201')) return null;
  const product = parseIdentity(row);
  if (product === null) return null;
  if (row.source === 'CUST') return productKey(product);
  const userId = parseUserId(row.userId);
  return userId === null ? null : userKey(product, userId);
}

/** All that a row would wait for if the store had not seen it, see `productKey` and `userKey`. */
export function waitsFor(row: DependentRow): readonly string[] {
  const needs = needsOf(row);
  if (needs === null) return [];
  const product = productKey(needs.product);
  return needs.userId === null ? [product] : [product, userKey(needs.product, needs.userId)];
}

/** Null for a row that needs nothing, or that will be refused for its identity: it has nothing to wait for. */
function needsOf(row: DependentRow): Needs | null {
  const product = parseIdentity(row);
  if (product === null) return null;
  if (row.source === 'CUST')
    return row.opFlag === '0102' || row.opFlag === '0103' ? { product, userId: null } : null;
  const userId = parseUserId(row.userId);
  if (userId === null) return null;
  if (row.opFlag === '0201') return { product, userId: null };
  return row.opFlag === '0202' || row.opFlag === '0203' ? { product, userId } : null;
}
