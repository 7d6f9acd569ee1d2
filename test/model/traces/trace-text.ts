import { project, type WindowEvent } from './projection.js';
import type { Knowledge, TraceEvent } from './trace-event.js';
import type { Window } from './windows.js';

/** As many workers as the model is compiled for. */
export const workersInTrace = 3;

/** A trace for the model to judge, as test/model/core/traces.cpp reads it; null: more workers were at it at one time. */
export function traceOf(
  name: string,
  window: Window,
  events: readonly TraceEvent[],
  { polls, tolerance }: Knowledge,
): readonly string[] | null {
  const shown = project(window, events).filter(({ verb }) => polls || verb !== 'poll');
  const lines = withWorkers(shown);
  if (lines === null) return null;
  const { overtakes, judgesMarkOrder } = window;
  const start = shown[0]?.at ?? 0;
  const texts = lines.map(({ at, words }) => [...(tolerance > 0 ? [`@${at - start}`] : []), ...words]);
  return [
    `trace ${name} ${overtakes} ${judgesMarkOrder ? 1 : 0} ${polls ? 1 : 0} ${tolerance}`,
    ...texts.map((words) => words.join(' ')),
    'end',
  ];
}

/** A line of a trace without its time. */
interface Line {
  readonly at: number;
  readonly words: readonly (string | number)[];
}

/** A process that has ended leaves its worker to another one, which `restart` says. */
function withWorkers(events: readonly WindowEvent[]): readonly Line[] | null {
  const last = new Map(events.map(({ process }, index) => [process, index]));
  const workers = new Map<string, number>();
  const used = new Set<number>();
  const lines: Line[] = [];
  for (const [index, { process, at, verb, words }] of events.entries()) {
    if (process === null) {
      lines.push({ at, words: [verb, ...words] });
      continue;
    }
    let worker: number | null | undefined = workers.get(process);
    if (worker === undefined) {
      worker = freeWorker([...workers.values()]);
      if (worker === null) return null;
      if (used.has(worker)) lines.push({ at, words: ['restart', worker] });
      used.add(worker);
      workers.set(process, worker);
    }
    lines.push({ at, words: [verb, worker, ...words] });
    if (last.get(process) === index) workers.delete(process);
  }
  return lines;
}

function freeWorker(taken: readonly number[]): number | null {
  for (let worker = 0; worker < workersInTrace; worker += 1) if (!taken.includes(worker)) return worker;
  return null;
}
