import PQueue from 'p-queue';
import { BusyError } from './errors.js';

/*
 * A password check takes 32 MiB and a processor for almost half a second, and anyone may cause one, in the process of a worker. So
 * one runs at a time, few wait, and the rest is refused at once. Addresses that have logged in before have a queue of their
 * own: a flood of logins from elsewhere does not delay them, and together there are never more than two checks.
 */

/** How many checks may wait: those of addresses that logged in before, and those of all others. */
const mostWaiting = { known: 16, unknown: 8 } as const;
/** How many checks of one address, unknown so far, may wait or run. */
const mostOfAddress = 2;
/** When a refused client is asked to come back, in seconds: by then the present queue is worked off. */
const retryAfterSeconds = 4;

/** Who wants a password checked. */
export interface CheckOrigin {
  readonly address: string;
  /** The name has logged in from this address before. */
  readonly known: boolean;
}

/** Runs password checks, two at a time at most. */
export class CheckQueue {
  readonly #queues = {
    known: new PQueue({ concurrency: 1 }),
    unknown: new PQueue({ concurrency: 1 }),
  } as const;
  /** Checks of unknown addresses that wait or run, by address. */
  readonly #underWay = new Map<string, number>();

  /** BusyFault where too many checks wait already. */
  requireRoom({ address, known }: CheckOrigin): void {
    const queue = queueOf(known);
    const full = this.#queues[queue].size >= mostWaiting[queue];
    if (full || (!known && (this.#underWay.get(address) ?? 0) >= mostOfAddress))
      throw new BusyError('too many logins at once', retryAfterSeconds);
  }

  /** The result of a check; BusyFault where too many wait already. */
  async run<T>(origin: CheckOrigin, check: () => Promise<T>): Promise<T> {
    this.requireRoom(origin);
    const { address, known } = origin;
    if (!known) this.#underWay.set(address, (this.#underWay.get(address) ?? 0) + 1);
    try {
      return await this.#queues[queueOf(known)].add(check);
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

function queueOf(known: boolean): 'known' | 'unknown' {
  return known ? 'known' : 'unknown';
}
