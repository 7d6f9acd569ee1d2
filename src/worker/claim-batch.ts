import { laterThan } from '../domain/attempts.js';
import type { Deferral } from '../domain/deferral.js';
import { oncePerKey, rowId, shardOf, type RowKey } from '../domain/keys.js';
import type { FinishedRow } from '../domain/loss.js';
import type { Cell, InterfaceRow, PolledRow } from '../domain/rows.js';
import { isBacklog, settledPart } from '../domain/settling.js';
import { State } from '../domain/states.js';
import { dependenciesOf, planBatch, type Wait } from '../domain/waiting.js';
import { pausedBy, type ClaimRequest, type Paused, type PolledBatch } from '../middle/port.js';
import type { Lease, Pause } from '../store/port.js';
import { acceptClaimed, withinAttributeLimit, type Batch } from './batch.js';
import { bisectBatch, partsByDeferral } from './bisect-batch.js';
import { deferRows } from './defer-rows.js';
import { recordProgress, type WorkerContext } from './context.js';

/** What a batch may hold. */
export interface ClaimBatchRequest {
  /** The leases held. */
  readonly leases: readonly Lease[];
  /** Those among them whose finished rows are still to be compared with the journal. */
  readonly uncompared: readonly Lease[];
  /** The pauses in force now: the same array until they change. Where they change after the poll, nothing is claimed. */
  readonly pauses: () => readonly Pause[];
  /** The most rows to poll. */
  readonly limit: number;
  /** Leave out all deferred customers, also those whose pause is over. */
  readonly freshOnly: boolean;
}

/** A claimed batch; no rows in `batch` when all of them wait or went back. */
export interface ClaimedBatch {
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
 * finished by then is compared, and one that was not is in the batch (P13). The caller notes the customers of the returned
 * batch as in flight. What could not be claimed is deferred before this returns.
 */
export async function claimBatch(
  context: WorkerContext,
  { leases, uncompared, pauses, limit, freshOnly }: ClaimBatchRequest,
): Promise<ClaimedBatch> {
  const { store, settings, inFlight, health, guard, emit, clock } = context;
  const polledAt = clock.now();
  const inForce = pauses();
  const paused = pausedBy(inForce);
  const { polledBatch, waits, gone } = await poll(context, { leases, paused, limit, freshOnly });
  const pollMs = clock.now() - polledAt;
  const { rows, isFull, holdsAll, seenForMs, firstSeenForMs } = settledOf(context, polledBatch, limit);
  const compared = uncompared.length === 0 ? [] : await guard.compare(uncompared);
  const nothing: Batch = {
    rows: [],
    leases: forThisPage(leases, uncompared, compared ?? []),
    now: polledBatch.now,
  };
  const answer = {
    batch: nothing,
    polled: polledBatch.rows.length,
    isFull,
    pollMs,
    compared: compared ?? [],
  };
  if (compared === null) return answer;
  if (holdsAll) await context.deferrals.end(gone);
  if (rows.length === 0) return answer;

  const dependencies = dependenciesOf(rows, polledBatch.now, settings.dependencyGraceMs, seenForMs);
  const known = await health.track('store', () => store.readBeforeClaim(oncePerKey(rows), dependencies));
  const plan = planBatch(rows, {
    ...known,
    now: polledBatch.now,
    graceMs: settings.dependencyGraceMs,
    seenForMs,
    waiting: new Set(waits.map(({ custId }) => custId)),
  });
  // Where earlier rows of a customer are claimed, what it waits for is not let through before they have ended.
  const claimed = new Set(plan.claim.map(({ custId }) => custId));
  for (const wait of plan.waits) if (!claimed.has(wait.custId)) inFlight.wait(wait);
  if (plan.waits.length > 0) emit('waiting', { waits: plan.waits });
  if (plan.claim.length === 0 || pauses() !== inForce) return answer;

  const asked = oncePerKey(plan.claim);
  const takenOver = context.claims.add(asked, known.attempts, leases);
  const requests = asked.map((row) => {
    return { row, after: laterThan(known.attempts.get(rowId(row)) ?? [], polledBatch.now, row.stateDate) };
  });
  const claimedAt = clock.now();
  const result = await claim(context, requests);
  if (!(await guard.compareFinishedMeanwhile(finishedMeanwhile(requests, result.rows)))) return answer;
  const accepted = acceptClaimed(requests, result.rows, { takenOver, maxAttributes: settings.maxAttributes });
  emit('claimed', {
    rows: accepted.rows.length,
    claimed: result.claimed,
    takenOver: takenOver.size,
    changedSinceClaim: accepted.changedSinceClaim,
    durationMs: clock.now() - claimedAt,
  });
  const sighted = accepted.rows.map((row) => ({ ...row, seenForMs: firstSeenForMs(row) }));
  return { ...answer, batch: { ...nothing, rows: sighted } };
}

/** Which polled rows may be claimed, besides what waits for an open or a bind. */
interface SettledBatch {
  readonly rows: readonly PolledRow[];
  /** Whether there may be more to claim at once. */
  readonly isFull: boolean;
  /** Whether the poll returned all rows there are. */
  readonly holdsAll: boolean;
  /** Since when a row may wait: in a backlog rows are not looked up in the store before they turn out to miss something. */
  readonly seenForMs: (row: PolledRow) => number;
  /** The same for a row that turns out to miss something. */
  readonly firstSeenForMs: (row: RowKey) => number;
}

/** With more customers waiting than that, rows seen for the first time wait by their CreateDate only: the poll leaves each out. */
const mostWaiting = 1000;

function settledOf(
  { settings, inFlight, sightings }: WorkerContext,
  polledBatch: PolledBatch,
  limit: number,
): SettledBatch {
  const { settleMs, maxAttributes } = settings;
  const polled = withinAttributeLimit(polledBatch.rows, maxAttributes);
  const isCut = polled.length < polledBatch.rows.length;
  const sights = sightings.see(polled);
  const firstMs = inFlight.waits().length < mostWaiting ? 0 : Infinity;
  const seenMs = (row: RowKey, atFirstMs: number): number => {
    const ms = sights.get(rowId(row));
    return ms === undefined ? Infinity : (ms ?? atFirstMs);
  };
  const context = { settleMs, now: polledBatch.now, isFull: isCut || polledBatch.rows.length >= limit };
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
 * fill the batch for as long as their clock is ahead.
 */
const youngestMs = 1;

interface Polled {
  readonly polledBatch: PolledBatch;
  /** The customers that wait. */
  readonly waits: readonly Wait[];
  /** Rows that were deferred, are tried again, and were not polled: where the poll holds all there is, they have ended. */
  readonly gone: readonly RowKey[];
}

/** Reads the head of both tables, without the customers in flight and those that are deferred. */
async function poll(
  { middle, settings, inFlight, deferrals, health }: WorkerContext,
  {
    leases,
    paused,
    limit,
    freshOnly,
  }: Omit<ClaimBatchRequest, 'uncompared' | 'pauses'> & { readonly paused: Paused },
): Promise<Polled> {
  const held = leases.map(({ shard }) => shard);
  const [waits, customersInFlight] = [inFlight.waits(), inFlight.customers()];
  const { excluded, due } = deferrals.plan(freshOnly);
  const polledBatch = await health.track('middle', () =>
    middle.poll({
      limit,
      settleMs: Math.min(settings.settleMs, youngestMs),
      shards: { count: settings.shards, held: held.length === settings.shards ? 'all' : held },
      excluded: [...new Set([...customersInFlight, ...excluded])],
      waits,
      paused,
    }),
  );
  const present = new Set(polledBatch.rows.map(rowId));
  const hidden = new Set<Cell>([...customersInFlight, ...waits.map(({ custId }) => custId)]);
  const isPolled = ({ custId }: Deferral) =>
    !hidden.has(custId) && held.includes(shardOf(custId, settings.shards));
  const isPaused = paused.sources.length + paused.productIds.length > 0;
  const gone = isPaused ? [] : due.filter((row) => isPolled(row) && !present.has(rowId(row)));
  return { polledBatch, waits, gone };
}

/** Claims what can be claimed and defers the rest; fails with what stopped it. */
async function claim(
  context: WorkerContext,
  requests: readonly ClaimRequest[],
): Promise<{ readonly claimed: number; readonly rows: readonly InterfaceRow[] }> {
  const { middle, deferrals, breakers, health } = context;
  const custIdOf = ({ row }: ClaimRequest) => row.custId;
  const customers = new Map(requests.map(({ row }) => [rowId(row), row.custId]));
  const { results, refused, stoppedBy } = await bisectBatch(
    partsByDeferral(requests, custIdOf, deferrals.customers),
    {
      custIdOf,
      idOf: ({ row }) => rowId(row),
      attempt: async (part) => {
        const result = await health.trackRows('middle', () => middle.claim(part));
        if (result.claimed > 0) recordProgress(context, 'claim');
        return result;
      },
      stoppedBy: ({ left }) => left.map((key) => customers.get(rowId(key)) ?? null),
      isKnown: ({ row }) => deferrals.tries(row, 'claim', 'refused') > 0,
      breaker: breakers.claim,
    },
  );
  const claimed = results.reduce((sum, result) => sum + result.claimed, 0);
  await deferRows(context, 'claim', {
    refused: refused.map(({ row: { row }, error }) => ({ ...row, error })),
    left: results.flatMap(({ left }) =>
      left.map((key) => ({ ...key, custId: customers.get(rowId(key)) ?? null })),
    ),
    wentThrough: claimed,
  });
  if (stoppedBy !== undefined) throw stoppedBy as Error;
  return { claimed, rows: results.flatMap(({ rows }) => rows) };
}

/** Leases as the batch relies on them: `provisional` where they were compared for this batch alone. */
function forThisPage(
  leases: readonly Lease[],
  uncompared: readonly Lease[],
  compared: readonly Lease[],
): readonly Lease[] {
  const again = new Set(uncompared.filter((lease) => !compared.includes(lease)).map(({ shard }) => shard));
  return leases.map((lease) => (again.has(lease.shard) ? { ...lease, provisional: true } : lease));
}

/**
 * Rows that were in State 1 at the poll and in State 2 after the claim: another worker marked them. Where a key occurs more
 * than once it is unknown which of the rows that was.
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
