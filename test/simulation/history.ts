import type { CustomerWait, Disturbance } from '../fault/observations.js';
import type { EventLoop } from './event-loop.js';
import type { Fact } from './story.js';

/** What happens in a simulation, written down while it happens. */
export class History {
  readonly disturbances: Disturbance[] = [];
  readonly waits: CustomerWait[] = [];
  /** What must not happen to a process, in words. */
  readonly failures: string[] = [];
  readonly facts: Fact[] = [];
  readonly counts = new Map<string, number>();
  /** When each process polled the middle database, by its name. */
  readonly polls = new Map<string, number[]>();

  constructor(
    private readonly loop: EventLoop,
    private readonly keepFacts: boolean,
  ) {}

  /** Notes what somebody did, now. */
  readonly tell = (who: string, what: string): void => {
    this.loop.note(who);
    this.loop.note(what);
    if (this.keepFacts) this.facts.push({ at: this.loop.now, who, what });
  };

  /** Notes what is only there to be read: it is no part of the hash. */
  readonly remark = (who: string, what: string): void => {
    if (this.keepFacts) this.facts.push({ at: this.loop.now, who, what });
  };

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** A process has polled the middle database. */
  polled(process: string): void {
    const times = this.polls.get(process) ?? [];
    this.polls.set(process, times);
    times.push(this.loop.now);
  }

  /** A customer waits from now on; clocks may run at half the speed. */
  wait(custId: string, remainingMs: number): void {
    const { now } = this.loop;
    this.waits.push({ custId, from: now, until: now + 2 * remainingMs });
  }

  /** From now on, for so long, rows may be late. */
  disturb(what: string, forMs: number): void {
    const { now } = this.loop;
    this.disturbances.push({ what, from: now, until: now + forMs });
  }
}
