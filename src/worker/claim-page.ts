import { laterThan } from '../domain/attempts.js';
import type { Deferral } from '../domain/deferral.js';
import { oncePerKey, rowId, shardOf, type RowKey } from '../domain/keys.js';
import type { FinishedRow } from '../domain/loss.js';
import type { Cell, InterfaceRow, PolledRow } from '../domain/rows.js';
import { isBacklog, settledPart } from '../domain/settling.js';
import { State } from '../domain/states.js';
import { dependenciesOf, planPage, type Wait } from '../domain/waiting.js';
import type { ClaimRequest, Page, Paused } from '../middle/port.js';
import type { Lease } from '../store/port.js';
import type { Pause } from '../store/records-port.js';
import { acceptClaimed, withinPage, type Batch } from './batch.js';
import { isolate, putOffApart } from './isolation.js';
import { pausedBy } from './paused.js';
import { putOff } from './put-off.js';
import { wentThrough, type Workshop } from './workshop.js';

/** What a page may hold. */
export interface PageRequest {
  /** The leases held. */
  readonly leases: readonly Lease[];
  /** Those among them whose finished rows are still to be compared with the journal. */
  readonly uncompared: readonly Lease[];
  /** The pauses in force now: the same array until they change. Where they change after the poll, nothing is claimed. */
  readonly pauses: () => readonly Pause[];
  /** The most rows to poll. */
  readonly limit: number;
  /** Leave out all customers that are put off, also those whose pause is over. */
  readonly freshOnly: boolean;
}

/** A claimed page; no rows in `batch` when all of them wait or went back. */
export interface ClaimedPage {
  readonly batch: Batch;
  /** How many rows the poll returned. */
  readonly polled: number;
  /** Whether there may be more to poll at once. */
  readonly isFull: boolean;
  readonly pollMs: number;
  /** The leases that need not be compared again. */
  readonly compared: readonly Lease[];
}

/**
 * Poll → compare → plan → claim → look again. The comparison, of shards that were taken, follows the poll: a row that is
 * finished by then is compared, and one that was not is in the page (P13). The caller takes the customers of the returned
 * batch in hand. What could not be claimed is put off before this returns.
 */
export async function claimPage(
  shop: Workshop,
  { leases, uncompared, pauses, limit, freshOnly }: PageRequest,
): Promise<ClaimedPage> {
  const { store, settings, hand, outages, guard, emit, time } = shop;
  const { dependencyGraceMs: graceMs } = settings;
  const polledAt = time.now();
  const inForce = pauses();
  const paused = pausedBy(inForce);
  const { page, waits, gone } = await poll(shop, { leases, paused, limit, freshOnly });
  const pollMs = time.now() - polledAt;
  const { rows, isFull, holdsAll, seenForMs, firstSeenForMs } = settledOf(shop, page, limit);
  const compared = uncompared.length === 0 ? [] : await guard.compare(uncompared);
  const nothing: Batch = { rows: [], leases: forThisPage(leases, uncompared, compared ?? []), now: page.now };
  const answer = { batch: nothing, polled: page.rows.length, isFull, pollMs, compared: compared ?? [] };
  if (compared === null) return answer;
  if (holdsAll) await shop.deferrals.end(gone);
  if (rows.length === 0) return answer;

  const dependencies = dependenciesOf(rows, page.now, graceMs, seenForMs);
  const { attempts, seen } = await outages.watch('store', () =>
    store.foresee(oncePerKey(rows), dependencies),
  );
  const plan = planPage(rows, {
    seen,
    now: page.now,
    graceMs,
    seenForMs,
    waiting: new Set(waits.map(({ custId }) => custId)),
  });
  for (const wait of plan.waits) hand.wait(wait);
  if (plan.waits.length > 0) emit('waiting', { waits: plan.waits });
  if (plan.claim.length === 0 || pauses() !== inForce) return answer;

  const asked = oncePerKey(plan.claim);
  const takenOver = shop.claims.note(asked, attempts, leases);
  const requests = asked.map((row) => {
    return { row, after: laterThan(attempts.get(rowId(row)) ?? [], page.now, row.stateDate) };
  });
  const claimedAt = time.now();
  const result = await claim(shop, requests);
  if (!(await guard.compareFinishedMeanwhile(finishedMeanwhile(requests, result.rows)))) return answer;
  const accepted = acceptClaimed(requests, result.rows, { takenOver, maxAttributes: settings.maxAttributes });
  emit('claimed', {
    rows: accepted.rows.length,
    claimed: result.claimed,
    takenOver: takenOver.size,
    putBack: accepted.putBack,
    durationMs: time.now() - claimedAt,
  });
  const sighted = accepted.rows.map((row) => ({ ...row, seenForMs: firstSeenForMs(row) }));
  return { ...answer, batch: { ...nothing, rows: sighted } };
}

/** What of a page may be claimed, besides what waits for an open or a bind. */
interface SettledPage {
  readonly rows: readonly PolledRow[];
  /** Whether there may be more to claim at once. */
  readonly isFull: boolean;
  /** Whether the page holds all rows there are. */
  readonly holdsAll: boolean;
  /** Since when a row may wait: in a backlog rows are not looked up in the store before they turn out to miss something. */
  readonly seenForMs: (row: PolledRow) => number;
  /** The same for a row that turns out to miss something. */
  readonly firstSeenForMs: (row: RowKey) => number;
}

/** With more customers waiting than that, rows seen for the first time wait by their CreateDate only: the poll leaves each out. */
const mostWaiting = 1000;

function settledOf({ settings, hand, sightings }: Workshop, page: Page, limit: number): SettledPage {
  const { settleMs, maxAttributes } = settings;
  const polled = withinPage(page.rows, maxAttributes);
  const isCut = polled.length < page.rows.length;
  const sights = sightings.see(polled);
  const firstMs = hand.waits().length < mostWaiting ? 0 : Infinity;
  const seenMs = (row: RowKey, atFirstMs: number): number => {
    const ms = sights.get(rowId(row));
    return ms === undefined ? Infinity : (ms ?? atFirstMs);
  };
  const context = { settleMs, now: page.now, isFull: isCut || page.rows.length >= limit };
  const inBacklog = isBacklog(polled, context);
  const { rows, nextMs } = settledPart(polled, { ...context, seenForMs: (row) => seenMs(row, 0) });
  sightings.settlesIn(nextMs);
  return {
    rows,
    isFull: inBacklog,
    holdsAll: !context.isFull,
    seenForMs: (row) => seenMs(row, inBacklog ? Infinity : firstMs),
    firstSeenForMs: (row) => seenMs(row, firstMs),
  };
}

/**
 * Rows are polled while they are still to settle, so that their time begins; those whose CreateDate has not come yet would
 * fill the page for as long as their clock is ahead.
 */
const youngestMs = 1;

interface Polled {
  readonly page: Page;
  /** The customers that wait. */
  readonly waits: readonly Wait[];
  /** Rows that were put off, are tried again, and are not in the page: where it holds all there is, they have ended. */
  readonly gone: readonly RowKey[];
}

/** Reads the head of both tables, without the customers in hand and those that are put off. */
async function poll(
  { middle, settings, hand, deferrals, outages }: Workshop,
  {
    leases,
    paused,
    limit,
    freshOnly,
  }: Omit<PageRequest, 'uncompared' | 'pauses'> & { readonly paused: Paused },
): Promise<Polled> {
  const held = leases.map(({ shard }) => shard);
  const [waits, inHand] = [hand.waits(), hand.inHand()];
  const { excluded, due } = deferrals.plan(freshOnly);
  const page = await outages.watch('middle', () =>
    middle.poll({
      limit,
      settleMs: Math.min(settings.settleMs, youngestMs),
      shards: { count: settings.shards, held: held.length === settings.shards ? 'all' : held },
      excluded: [...new Set([...inHand, ...excluded])],
      waits,
      paused,
    }),
  );
  const present = new Set(page.rows.map(rowId));
  const hidden = new Set<Cell>([...inHand, ...waits.map(({ custId }) => custId)]);
  const isPolled = ({ custId }: Deferral) =>
    !hidden.has(custId) && held.includes(shardOf(custId, settings.shards));
  const isPaused = paused.sources.length + paused.productIds.length > 0;
  const gone = isPaused ? [] : due.filter((row) => isPolled(row) && !present.has(rowId(row)));
  return { page, waits, gone };
}

/** Claims what can be claimed and puts off the rest; fails with what stopped it. */
async function claim(
  shop: Workshop,
  requests: readonly ClaimRequest[],
): Promise<{ readonly claimed: number; readonly rows: readonly InterfaceRow[] }> {
  const { middle, deferrals, breakers, outages } = shop;
  const custIdOf = ({ row }: ClaimRequest) => row.custId;
  const customers = new Map(requests.map(({ row }) => [rowId(row), row.custId]));
  const { results, refused, stoppedBy } = await isolate(
    putOffApart(requests, custIdOf, deferrals.customers),
    {
      custIdOf,
      idOf: ({ row }) => rowId(row),
      attempt: async (part) => {
        const result = await outages.watchRows('middle', () => middle.claim(part));
        if (result.claimed > 0) wentThrough(shop, 'claim');
        return result;
      },
      stoppedBy: ({ left }) => left.map((key) => customers.get(rowId(key)) ?? null),
      isKnown: ({ row }) => deferrals.tries(row, 'claim', 'refused') > 0,
      breaker: breakers.claim,
    },
  );
  const claimed = results.reduce((sum, result) => sum + result.claimed, 0);
  await putOff(shop, 'claim', {
    refused: refused.map(({ row: { row }, error }) => ({ ...row, error })),
    left: results.flatMap(({ left }) =>
      left.map((key) => ({ ...key, custId: customers.get(rowId(key)) ?? null })),
    ),
    wentThrough: claimed,
  });
  if (stoppedBy !== undefined) throw stoppedBy as Error;
  return { claimed, rows: results.flatMap(({ rows }) => rows) };
}

/** Leases as the page relies on them: those that are to be compared again were compared for it alone. */
function forThisPage(
  leases: readonly Lease[],
  uncompared: readonly Lease[],
  compared: readonly Lease[],
): readonly Lease[] {
  const again = new Set(uncompared.filter((lease) => !compared.includes(lease)).map(({ shard }) => shard));
  return leases.map((lease) => (again.has(lease.shard) ? { ...lease, provisional: true } : lease));
}

/**
 * Rows that were in State 1 at the poll and succeeded before the look after the claim: somebody else marked them. Where a
 * key stands more than once nobody can tell which of the rows it was.
 */
function finishedMeanwhile(
  requests: readonly ClaimRequest[],
  rows: readonly InterfaceRow[],
): readonly FinishedRow[] {
  const polled = new Set(
    requests.filter(({ row }) => row.state === State.Processing).map(({ row }) => rowId(row)),
  );
  const succeeded = rows.filter((row) => row.state === State.Succeeded && polled.has(rowId(row)));
  return succeeded.flatMap((row) => {
    const { source, streamingNo, custId, productId, stateDate } = row;
    const isAlone = rows.filter((other) => rowId(other) === rowId(row)).length === 1;
    return isAlone && stateDate !== null ? [{ source, streamingNo, custId, productId, stateDate }] : [];
  });
}
