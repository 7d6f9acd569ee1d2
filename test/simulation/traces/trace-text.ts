import { project, type WindowEvent } from './projection.js';
import type { TraceEvent } from './simulation-trace.js';
import type { Window } from './windows.js';

/** As many workers as the model is compiled for. */
export const workersInTrace = 3;

/** A trace for the model to judge, as test/model/core/traces.cpp reads it; null: more workers were at it at one time. */
export function traceOf(
  name: string,
  window: Window,
  events: readonly TraceEvent[],
): readonly string[] | null {
  const lines = withWorkers(project(window, events));
  if (lines === null) return null;
  const { overtakes, judgesMarkOrder } = window;
  return [`trace ${name} ${overtakes} ${judgesMarkOrder ? 1 : 0}`, ...lines, 'end'];
}

/** A process that has ended leaves its worker to another one, which `restart` says. */
function withWorkers(events: readonly WindowEvent[]): readonly string[] | null {
  const last = new Map(events.map(({ process }, index) => [process, index]));
  const workers = new Map<string, number>();
  const used = new Set<number>();
  const lines: string[] = [];
  for (const [index, { process, verb, words }] of events.entries()) {
    if (process === null) {
      lines.push([verb, ...words].join(' '));
      continue;
    }
    let worker: number | null | undefined = workers.get(process);
    if (worker === undefined) {
      worker = freeWorker([...workers.values()]);
      if (worker === null) return null;
      if (used.has(worker)) lines.push(`restart ${worker}`);
      used.add(worker);
      workers.set(process, worker);
    }
    lines.push([verb, worker, ...words].join(' ').trimEnd());
    if (last.get(process) === index) workers.delete(process);
  }
  return lines;
}

function freeWorker(taken: readonly number[]): number | null {
  for (let worker = 0; worker < workersInTrace; worker += 1) if (!taken.includes(worker)) return worker;
  return null;
}
