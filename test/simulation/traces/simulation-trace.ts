import type { RowKey } from '../../../src/domain/keys.js';
import type { Decision, LeaseChange, StateChange } from '../../fault/observations.js';
import type { StoreObserver } from '../store/tables.js';

/** What one of the two databases saw. */
export type TraceEvent =
  /** An insert or update of a main table. */
  | { readonly kind: 'change'; readonly change: StateChange }
  /** What a poll returned, and to whom. */
  | { readonly kind: 'poll'; readonly actor: string; readonly rows: readonly RowKey[] }
  /** The decisions of one transaction. */
  | { readonly kind: 'commit'; readonly decisions: readonly Decision[] }
  /** `owner` null: it was given back. */
  | { readonly kind: 'lease'; readonly shard: number; readonly owner: string | null; readonly term: number }
  /** The store becomes an older one. */
  | { readonly kind: 'fail over' };

/** What both databases see of a simulation, in the true order, which between processes nobody knows. */
export class SimulationTrace implements StoreObserver {
  readonly events: TraceEvent[] = [];
  readonly #isKept: boolean;

  constructor(isKept: boolean) {
    this.#isKept = isKept;
  }

  readonly onChange = (change: StateChange): void => {
    this.#add({ kind: 'change', change });
  };

  readonly onPoll = (actor: string, rows: readonly RowKey[]): void => {
    if (rows.length > 0) this.#add({ kind: 'poll', actor, rows });
  };

  onCommit(decisions: readonly Decision[]): void {
    this.#add({ kind: 'commit', decisions: [...decisions] });
  }

  onLease({ shard, owner }: LeaseChange, term: number): void {
    this.#add({ kind: 'lease', shard, owner, term });
  }

  onFailOver(): void {
    this.#add({ kind: 'fail over' });
  }

  #add(event: TraceEvent): void {
    if (this.#isKept) this.events.push(event);
  }
}
