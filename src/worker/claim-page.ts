import { rowId } from '../domain/keys.js';
import type { FinishedRow } from '../domain/loss.js';
import type { InterfaceRow } from '../domain/rows.js';
import { State } from '../domain/states.js';
import { dependenciesOf, planPage } from '../domain/waiting.js';
import type { ClaimRequest, MiddleDatabase, Paused } from '../middle/port.js';
import type { Lease, ProductStore } from '../store/port.js';
import { acceptClaimed, oncePerKey, type Batch } from './batch.js';
import type { Claims } from './claims.js';
import type { Emit } from './events.js';
import type { Hand } from './hand.js';
import type { Outages } from './outages.js';
import type { WorkerSettings } from './settings.js';
import type { StoreGuard } from './store-guard.js';
import type { Time } from './time.js';

/** What the stages of a worker share. */
export interface Workshop {
  readonly middle: MiddleDatabase;
  readonly store: ProductStore;
  readonly settings: WorkerSettings;
  readonly hand: Hand;
  readonly claims: Claims;
  readonly outages: Outages;
  readonly guard: StoreGuard;
  readonly emit: Emit;
  readonly time: Time;
}

/** What a page may hold. */
export interface PageRequest {
  /** The leases held. */
  readonly leases: readonly Lease[];
  /** Those among them whose finished rows are still to be compared with the journal. */
  readonly uncompared: readonly Lease[];
  readonly paused: Paused;
  /** The most rows to poll. */
  readonly limit: number;
}

/** A claimed page; no rows in `batch` when all of them wait or went back. */
export interface ClaimedPage {
  readonly batch: Batch;
  /** How many rows the poll returned. */
  readonly polled: number;
  readonly pollMs: number;
  /** The leases that need not be compared again. */
  readonly compared: readonly Lease[];
}

/**
 * Poll → compare → plan → claim → look again. The comparison, of shards that were taken, follows the poll: a row that is
 * finished by then is compared, and one that was not is in the page (P13). The customers of the page are in hand from the moment their rows are polled; the
 * caller releases those of the returned batch, whatever becomes of it.
 */
export async function claimPage(
  shop: Workshop,
  { leases, uncompared, paused, limit }: PageRequest,
): Promise<ClaimedPage> {
  const { middle, store, settings, hand, outages, guard, emit, time } = shop;
  const held = leases.length === settings.shards ? 'all' : leases.map(({ shard }) => shard);
  const waits = hand.waits();
  const polledAt = time.now();
  const page = await outages.watch('middle', () =>
    middle.poll({
      limit,
      settleMs: settings.settleMs,
      shards: { count: settings.shards, held },
      excluded: hand.excluded(),
      waits,
      paused,
    }),
  );
  const pollMs = time.now() - polledAt;
  const compared = uncompared.length === 0 ? [] : await guard.compare(uncompared);
  const nothing: Batch = { rows: [], leases: forThisPage(leases, uncompared, compared ?? []), now: page.now };
  const answer = { batch: nothing, polled: page.rows.length, pollMs, compared: compared ?? [] };
  if (compared === null || page.rows.length === 0) return answer;

  const dependencies = dependenciesOf(page.rows, page.now, settings.dependencyGraceMs);
  const foreknowledge = await outages.watch('store', () =>
    store.foresee(oncePerKey(page.rows), dependencies),
  );
  const plan = planPage(page.rows, {
    seen: foreknowledge.seen,
    now: page.now,
    graceMs: settings.dependencyGraceMs,
    waiting: new Set(waits.map(({ custId }) => custId)),
  });
  for (const wait of plan.waits) hand.wait(wait);
  if (plan.waits.length > 0) emit('waiting', { waits: plan.waits });
  if (plan.claim.length === 0) return answer;

  const requests: ClaimRequest[] = oncePerKey(plan.claim).map((row) => ({
    row,
    newestAttempt: foreknowledge.newestAttempts.get(rowId(row)) ?? null,
  }));
  const takenOver = shop.claims.note(requests, leases);
  const claimedAt = time.now();
  const result = await outages.watch('middle', () => middle.claim(requests));
  if (!(await guard.compareFinishedMeanwhile(finishedMeanwhile(requests, result.rows)))) return answer;
  const accepted = acceptClaimed(requests, result.rows, takenOver);
  emit('claimed', {
    rows: accepted.rows.length,
    claimed: result.claimed,
    takenOver: takenOver.size,
    putBack: accepted.putBack,
    durationMs: time.now() - claimedAt,
  });
  return { ...answer, batch: { ...nothing, rows: accepted.rows } };
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
