import type { EventLoop, EventOwner } from './event-loop.js';
import type { History } from './history.js';
import { longestHeldMs, type Interference } from './network.js';
import type { Step, UntilOthers } from './scenario.js';
import { numberOf, type WorkerProcesses } from './worker-processes.js';

type AmbushStep = Extract<Step, { kind: 'ambush' }>;
type UponStep = Extract<Step, { kind: 'upon' }>;

/** A process that stands still until others have come so far. */
interface Waiting extends Omit<UntilOthers, 'times'> {
  times: number;
  readonly goOn: () => void;
}

/** What ambushes act on. */
interface AmbushParts {
  readonly loop: EventLoop;
  readonly history: History;
  readonly processes: WorkerProcesses;
  /** Takes a step that follows from a statement. */
  schedule(step: Step): void;
}

/** What waits for statements: ambushes that they fall into, steps that follow from them, processes that stand still until then. */
export class Ambushes {
  readonly #parts: AmbushParts;
  #ambushes: readonly AmbushStep[] = [];
  #upon: readonly UponStep[] = [];
  #waiting: readonly Waiting[] = [];

  constructor(parts: AmbushParts) {
    this.#parts = parts;
  }

  lay(step: AmbushStep): void {
    this.#ambushes = [...this.#ambushes, step];
  }

  await(step: UponStep): void {
    this.#upon = [...this.#upon, step];
  }

  /** Nothing more happens to statements, or follows from them. */
  clear(): void {
    this.#ambushes = [];
    this.#upon = [];
  }

  /** A statement is about to be sent. */
  sent(owner: EventOwner, statement: string): Interference | null {
    const step = this.#ambushes.find((each) => each.statement === statement && isOf(each.worker, owner));
    if (step === undefined) return null;
    const others = this.#ambushes.filter((each) => each !== step);
    this.#ambushes = step.skip > 0 ? [...others, { ...step, skip: step.skip - 1 }] : others;
    return step.skip > 0 ? null : this.#fall(step, owner);
  }

  /** A statement has taken effect. */
  arrived(owner: EventOwner, statement: string, interference: Interference | null): void {
    const { history, schedule } = this.#parts;
    if (interference !== null && interference.kind !== 'answer lost')
      history.remark(`worker ${numberOf(owner) ?? '?'}`, `${statement} arrives`);
    const isMeant = (each: UponStep): boolean => each.statement === statement && isOf(each.worker, owner);
    const due = this.#upon.filter((each) => isMeant(each) && each.skip === 0);
    this.#upon = this.#upon
      .filter((each) => !due.includes(each))
      .map((each) => (isMeant(each) ? { ...each, skip: each.skip - 1 } : each));
    for (const { then } of due) schedule(then);
    this.#letGo(owner, statement);
  }

  #fall(step: AmbushStep, owner: EventOwner): Interference | null {
    const { statement } = step;
    const { history, processes } = this.#parts;
    history.count(`${statement}: ${step.what}`);
    if (step.what === 'held' || step.what === 'stand still') {
      const { what, until, times, untilWorker } = step;
      const how = what === 'held' ? 'held up' : 'its process stands still';
      history.tell('an ambush', `${statement}: ${how} until ${until} (${times} times)`);
      history.disturb('an ambush', longestHeldMs);
      if (what === 'stand still') return this.#standStill(owner, step);
      const { unnoticed = false } = step;
      return { kind: 'held', until, times, unnoticed, isOf: (sender) => isOf(untilWorker, sender) };
    }
    const { what, forMs } = step;
    history.tell('an ambush', `${statement}: ${what} (${forMs} ms)`);
    history.disturb('an ambush', forMs);
    if (what === 'late') return { kind: 'late', ms: forMs };
    if (what === 'answer lost') return { kind: 'answer lost' };
    processes.strike(owner, what, forMs);
    return null;
  }

  #standStill(owner: EventOwner, { until, times, untilWorker }: UntilOthers): null {
    const { loop, processes } = this.#parts;
    processes.strike(owner, 'freeze', Infinity);
    const goOn = (): void => {
      cancel();
      this.#waiting = this.#waiting.filter((each) => each !== waiting);
      processes.goOn(owner);
    };
    const cancel = loop.schedule(longestHeldMs, goOn);
    const waiting: Waiting = { until, times, goOn, ...(untilWorker !== undefined && { untilWorker }) };
    this.#waiting = [...this.#waiting, waiting];
    return null;
  }

  #letGo(owner: EventOwner, statement: string): void {
    for (const waiting of this.#waiting) {
      if (waiting.until !== statement || !isOf(waiting.untilWorker, owner)) continue;
      waiting.times -= 1;
      if (waiting.times === 0) waiting.goOn();
    }
  }
}

/** Whether a statement is this worker's; undefined: anybody's will do. */
function isOf(worker: number | undefined, owner: EventOwner): boolean {
  return worker === undefined || numberOf(owner) === worker;
}
