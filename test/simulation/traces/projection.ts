import type { RowKey } from '../../../src/domain/keys.js';
import { rowName, type Decision, type PlatformRow, type StateChange } from '../../fault/observations.js';
import type { TraceEvent } from './simulation-trace.js';
import { letterOf, type Window } from './windows.js';

/*
 * What a window shows of a simulation, in the words of test/model/core/traces.cpp. A trace ends early where something comes
 * that the model of traces does not have: the store goes back, a success comes back with other content, a row has more
 * attempts than the model counts.
 */

/** An event of a window. `process` is null where it is no worker's. */
export interface WindowEvent {
  readonly process: string | null;
  readonly verb: string;
  readonly words: readonly string[];
}

const mostAttempts = 7;

/** The events of a window, in order. */
export function project(window: Window, events: readonly TraceEvent[]): readonly WindowEvent[] {
  const projection = new Projection(window);
  for (const event of joined(events)) if (!projection.take(event)) break;
  return projection.events;
}

/** Changes of one transaction in one. */
type JoinedEvent =
  | Exclude<TraceEvent, { kind: 'change' }>
  | { readonly kind: 'changes'; readonly changes: readonly StateChange[] };

function joined(events: readonly TraceEvent[]): readonly JoinedEvent[] {
  const all: JoinedEvent[] = [];
  let open: StateChange[] = [];
  for (const event of events) {
    if (event.kind !== 'change') {
      all.push(event);
      open = [];
      continue;
    }
    if (open.at(-1)?.xid !== event.change.xid) {
      open = [];
      all.push({ kind: 'changes', changes: open });
    }
    open.push(event.change);
  }
  return all;
}

class Projection {
  readonly events: WindowEvent[] = [];
  readonly #window: Window;
  /** Of each row, the StateDates of its claims: their places are the model's attempts. */
  readonly #attempts = new Map<string, string[]>();
  #owner: string | null = null;

  constructor(window: Window) {
    this.#window = window;
  }

  /** False: the trace ends here. */
  take(event: JoinedEvent): boolean {
    switch (event.kind) {
      case 'fail over':
        return false;
      case 'poll':
        this.#add(event.actor, 'poll', [event.rows.flatMap((row) => this.#letter(row) ?? []).join('')]);
        return true;
      case 'commit':
        this.#commit(event.decisions);
        return true;
      case 'lease':
        if (event.shard === this.#window.shard) this.#lease(event.owner, event.term);
        return true;
      case 'changes':
        return this.#changes(event.changes);
    }
  }

  #commit(decisions: readonly Decision[]): void {
    const [first] = decisions;
    if (first === undefined) return;
    const words = decisions.flatMap((decision) => {
      const letter = this.#letter(decision);
      if (letter === null) return [];
      return [
        `${letter}${this.#attempt(decision, decision.attempt)}${decision.outcome === 'applied' ? '+' : '-'}`,
      ];
    });
    this.#add(first.worker, 'decide', words);
  }

  #lease(owner: string | null, term: number): void {
    if (owner === null) this.#add(this.#owner, 'release', ['']);
    else this.#add(owner, 'take', [String(term)]);
    this.#owner = owner;
  }

  #changes(changes: readonly StateChange[]): boolean {
    const shown = changes.filter((change) => this.#letter(change) !== null);
    const [first] = shown;
    if (first === undefined) return true;
    if (!first.actor.startsWith('bnet-sync')) return shown.every((change) => this.#changed(change));
    const counted = shown.filter((change) => !isUndone(change));
    const claims = counted.filter(({ to }) => to === 1);
    if (claims.some((change) => !this.#number(change))) return false;
    const named = (change: StateChange, value: number) => `${this.#letter(change) ?? ''}${value}`;
    this.#add(
      first.actor,
      'claim',
      claims.map((change) => named(change, this.#attempt(change, change.dateAfter))),
    );
    const marks = counted.filter(({ to }) => to !== 1);
    this.#add(
      first.actor,
      'mark',
      marks.map((change) => named(change, change.to)),
    );
    return true;
  }

  /** What the platform, the DBA or a restore did. */
  #changed(change: StateChange): boolean {
    const { from, to, remark, dateAfter } = change;
    const letter = this.#letter(change) ?? '';
    if (from === null) this.#add(null, 'insert', [letter]);
    else if (to === 1) this.#add(null, 'restore', [`${letter}${this.#attempt(change, dateAfter)}`]);
    else if (from === 2 && this.#isOther(change, Number(remark?.slice(1)))) return false;
    else this.#add(null, 'reset', [letter]);
    return true;
  }

  /** Whether this version of a row differs from the one before. */
  #isOther(key: RowKey, version: number): boolean {
    const { versions = [] } = this.#row(key) ?? {};
    return JSON.stringify(versions[version]) !== JSON.stringify(versions[version - 1]);
  }

  #row({ source, streamingNo }: RowKey): PlatformRow | undefined {
    return this.#window.rows.find((row) => row.source === source && row.streamingNo === streamingNo);
  }

  /** Gives a claim's attempt its number; false where the model has none left. */
  #number({ source, streamingNo, dateAfter }: StateChange): boolean {
    const name = rowName({ source, streamingNo });
    const attempts = this.#attempts.get(name) ?? [];
    this.#attempts.set(name, attempts);
    if (!attempts.includes(dateAfter ?? '')) attempts.push(dateAfter ?? '');
    return attempts.length <= mostAttempts;
  }

  /** 0: there was no such claim. */
  #attempt(key: RowKey, stateDate: string | null): number {
    return (this.#attempts.get(rowName(key))?.indexOf(stateDate ?? '') ?? -1) + 1;
  }

  #letter(key: RowKey): string | null {
    return letterOf(this.#window, key);
  }

  #add(actor: string | null, verb: string, words: readonly string[]): void {
    const isEmpty = words.length === 0 || (verb === 'poll' && words[0] === '');
    if (!isEmpty) this.events.push({ process: actor === null ? null : processOf(actor), verb, words });
  }
}

/** A trigger set the row back: as it was after a mark, or to State 0 after a claim. */
function isUndone({ from, to, dateBefore, dateAfter }: StateChange): boolean {
  return from === to && (dateBefore === dateAfter || to === 0);
}

/** The process behind a session's or a worker's name. */
function processOf(name: string): string {
  return /worker \d+/.exec(name)?.[0] ?? name;
}
