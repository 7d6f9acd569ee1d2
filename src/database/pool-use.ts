/** How many connections of a pool are at work, at hand, and waited for. */
export interface PoolUse {
  readonly used: number;
  readonly idle: number;
  readonly waiting: number;
}

/** What a pool of tarn tells of itself: ours, and the one inside Knex. */
interface CountedPool {
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

/** Counts the connections of a pool. */
export function poolUse(pool: CountedPool): PoolUse {
  return { used: pool.numUsed(), idle: pool.numFree(), waiting: pool.numPendingAcquires() };
}

/** Two pools as one. */
export function together(one: PoolUse, other: PoolUse): PoolUse {
  return {
    used: one.used + other.used,
    idle: one.idle + other.idle,
    waiting: one.waiting + other.waiting,
  };
}
