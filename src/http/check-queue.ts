import PQueue from 'p-queue';
import { BusyFault } from './faults.js';

/*
 * A password check takes 32 MiB and a thread for a third of a second, and anyone may cause one. So two run at a time, few
 * wait, and the rest is refused at once. Addresses that have logged in before go first and have places of their own: a flood of
 * logins from elsewhere delays them by the two checks that are running.
 */

const atOnce = 2;
/** How many checks may wait: those of addresses that logged in before, and those of all others. */
const mostWaiting = { known: 16, unknown: 8 } as const;
/** How many checks of one address, unknown so far, may wait or run. */
const mostOfAddress = 2;
/** When a refused client is asked to come back, in seconds: by then the present queue is worked off. */
const retryAfterSeconds = 3;

/** Who wants a password checked. */
export interface CheckOrigin {
  readonly address: string;
  /** The name has logged in from this address before. */
  readonly known: boolean;
}

/** Runs password checks, few at a time. */
export class CheckQueue {
  readonly #queue = new PQueue({ concurrency: atOnce });
  /** Checks of unknown addresses that wait or run, by address. */
  readonly #underWay = new Map<string, number>();

  /** BusyFault where too many checks wait already. */
  requireRoom({ address, known }: CheckOrigin): void {
    const waiting = this.#queue.sizeBy({ priority: priorityOf(known) });
    const full = waiting >= (known ? mostWaiting.known : mostWaiting.unknown);
    if (full || (!known && (this.#underWay.get(address) ?? 0) >= mostOfAddress))
      throw new BusyFault('too many logins at once', retryAfterSeconds);
  }

  /** The result of a check; BusyFault where too many wait already. */
  async run<T>(origin: CheckOrigin, check: () => Promise<T>): Promise<T> {
    this.requireRoom(origin);
    const { address, known } = origin;
    if (!known) this.#underWay.set(address, (this.#underWay.get(address) ?? 0) + 1);
    try {
      return await this.#queue.add(check, { priority: priorityOf(known) });
    } finally {
      if (!known) this.#leave(address);
    }
  }

  #leave(address: string): void {
    const left = (this.#underWay.get(address) ?? 1) - 1;
    if (left === 0) this.#underWay.delete(address);
    else this.#underWay.set(address, left);
  }
}

function priorityOf(known: boolean): number {
  return known ? 1 : 0;
}
