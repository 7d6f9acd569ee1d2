import type { WorkerDescription } from '../store/port.js';
import { tableLines } from './output.js';

/** Workers as a list for people; `shards` says how each one's shards are told. */
export function workerLines(
  workers: readonly WorkerDescription[],
  shards: (shards: readonly number[]) => string = (held) => `${held.length}`,
): readonly string[] {
  return tableLines(workers, [
    { head: 'Worker', of: (worker) => worker.workerId },
    { head: 'Host', shorten: 14, of: (worker) => worker.host },
    { head: 'Process', right: true, optional: true, of: (worker) => worker.pid },
    { head: 'Started', optional: true, of: (worker) => worker.startedAt },
    { head: 'Last heartbeat', of: (worker) => worker.heartbeatAt },
    { head: 'Shards', right: true, of: (worker) => shards(worker.shards) },
    { head: 'Alive', of: (worker) => (worker.alive ? 'yes' : 'no') },
  ]);
}

/** Numbers in growing order as ranges: `0-3, 7`. */
export function rangesText(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const each of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === each - 1) last[1] = each;
    else ranges.push([each, each]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
