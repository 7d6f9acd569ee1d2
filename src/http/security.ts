import {
  plainEvent,
  type CountedSecurityEvent,
  type SecurityEvent,
  type SecurityKind,
} from './security-events.js';

/*
 * Security events go to the log, to a metric and to the audit. What logged-in users do is reported at once, each time.
 * What strangers can cause is counted by kind, name, address and result, in minutes: the first of each is logged at once, and
 * the minute ends with one record of each in the audit. Of more than a few different ones in a minute the rest is counted
 * together, so that no client can fill the log or the table with made-up names and addresses. The metric counts all.
 */

/** Where events go. */
export interface SecuritySinks {
  count(kind: SecurityKind): void;
  log(event: CountedSecurityEvent): void;
  /** Must not fail. */
  record(event: CountedSecurityEvent): Promise<void>;
}

const atOnce: ReadonlySet<SecurityKind> = new Set(['login', 'logout', 'export']);
/** How many different events a minute without a login are reported one by one. */
const mostDifferent = 10;
const windowMs = 60_000;

interface Counted {
  readonly event: SecurityEvent;
  /** The first one stands in the log already. */
  readonly isLogged: boolean;
  times: number;
}

/** Reports security events. */
export class Security {
  readonly #counted = new Map<string, Counted>();
  /** Records that are being written. */
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly sinks: SecuritySinks) {}

  /** Reports an event. Never fails, and is not waited for. */
  report(given: SecurityEvent): void {
    const event = plainEvent(given);
    this.sinks.count(event.kind);
    if (atOnce.has(event.kind)) {
      this.sinks.log({ ...event, times: 1 });
      this.#record({ ...event, times: 1 });
      return;
    }
    this.#timer ??= setTimeout(() => void this.endMinute(), windowMs).unref();
    const { kind, name, address, result } = event;
    const key = JSON.stringify([kind, name, address, result]);
    if (this.#counted.has(key) || this.#counted.size < mostDifferent) this.#add(key, event, true);
    else
      this.#add(JSON.stringify([kind, result]), { ...event, name: '', address: 'others', detail: '' }, false);
  }

  /** Ends the present minute: its events are recorded, and logged where they came again. Waits until all records are written. */
  async endMinute(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ended = [...this.#counted.values()];
    this.#counted.clear();
    for (const { event, times, isLogged } of ended)
      if (times > 1 || !isLogged) this.sinks.log({ ...event, times });
    for (const { event, times } of ended) this.#record({ ...event, times });
    await Promise.all(this.#underWay);
  }

  #record(event: CountedSecurityEvent): void {
    const writing = this.sinks.record(event).finally(() => this.#underWay.delete(writing));
    this.#underWay.add(writing);
  }

  #add(key: string, event: SecurityEvent, isLogged: boolean): void {
    const counted = this.#counted.get(key);
    if (counted !== undefined) {
      counted.times += 1;
      return;
    }
    this.#counted.set(key, { event, isLogged, times: 1 });
    if (isLogged) this.sinks.log({ ...event, times: 1 });
  }
}
