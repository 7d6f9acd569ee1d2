import { compareFinished } from '../guard/compare-finished.js';
import { productsOf } from '../guard/origin.js';
import type { Origin } from '../store/guard-port.js';
import { takeRecorded } from './audit.js';
import type { AcceptReport, Actor } from './contract/actions.js';
import type { Databases } from './databases.js';

/** Why the store is accepted as it is, and the settings. */
export interface AcceptRequest {
  /** `repair-accept` after a loss, `new-store` for a new store beside finished rows. */
  readonly action: 'repair-accept' | 'new-store';
  readonly productIds: readonly string[];
  readonly shards: number;
  readonly reason: string | null;
}

/**
 * Accepts the product store as is: closes every alarm, and compares finished rows from now on. Workers
 * continue at their next check. Lost rows stay lost. The action is recorded with it.
 */
export async function acceptStore(
  { middle, store: { guard } }: Databases,
  actor: Actor,
  { action, productIds, shards, reason }: AcceptRequest,
): Promise<AcceptReport> {
  const { lost } = await compareFinished({ middle: middle.finished, store: guard }, { shards, of: 'all' });
  const present = (await guard.origins()).map(({ productId }) => productId);
  // A mark may be ahead of a clock that was set back.
  const finishedUntil = [await middle.now(), ...lost.map(({ stateDate }) => stateDate)].sort().at(-1) ?? '';
  const origins: Origin[] = [...new Set([...present, ...productsOf(productIds)])].map((productId) => {
    return { productId, middleClock: finishedUntil };
  });
  const recorded = { action, what: { finishedUntil, unknownRows: lost.length }, rows: null, reason } as const;
  const alarmsClosed = await takeRecorded(actor, recorded, (record) => guard.accept(origins, record));
  return { finishedUntil, alarmsClosed, unknownRows: lost.length };
}
