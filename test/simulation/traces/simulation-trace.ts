import type { RowKey } from '../../../src/domain/keys.js';
import type { Decision, LeaseChange, StateChange } from '../../fault/observations.js';
import type { TraceEvent } from '../../model/traces/trace-event.js';
import type { StoreObserver } from '../store/tables.js';

/** What both databases see of a simulation, in the true order, which between processes nobody knows. */
export class SimulationTrace implements StoreObserver {
  readonly events: TraceEvent[] = [];
  readonly #isKept: boolean;
  readonly #now: () => number;
  readonly #owners = new Map<number, string | null>();
  /** The changes of the last event, to which those of the same transaction are added. */
  #open: StateChange[] = [];

  /** @param now - the true time in milliseconds */
  constructor(isKept: boolean, now: () => number) {
    this.#isKept = isKept;
    this.#now = now;
  }

  readonly onChange = (change: StateChange): void => {
    if (this.#open.at(-1)?.xid !== change.xid) {
      const changes: StateChange[] = [];
      this.#add({ kind: 'changes', process: workerOf(change.actor), at: this.#at(), changes });
      this.#open = changes;
    }
    this.#open.push(change);
  };

  readonly onPoll = (actor: string, rows: readonly RowKey[]): void => {
    if (rows.length > 0) this.#add({ kind: 'poll', process: workerOf(actor), at: this.#at(), rows });
  };

  onCommit(decisions: readonly Decision[]): void {
    const process = workerOf(decisions[0]?.worker ?? '');
    this.#add({ kind: 'decisions', process, at: this.#at(), decisions: [...decisions] });
  }

  onLease({ shard, owner }: LeaseChange, term: number): void {
    const process = workerOf(owner ?? this.#owners.get(shard) ?? '');
    this.#owners.set(shard, owner);
    const moment = { process, at: this.#at(), shard };
    this.#add(owner === null ? { kind: 'release', ...moment } : { kind: 'take', ...moment, term });
  }

  onFailOver(): void {
    this.#add({ kind: 'fail over', process: null, at: this.#at() });
  }

  #at(): number {
    return Math.round(this.#now() * 1000);
  }

  #add(event: TraceEvent): void {
    this.#open = [];
    if (this.#isKept) this.events.push(event);
  }
}

/** The worker behind a session's or a process's name; null: it is none's. */
function workerOf(name: string): string | null {
  return /worker \d+/.exec(name)?.[0] ?? null;
}
