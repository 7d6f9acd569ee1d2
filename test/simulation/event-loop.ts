/*
 * Virtual time. Whatever happens in a simulation is an event: it runs at its moment, after all earlier ones, and events of
 * the same moment run in the order in which they were scheduled. What an event sets off in promises ends before the next
 * one runs. Nothing else moves time, so a simulation takes as long as its events do and is the same each time.
 */

/** What events belong to: those of a process that is dead never run, those of one that is frozen run when it goes on. */
export interface EventOwner {
  readonly isDead: boolean;
  /** Virtual time in milliseconds; in the past: it is not frozen; Infinity: until `resume`. */
  readonly frozenUntil: number;
}

interface Event {
  at: number;
  readonly order: number;
  /** Null once it was cancelled. */
  run: (() => void) | null;
  readonly owner: EventOwner | null;
}

/** Takes an event back; nothing happens where it has run. */
export type Cancel = () => void;

/** The virtual time at which every simulation begins, in milliseconds since 1970. */
export const simulationStart = Date.UTC(2026, 5, 1);

/** Events in the order of their time. */
export class EventLoop {
  readonly #heap: Event[] = [];
  #now = simulationStart;
  #scheduled = 0;
  #events = 0;
  #hash = 0x811c9dc5;

  /** Virtual time, in milliseconds since 1970. */
  get now(): number {
    return this.#now;
  }

  /** How many events have run. */
  get events(): number {
    return this.#events;
  }

  /** A hash of everything noted so far: the same for the same history. */
  get hash(): number {
    return this.#hash >>> 0;
  }

  /** Makes a fact part of the hash (FNV-1a over its UTF-16 code units and the time). */
  note(fact: string): void {
    this.#mix(this.#now - simulationStart);
    for (let index = 0; index < fact.length; index += 1) this.#mix(fact.charCodeAt(index));
  }

  /** Runs something after so many milliseconds, rounded up: time that does not move would not end. */
  schedule(delayMs: number, run: () => void, owner: EventOwner | null = null): Cancel {
    const event: Event = {
      at: this.#now + Math.max(0, Math.ceil(delayMs)),
      order: this.#scheduled,
      run,
      owner,
    };
    this.#scheduled += 1;
    this.#push(event);
    return () => {
      event.run = null;
    };
  }

  /** Runs now, in their order, what an owner was to do while it was frozen without an end. */
  resume(owner: EventOwner): void {
    const events = this.#heap.splice(0);
    for (const event of events) {
      if (event.owner === owner && event.at === Infinity) event.at = this.#now;
      this.#push(event);
    }
  }

  /** Runs events until none is left, this time is reached, or `isOver` says so. */
  async run(until: number, isOver: () => boolean = () => false): Promise<void> {
    await settled();
    for (let event = this.#heap[0]; event !== undefined; event = this.#heap[0]) {
      if (event.run !== null && isOver()) return;
      if (event.run !== null && event.at > until) {
        this.#now = Math.max(this.#now, until);
        return;
      }
      this.#pop();
      if (event.run === null || event.owner?.isDead === true) continue;
      if (event.owner !== null && event.owner.frozenUntil > event.at) {
        event.at = event.owner.frozenUntil;
        this.#push(event);
        continue;
      }
      this.#now = Math.max(this.#now, event.at);
      this.#events += 1;
      this.#mix(this.#now - simulationStart);
      event.run();
      await settled();
    }
  }

  #mix(number: number): void {
    this.#hash = Math.imul(this.#hash ^ (number | 0), 0x01000193);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(heap[index], heap[parent])) return;
      swap(heap, index, parent);
      index = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let index = 0; ;) {
      const left = 2 * index + 1;
      const child = isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
      if (!isBefore(heap[child], heap[index])) return;
      swap(heap, index, child);
      index = child;
    }
  }
}

/** Promises that are due have called back. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: Event | undefined, b: Event | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function swap(heap: Event[], a: number, b: number): void {
  const [first, second] = [heap[a], heap[b]];
  if (first === undefined || second === undefined) return;
  heap[a] = second;
  heap[b] = first;
}
