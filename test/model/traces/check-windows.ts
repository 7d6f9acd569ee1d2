import { rowName, type Observations } from '../../fault/observations.js';
import { TraceProgram, type Rejection } from '../trace-program.js';
import type { Knowledge, TraceEvent } from './trace-event.js';
import { traceOf, workersInTrace } from './trace-text.js';
import { rowsInWindow, windowsOf } from './windows.js';

/** A history: what is known of its rows, and what both databases saw of it. */
export interface History {
  readonly name: string;
  readonly observations: Observations;
  readonly events: readonly TraceEvent[];
  readonly knowledge: Knowledge;
}

/** A trace that the model does not explain. */
export interface RejectedTrace {
  /** Of the rows a, b, c. */
  readonly rows: readonly string[];
  readonly trace: readonly string[];
  readonly rejection: Rejection;
}

/** What the model says of the windows of a history. */
export interface TracesResult {
  readonly traces: number;
  readonly events: number;
  readonly states: number;
  /** Windows with more workers at a time than the model has. */
  readonly tooManyWorkers: number;
  /** Traces with too many states to be judged. */
  readonly undecided: number;
  readonly rejected: readonly RejectedTrace[];
}

/** Compiles and starts the model for such windows; `core` is the folder with traces.cpp. */
export function openTraceProgram(core: string): Promise<TraceProgram> {
  return TraceProgram.open({ core, rows: rowsInWindow, workers: workersInTrace });
}

/** Has the traces of all windows of a history judged. */
export async function checkHistory(history: History, program: TraceProgram): Promise<TracesResult> {
  const { name, observations, events, knowledge } = history;
  const windows = windowsOf(observations);
  const traces = windows.map((window, index) => traceOf(`${name}/${index}`, window, events, knowledge));
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
    undecided: judged.filter((result) => result?.isUndecided === true).length,
    rejected,
  };
}

/** In words. */
export function rejectionText({ rows, rejection: { number, event, details } }: RejectedTrace): string {
  const names = rows.map((name, index) => `${String.fromCharCode(97 + index)} is ${name}`).join(', ');
  return [
    `event ${number}, ${event}, is not explained; ${names}`,
    ...details.map((line) => `  ${line}`),
  ].join('\n');
}
