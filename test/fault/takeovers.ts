import type { LeaseChange } from './observations.js';

/** A worker process that was killed. */
export interface Kill {
  readonly workerId: string;
  readonly at: number;
}

/**
 * For each kill how long it took until the last of its shards had another owner, in ms. Kills around an outage of the
 * store are left out: nobody could take over.
 */
export function takeovers(
  leases: readonly LeaseChange[],
  kills: readonly Kill[],
  outages: readonly (readonly [number, number])[],
): number[] {
  const undisturbed = kills.filter(({ at }) =>
    outages.every(([from, to]) => at < from - 10_000 || at > to + 5000),
  );
  return undisturbed.flatMap(({ workerId, at }) => {
    const owners = new Map<number, string | null>();
    for (const lease of leases) if (lease.at <= at) owners.set(lease.shard, lease.owner);
    const held = [...owners].filter(([, owner]) => owner === workerId).map(([shard]) => shard);
    const times = held.map(
      (shard) => (leases.find((lease) => lease.shard === shard && lease.at > at)?.at ?? Infinity) - at,
    );
    return times.length === 0 ? [] : [Math.round(Math.max(...times))];
  });
}

/** In words. */
export function describeTakeovers(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  if (sorted.length === 0) return 'no takeover was measured';
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return `takeover of all its shards in ${median} ms (median), ${sorted.at(-1) ?? 0} ms at most, of ${sorted.length}`;
}
