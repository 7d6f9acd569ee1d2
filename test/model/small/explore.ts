import type { RunResult, Violation } from '../run.js';

export interface Step<State> {
  readonly label: string;
  readonly next: State;
  /** The promise that the step breaks; the schedule ends there. */
  readonly violation?: string | undefined;
  /** It happens only where a fault makes it happen, so progress may not need it. */
  readonly isFault?: boolean;
}

export interface SmallStateModel<State> {
  readonly initial: State;
  readonly steps: (state: State) => Iterable<Step<State>>;
  /** Where given, it must be reachable from every state without faults. */
  readonly isGoal?: (state: State) => boolean;
}

interface Visited<State> {
  readonly state: State;
  readonly depth: number;
  readonly from: Visited<State> | null;
  readonly label: string;
  /** States from which this one is reached without a fault. */
  readonly before: Visited<State>[];
}

/** Visits every reachable state, breadth first. States are compared by their JSON text. */
export function explore<State>({ initial, steps, isGoal }: SmallStateModel<State>): RunResult {
  const start: Visited<State> = { state: initial, depth: 0, from: null, label: '', before: [] };
  const seen = new Map([[JSON.stringify(initial), start]]);
  const violations = new Map<string, Violation>();
  // Entries that are added while the map is walked are walked as well, in the order in which they were added.
  for (const at of seen.values()) {
    for (const { label, next, violation, isFault } of steps(at.state)) {
      if (violation !== undefined) {
        const code = violation.split(':')[0] ?? violation;
        if (!violations.has(code))
          violations.set(code, { text: violation, schedule: [...scheduleTo(at), label] });
        continue;
      }
      const key = JSON.stringify(next);
      const found = seen.get(key) ?? { state: next, depth: at.depth + 1, from: at, label, before: [] };
      seen.set(key, found);
      if (isFault !== true) found.before.push(at);
    }
  }
  const all = [...seen.values()];
  const stuck = isGoal === undefined || violations.size > 0 ? undefined : firstStuck(all, isGoal);
  if (stuck !== undefined)
    violations.set('STUCK', { text: 'STUCK: no way leads to the goal', schedule: scheduleTo(stuck) });
  return {
    states: all.length,
    depth: all.at(-1)?.depth ?? 0,
    complete: true,
    violations: [...violations.values()],
  };
}

function firstStuck<State>(
  all: readonly Visited<State>[],
  isGoal: (state: State) => boolean,
): Visited<State> | undefined {
  const reaches = new Set(all.filter(({ state }) => isGoal(state)));
  for (const at of reaches) for (const before of at.before) reaches.add(before);
  return all.find((at) => !reaches.has(at));
}

function scheduleTo<State>(at: Visited<State>): string[] {
  const labels: string[] = [];
  for (let step = at; step.from !== null; step = step.from) labels.push(step.label);
  return labels.reverse();
}
