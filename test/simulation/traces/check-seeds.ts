import { rowName } from '../../fault/observations.js';
import type { Rejection, TraceProgram } from '../../model/trace-program.js';
import { drawScenario } from '../scenario.js';
import type { WorldOptions } from '../system.js';
import { World, type Outcome } from '../world.js';
import { traceOf } from './trace-text.js';
import { windowsOf } from './windows.js';

/** A trace that the model does not explain. */
export interface RejectedTrace {
  /** Of the rows a, b, c. */
  readonly rows: readonly string[];
  readonly trace: readonly string[];
  readonly rejection: Rejection;
}

/** What the model says of the windows of a seed. */
export interface SeedTraces {
  readonly seed: number;
  readonly traces: number;
  readonly events: number;
  readonly states: number;
  /** Windows with more workers at a time than the model has. */
  readonly tooManyWorkers: number;
  readonly rejected: readonly RejectedTrace[];
}

/** Plays a seed and has the traces of all its windows judged. */
export async function checkSeed(
  seed: number,
  program: TraceProgram,
  options: WorldOptions = {},
): Promise<SeedTraces> {
  const outcome = await new World(drawScenario(seed), { ...options, keepTrace: true }).play();
  return { seed, ...(await checkOutcome(outcome, program, String(seed))) };
}

/** Has the traces of a simulation judged. */
export async function checkOutcome(
  { observations, trace: events }: Outcome,
  program: TraceProgram,
  name: string,
): Promise<Omit<SeedTraces, 'seed'>> {
  const windows = windowsOf(observations);
  const traces = windows.map((window, index) => traceOf(`${name}/${index}`, window, events));
  const judged = await Promise.all(
    traces.map(async (trace) => (trace === null ? null : program.judge(trace))),
  );
  const rejected = judged.flatMap((result, index): RejectedTrace[] => {
    const rejection = result?.rejected ?? null;
    if (rejection === null) return [];
    return [{ rows: (windows[index]?.rows ?? []).map(rowName), trace: traces[index] ?? [], rejection }];
  });
  const kept = traces.filter((trace) => trace !== null);
  return {
    traces: kept.length,
    events: kept.reduce((sum, trace) => sum + trace.length - 2, 0),
    states: judged.reduce((sum, result) => sum + (result?.states ?? 0), 0),
    tooManyWorkers: traces.length - kept.length,
    rejected,
  };
}
