import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasCompiler } from '../model/core-program.js';
import type { TraceProgram } from '../model/trace-program.js';
import { checkHistory, openTraceProgram, rejectionText } from '../model/traces/check-windows.js';
import { recorded } from '../model/traces/trace-event.js';
import type { FaultEnvironment } from './environment.js';
import type { Observations } from './observations.js';
import { readTrace } from './recorded-trace.js';

/** What the protocol model says of a run. */
export interface TraceReport {
  /** How many traces it judged. */
  readonly traces: number;
  /** Events that it does not explain, a text each. */
  readonly unexplained: readonly string[];
  readonly summary: string;
}

/** Starts the model; null: there is no compiler. */
export async function traceProgram(): Promise<TraceProgram | null> {
  return hasCompiler ? openTraceProgram(fileURLToPath(new URL('../model/core', import.meta.url))) : null;
}

/** Has the model judge what the databases saw of a run; writes the traces that it rejects into the folder. */
export async function judgeTraces(
  program: TraceProgram | null,
  environment: FaultEnvironment,
  { observations, folder }: { readonly observations: Observations; readonly folder: string },
): Promise<TraceReport> {
  if (program === null)
    return { traces: 0, unexplained: [], summary: 'no traces are judged without a C++ compiler' };
  const startedAt = Date.now();
  const [middle, store] = [environment.connect('middle', 'reader'), environment.connect('store', 'reader')];
  const events = await readTrace(middle, store, observations);
  const { rejected, ...counts } = await checkHistory(
    { name: 'window', observations, events, knowledge: recorded },
    program,
  );
  const texts = rejected.map((trace) => `${trace.trace.join('\n')}\n${rejectionText(trace)}\n`);
  if (texts.length > 0) writeFileSync(join(folder, 'traces.txt'), texts.join('\n'));
  return {
    traces: counts.traces,
    unexplained: rejected.map(rejectionText),
    summary:
      `${counts.traces} traces of ${counts.events} events judged in ${Date.now() - startedAt} ms, ` +
      `${rejected.length} not explained, ${counts.undecided} undecided, ${counts.tooManyWorkers} left out`,
  };
}
