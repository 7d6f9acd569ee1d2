import { DatabaseError } from '../../src/database/errors.js';

/*
 * How a worker reaches a simulated database. A statement is a function that takes effect on the server at one moment;
 * what may happen to it on the way there and back is the network's business (`network.ts`). The adapters of the simulated
 * databases know no more of it than this.
 */

/** Sends statements, each over whatever connection is free. */
export interface Link {
  /**
   * Resolves with what `effect` returned and rejects with what it threw, on the server. Rejects with a DatabaseError of the
   * kinds `unreachable`, `connectionLost` or `timeout` where the statement or its answer was lost: it may have taken
   * effect, or may still do so later.
   */
  send<T>(statement: string, effect: () => T): Promise<T>;
  /** A connection of its own, for a transaction. `ended` is called once, on the server, when the session ends, however it does. */
  session(ended: () => void): Session;
}

/** A connection that a transaction has for itself. After a statement was lost nothing more goes through. */
export interface Session {
  send<T>(statement: string, effect: () => T): Promise<T>;
  close(): void;
  /** Fails after so many milliseconds unless it is cancelled. */
  deadline(milliseconds: number, passed: () => void): () => void;
}

/** Everything arrives at once: for suites that have no simulation around them. */
export const immediateLink: Link = {
  send: (_statement, effect) => Promise.resolve().then(effect),
  session: (ended) => {
    let isOpen = true;
    return {
      send: (_statement, effect) =>
        Promise.resolve().then(() => {
          if (!isOpen) throw new DatabaseError('connectionLost', 'the session has ended');
          return effect();
        }),
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        ended();
      },
      deadline: (milliseconds, passed) => {
        const timer = setTimeout(passed, milliseconds);
        return () => {
          clearTimeout(timer);
        };
      },
    };
  },
};

/** No server answers. */
export const unreachableLink: Link = {
  send: () => Promise.reject(new DatabaseError('unreachable', 'the server cannot be reached')),
  session: () => ({
    send: () => Promise.reject(new DatabaseError('unreachable', 'the server cannot be reached')),
    close: () => undefined,
    deadline: () => () => undefined,
  }),
};
