import { compareFinished } from '../guard/compare-finished.js';
import { productsOf } from '../guard/origin.js';
import type { LatestFinished } from '../middle/port.js';
import type { Origin } from '../store/guard-port.js';
import type { GuardRecords } from '../store/admin-port.js';
import { takeRecorded } from './audit.js';
import type { Actor } from './operator-service.js';

/** Both databases as far as the guard asks them. */
export interface GuardSources {
  readonly middle: LatestFinished;
  readonly guard: GuardRecords;
}

/** Why the store is taken as it is, and for which settings. */
export interface AcceptRequest {
  /** `repair-accept` after a loss, `new-store` where a store begins beside finished rows. */
  readonly action: 'repair-accept' | 'new-store';
  readonly productIds: readonly string[];
  readonly shards: number;
  readonly reason: string | null;
}

/** What was accepted. */
export interface AcceptReport {
  /** The middle database's clock: rows finished until then are not compared with the journal any more. */
  readonly finishedUntil: string;
  readonly alarmsClosed: number;
  /** Finished rows among the newest that the journal does not know and no longer asks for. */
  readonly unknownRows: number;
}

/**
 * Takes the product store as it is: closes every alarm, and has the comparison of finished rows begin now. Workers go on
 * at their next check. Nothing that was lost comes back by it. The action is recorded with it.
 */
export async function acceptStore(
  { middle, guard }: GuardSources,
  actor: Actor,
  { action, productIds, shards, reason }: AcceptRequest,
): Promise<AcceptReport> {
  const { lost } = await compareFinished({ middle, store: guard }, { shards, of: 'all' });
  const present = (await guard.origins()).map(({ productId }) => productId);
  // A mark may be ahead of the clock, where that was set back.
  const finishedUntil = [await middle.now(), ...lost.map(({ stateDate }) => stateDate)].sort().at(-1) ?? '';
  const origins: Origin[] = [...new Set([...present, ...productsOf(productIds)])].map((productId) => {
    return { productId, middleClock: finishedUntil };
  });
  const recorded = { action, what: { finishedUntil, unknownRows: lost.length }, rows: null, reason } as const;
  const alarmsClosed = await takeRecorded(actor, recorded, (record) => guard.accept(origins, record));
  return { finishedUntil, alarmsClosed, unknownRows: lost.length };
}
