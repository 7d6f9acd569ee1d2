/**
 * How many of the shards a worker may hold. They are shared evenly: where they do not come out even, the first workers
 * hold one more.
 *
 * @param workers - all that are alive, in an order on which they agree; with the worker itself
 */
export function fairShare(shards: number, workers: readonly string[], worker: string): number {
  const place = workers.indexOf(worker);
  if (place === -1) return 0;
  return Math.floor(shards / workers.length) + (place < shards % workers.length ? 1 : 0);
}
