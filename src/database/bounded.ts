import { classify } from './classify.js';
import { withDeadline } from './deadline.js';

/** What Knex and the driver keep of a connection. */
interface HeldConnection {
  __knex__disposed?: unknown;
  readonly connection?: { readonly stream?: { destroy(): void } };
}

/** Waits for a call no longer than so many milliseconds; past them the connection is cut. Errors are those of databases. */
export async function bounded<T>(
  milliseconds: number,
  connection: unknown,
  call: () => PromiseLike<T>,
): Promise<T> {
  try {
    return await withDeadline(milliseconds, call(), () => {
      abandon(connection);
    });
  } catch (error) {
    throw classify(error);
  }
}

/** Cuts a connection whose peer is silent: nothing sent over it would be answered, a goodbye included. */
export function abandon(connection: unknown): void {
  const held = connection as HeldConnection;
  held.__knex__disposed = 'deadline passed';
  held.connection?.stream?.destroy();
}

/** Whether a connection was cut or has broken: the pool will make another one. */
export function isAbandoned(connection: unknown): boolean {
  return (connection as HeldConnection).__knex__disposed !== undefined;
}
