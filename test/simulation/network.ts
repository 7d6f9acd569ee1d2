import { DatabaseError } from '../../src/database/errors.js';
import type { Random } from '../../src/demo/platform/random.js';
import type { Cancel, EventLoop, EventOwner } from './event-loop.js';
import type { Link, Session } from './link.js';

/*
 * What may happen to a statement between a process and a server: it takes its time there and back, it or its answer is
 * lost, or it arrives when nobody waits for it any more. What was sent takes effect even if its process dies.
 */

/** How bad a network is. Probabilities are those of one statement. */
export interface NetworkQuality {
  /** The connection breaks before the statement arrives. */
  readonly loseRequest: number;
  /** The connection breaks after the statement took effect. */
  readonly loseAnswer: number;
  /** Nothing comes back at all: only the deadline ends it. */
  readonly silent: number;
  /** The statement, or its answer, is underway for longer than anybody waits. */
  readonly slow: number;
}

/** Everything arrives. */
export const goodNetwork: NetworkQuality = { loseRequest: 0, loseAnswer: 0, silent: 0, slow: 0 };

/** A server as the network sees it. */
export interface Server {
  readonly name: string;
  /** Nobody listens. */
  isDown: boolean;
  /** Packets reach it, or come back, no more. */
  isCutOff: boolean;
}

/** Limits of connections, in milliseconds. */
export interface ConnectionLimits {
  /** How long a client waits for an answer. */
  readonly callTimeoutMs: number;
  /** How long the server leaves a transaction alone that sends nothing. */
  readonly idleTimeoutMs: number;
}

/** What became of a statement that did not simply arrive and was answered. */
export type Fate = 'lost on its way' | 'answer lost' | 'arrived too late';

/**
 * What somebody does to a statement the moment it is sent: it takes so long on its way, or arrives as soon as so many
 * statements of a name have taken effect meanwhile, or its answer is lost.
 */
export type Interference =
  { readonly kind: 'late'; readonly ms: number } | HeldUp | { readonly kind: 'answer lost' };

interface HeldUp {
  readonly kind: 'held';
  readonly until: string;
  readonly times: number;
  /** Whose statements count; without it: everybody's. */
  readonly isOf?: (owner: EventOwner) => boolean;
  /** A session that sends it goes on until it arrives, or the server ends it, though its sender has given up. */
  readonly unnoticed?: boolean;
}

/** A statement that is held up on its way. */
interface Held extends Pick<HeldUp, 'until' | 'isOf'> {
  times: number;
  readonly arrive: () => void;
}

/** No statement is held up for longer. */
export const longestHeldMs = 12_000;

/** Who follows what is sent. */
export interface NetworkObserver {
  /** A statement is about to be sent; null: nothing is done to it. */
  onSend(owner: EventOwner, statement: string): Interference | null;
  /** A statement has taken effect. */
  onEffect(owner: EventOwner, statement: string, interference: Interference | null): void;
  onFate(statement: string, fate: Fate): void;
}

/** Connects processes to servers. */
export class Network {
  quality: NetworkQuality = goodNetwork;
  readonly #loop: EventLoop;
  readonly #random: Random;
  readonly #observer: NetworkObserver;
  readonly #openSessions = new Map<EventOwner, number>();
  #held: readonly Held[] = [];

  constructor(loop: EventLoop, random: Random, observer: NetworkObserver) {
    this.#loop = loop;
    this.#random = random;
    this.#observer = observer;
  }

  /** The link of a process to a server. */
  link(owner: EventOwner, server: Server, limits: ConnectionLimits): Link {
    return {
      send: (statement, effect) => this.#send({ owner, server, limits, statement, effect }),
      session: (ended) => this.#session({ owner, server, limits }, ended),
    };
  }

  /** How many sessions of a process are open on servers. */
  openSessions(owner: EventOwner): number {
    return this.#openSessions.get(owner) ?? 0;
  }

  #send<T>(sending: Sending<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { owner, server, limits, statement, effect, session } = sending;
      const call = new Call();
      const fail = (kind: 'connectionLost' | 'timeout' | 'unreachable', what: string) => () => {
        reject(new DatabaseError(kind, `${server.name}: ${what} (${statement})`));
      };
      const lost = fail('connectionLost', 'the connection broke');
      call.cancelDeadline = this.#loop.schedule(
        limits.callTimeoutMs,
        () => {
          call.settle(fail('timeout', 'no answer'));
        },
        owner,
      );
      const interference = this.#observer.onSend(owner, statement);
      if (session !== undefined)
        session.isUnnoticed = interference?.kind === 'held' && !!interference.unnoticed;
      if (server.isCutOff) return;
      if (this.#random.chance(this.quality.loseRequest)) {
        this.#observer.onFate(statement, 'lost on its way');
        this.#answer(sending, call, lost);
        return;
      }
      this.#travel(interference, () => {
        if (server.isCutOff) return;
        if (server.isDown) {
          this.#answer(sending, call, fail('unreachable', 'nobody answers'));
          return;
        }
        if (call.isSettled) this.#observer.onFate(statement, 'arrived too late');
        const answer = answered(effect, resolve, reject);
        this.#release(owner, statement);
        this.#observer.onEffect(owner, statement, interference);
        const isLost = this.#random.chance(this.quality.loseAnswer) || interference?.kind === 'answer lost';
        if (isLost) this.#observer.onFate(statement, 'answer lost');
        this.#answer(sending, call, isLost ? lost : answer);
      });
    });
  }

  #travel(interference: Interference | null, arrive: () => void): void {
    if (interference?.kind !== 'held') {
      this.#loop.schedule(interference?.kind === 'late' ? interference.ms : this.#travelMs(), arrive);
      return;
    }
    const cancel = this.#loop.schedule(longestHeldMs, () => {
      this.#held = this.#held.filter((each) => each !== held);
      arrive();
    });
    const held: Held = {
      ...interference,
      arrive: () => {
        cancel();
        this.#loop.schedule(1, arrive);
      },
    };
    this.#held = [...this.#held, held];
  }

  /** A statement has taken effect: those that were held up until then go on. */
  #release(owner: EventOwner, statement: string): void {
    if (this.#held.length === 0) return;
    for (const held of this.#held)
      if (held.until === statement && held.isOf?.(owner) !== false) held.times -= 1;
    const due = this.#held.filter(({ times }) => times <= 0);
    this.#held = this.#held.filter(({ times }) => times > 0);
    for (const { arrive } of due) arrive();
  }

  #answer({ owner, server, statement }: Sending<unknown>, call: Call, answer: () => void): void {
    if (server.isCutOff) return;
    if (this.#random.chance(this.quality.silent)) {
      this.#observer.onFate(statement, 'answer lost');
      return;
    }
    this.#loop.schedule(
      this.#travelMs(),
      () => {
        call.settle(answer);
      },
      owner,
    );
  }

  #session(place: Omit<Sending<unknown>, 'statement' | 'effect'>, ended: () => void): Session {
    const { owner, limits, server } = place;
    const session = { isUnnoticed: false };
    const loop = this.#loop;
    let isOpen = true;
    let isBroken = false;
    let cancelIdle = (): void => undefined;
    const end = (): void => {
      if (!isOpen) return;
      isOpen = false;
      cancelIdle();
      this.#countSessions(owner, -1);
      ended();
    };
    const watchIdle = (): void => {
      cancelIdle();
      cancelIdle = loop.schedule(limits.idleTimeoutMs, end);
    };
    const broken = (): DatabaseError =>
      new DatabaseError('connectionLost', `${server.name}: the session has ended`);
    this.#countSessions(owner, 1);
    watchIdle();
    return {
      send: async (statement, effect) => {
        if (isBroken) throw broken();
        const guarded = (): ReturnType<typeof effect> => {
          if (!isOpen) throw broken();
          watchIdle();
          return effect();
        };
        try {
          return await this.#send({ ...place, statement, effect: guarded, session });
        } catch (error) {
          if (isNetworkError(error)) {
            isBroken = true;
            // The server sees that the client is gone at once, or after a while.
            if (!session.isUnnoticed) loop.schedule(this.#random.between(0, 200), end);
          }
          throw error;
        }
      },
      close: () => {
        isBroken = true;
        if (!session.isUnnoticed) loop.schedule(this.#travelMs(), end);
      },
      deadline: (milliseconds, passed) => loop.schedule(milliseconds, passed, owner),
    };
  }

  #countSessions(owner: EventOwner, more: number): void {
    this.#openSessions.set(owner, this.openSessions(owner) + more);
  }

  /** Mostly a few milliseconds. */
  #travelMs(): number {
    const random = this.#random;
    return random.chance(this.quality.slow) ? random.between(500, 6000) : random.between(1, 20);
  }
}

interface Sending<T> {
  readonly owner: EventOwner;
  readonly server: Server;
  readonly limits: ConnectionLimits;
  readonly statement: string;
  readonly effect: () => T;
  /** Where it is sent in a session: whether the server does not see that the sender gives up. */
  readonly session?: { isUnnoticed: boolean };
}

/** A statement whose sender waits for the first thing that comes back, or for his deadline. */
class Call {
  isSettled = false;
  cancelDeadline: Cancel = () => undefined;

  settle(answer: () => void): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.cancelDeadline();
    answer();
  }
}

/** Lets a statement take effect; what it comes to is called later. */
function answered<T>(
  effect: () => T,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): () => void {
  try {
    const value = effect();
    return () => {
      resolve(value);
    };
  } catch (error) {
    return () => {
      reject(error);
    };
  }
}

const networkKinds: readonly string[] = ['connectionLost', 'timeout', 'unreachable'];

function isNetworkError(error: unknown): boolean {
  return error instanceof DatabaseError && networkKinds.includes(error.kind);
}
