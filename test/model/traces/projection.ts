import type { RowKey } from '../../../src/domain/keys.js';
import { rowName, type Decision, type PlatformRow, type StateChange } from '../../fault/observations.js';
import type { TraceEvent } from './trace-event.js';
import { letterOf, type Window } from './windows.js';

/*
 * What a window shows of a history, in the words of test/model/core/traces.cpp. A trace ends early where something comes
 * that the model of traces does not have: the store goes back, a success comes back with other content, a row has more
 * attempts than the model counts.
 */

/** An event of a window. `process` is null where it is no worker's. */
export interface WindowEvent {
  readonly process: string | null;
  readonly at: number;
  readonly verb: string;
  readonly words: readonly string[];
}

const mostAttempts = 7;

/** The events of a window, in order. */
export function project(window: Window, events: readonly TraceEvent[]): readonly WindowEvent[] {
  const projection = new Projection(window);
  for (const event of events) if (!projection.take(event)) break;
  return projection.events;
}

/** Whose an event is, and when it was. */
type Moment = Pick<TraceEvent, 'process' | 'at'>;

class Projection {
  readonly events: WindowEvent[] = [];
  readonly #window: Window;
  /** Of each row, the StateDates of its claims: their places are the model's attempts. */
  readonly #attempts = new Map<string, string[]>();
  /** Of each row, the number of the version that stands. */
  readonly #versions = new Map<string, number>();

  constructor(window: Window) {
    this.#window = window;
  }

  /** False: the trace ends here. */
  take(event: TraceEvent): boolean {
    switch (event.kind) {
      case 'fail over':
        return false;
      case 'poll':
        this.#add(event, 'poll', [event.rows.flatMap((row) => this.#letter(row) ?? []).join('')]);
        return true;
      case 'decisions':
        this.#decided(event, event.decisions);
        return true;
      case 'take':
        if (event.shard === this.#window.shard) this.#show(event, 'take', [String(event.term)]);
        return true;
      case 'release':
        if (event.shard === this.#window.shard) this.#show(event, 'release', []);
        return true;
      case 'changes': {
        const shown = event.changes.filter((change) => this.#letter(change) !== null && !isUndone(change));
        return event.process === null
          ? this.#changedByOthers(event, shown)
          : this.#changedByWorker(event, shown);
      }
    }
  }

  #decided(moment: Moment, decisions: readonly Decision[]): void {
    const words = decisions.flatMap((decision) => {
      const letter = this.#letter(decision);
      if (letter === null) return [];
      const outcome = decision.outcome === 'applied' ? '+' : '-';
      return [`${letter}${this.#attempt(decision, decision.attempt)}${outcome}`];
    });
    this.#add(moment, 'decide', words);
  }

  #changedByWorker(moment: Moment, changes: readonly StateChange[]): boolean {
    const claims = changes.filter(({ to }) => to === 1);
    if (claims.some((change) => !this.#number(change))) return false;
    const named = (change: StateChange, value: number) => `${this.#letter(change) ?? ''}${value}`;
    this.#add(
      moment,
      'claim',
      claims.map((change) => named(change, this.#attempt(change, change.dateAfter))),
    );
    const marks = changes.filter(({ to }) => to !== 1);
    this.#add(
      moment,
      'mark',
      marks.map((change) => named(change, change.to)),
    );
    return true;
  }

  /** What the platform, the DBA or a restore did. */
  #changedByOthers(moment: Moment, changes: readonly StateChange[]): boolean {
    const inserts = changes.filter(({ from }) => from === null);
    this.#add(
      moment,
      'insert',
      inserts.map((change) => this.#letter(change) ?? ''),
    );
    for (const change of changes) {
      if (change.from === null) continue;
      const letter = this.#letter(change) ?? '';
      const isOther = this.#takeVersion(change);
      if (change.to === 1)
        this.#add(moment, 'restore', [`${letter}${this.#attempt(change, change.dateAfter)}`]);
      else if (change.from === 2 && isOther) return false;
      else this.#add(moment, 'reset', [letter]);
    }
    return true;
  }

  /** Notes the version that stands from now on; whether it differs from the one before. */
  #takeVersion(change: StateChange): boolean {
    const name = rowName(change);
    const before = this.#versions.get(name) ?? 0;
    const version = Number(change.remark?.slice(1));
    this.#versions.set(name, version);
    const { versions = [] } = this.#row(change) ?? {};
    return JSON.stringify(versions[version]) !== JSON.stringify(versions[before]);
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

  /** Shows an event that is about rows, unless it is about none of the window. */
  #add(moment: Moment, verb: string, words: readonly string[]): void {
    if (words.some((word) => word !== '')) this.#show(moment, verb, words);
  }

  #show({ process, at }: Moment, verb: string, words: readonly string[]): void {
    this.events.push({ process, at, verb, words });
  }
}

/** A trigger set the row back, as it was after a mark, or to State 0 after a claim; or nothing but a lock was wanted. */
function isUndone({ from, to, dateBefore, dateAfter }: StateChange): boolean {
  return from === to && (dateBefore === dateAfter || to === 0);
}
