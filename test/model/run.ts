/** One run of a model: what is tried, how far, and what must come of it. */
export interface Run {
  readonly name: string;
  /** What is tried; for a run with a mechanism taken away, which one. */
  readonly about: string;
  readonly when: RunSet;
  /** Rows, shards and how often what may go wrong. */
  readonly bounds: string;
  /** How the violations begin that the run must find first; empty where every promise must hold. */
  readonly expected: readonly string[];
  readonly model: CoreModel | SmallModel;
}

/** `short` also belongs to the test suite, `full` only runs when asked for. */
export type RunSet = 'short' | 'default' | 'full';

/** A run of the C++ program in core/; its options are explained in core/options.hpp. */
export interface CoreModel {
  readonly rows: 2 | 3;
  readonly shards: 1 | 2;
  readonly options: Readonly<Record<string, number>>;
}

/** A run of a small model in TypeScript. */
export interface SmallModel {
  readonly explore: () => RunResult;
}

export interface RunResult {
  readonly states: number;
  /** Steps of the longest of the shortest schedules to a state. */
  readonly depth: number;
  /** Whether every reachable state was visited. */
  readonly complete: boolean;
  readonly violations: readonly Violation[];
}

export interface Violation {
  readonly text: string;
  /** The steps of a shortest schedule that leads to it. */
  readonly schedule: readonly string[];
}

/** Whether a run came to what it was expected to: no violation in all states, or one that begins with each text. */
export function meetsExpectation(run: Run, { complete, violations }: RunResult): boolean {
  if (run.expected.length === 0) return complete && violations.length === 0;
  const texts = violations.map(({ text }) => text);
  return (
    run.expected.every((start) => texts.some((text) => text.startsWith(start))) &&
    texts.every((text) => run.expected.some((start) => text.startsWith(start)))
  );
}
