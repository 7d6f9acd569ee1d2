import type { WorkerDescription } from '../store/port.js';
import { listLines } from './output.js';

/** Workers as a list for people; `shards` says how each one's shards are told. */
export function workerLines(
  workers: readonly WorkerDescription[],
  shards: (shards: readonly number[]) => string = (held) => `${held.length}`,
): readonly string[] {
  return listLines({
    columns: [
      { head: 'Worker' },
      { head: 'Host', shorten: 14 },
      { head: 'Process', right: true, optional: true },
      { head: 'Started', optional: true },
      { head: 'Last heartbeat' },
      { head: 'Shards', right: true },
      { head: 'Alive' },
    ],
    rows: workers.map((worker) => [
      worker.workerId,
      worker.host,
      worker.pid,
      worker.startedAt,
      worker.heartbeatAt,
      shards(worker.shards),
      worker.alive ? 'yes' : 'no',
    ]),
  });
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
