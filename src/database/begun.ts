import type { Knex } from 'knex';

/** The parts of Knex that make a transaction. */
interface Begins {
  transaction(
    whenBegun: (trx: Knex.Transaction) => void,
    config: { readonly connection: object; readonly doNotRejectOnRollback: true },
  ): PromiseLike<unknown> & { begin: () => Promise<void> };
}

/**
 * A Knex transaction on a connection on which one has begun: Knex would send a BEGIN of its own. Were it to do so after all,
 * the server would warn and change nothing.
 */
export async function begunTransaction(knex: Knex, connection: object): Promise<Knex.Transaction> {
  return new Promise((resolve, reject) => {
    const made = (knex.client as Begins).transaction(resolve, { connection, doNotRejectOnRollback: true });
    made.begin = () => Promise.resolve();
    made.then(undefined, reject);
  });
}
