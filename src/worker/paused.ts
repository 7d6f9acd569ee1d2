import { tableOf } from '../domain/keys.js';
import type { Pause } from '../store/port.js';

/*
 * Pauses are set by operators, kept in the product store and read with every check of the leases. What is paused is not
 * polled: its rows stay as they are, in State 0, or in State 1 where a worker left them, for as long as the pause lasts
 * (P1 begins again with its end). Rows claimed when a worker applies a pause are finished; a batch that it has only polled is
 * polled again. A customer's order holds (P3): with a
 * table, the other table's rows of customers who have open rows there wait as well; of a product, all its rows wait.
 */

/** A pause in a few words: `IF_BNET_CUST (since 2026-11-01T08:00:00.000Z, by wang: opens come twice)`. */
export function pauseText({ target, since, who, reason }: Pause): string {
  const what = 'source' in target ? tableOf[target.source] : `product ${target.productId}`;
  return `${what} (since ${since}, by ${who}${reason === null ? '' : `: ${reason}`})`;
}

/** With `once`: nothing is left but what is paused. */
export class PausedError extends Error {
  override readonly name = 'PausedError';

  constructor(pauses: readonly Pause[]) {
    super(
      `nothing is left but paused rows: ${pauses.map(pauseText).join('; ')}. "bnet-sync resume" ends a pause`,
    );
  }
}
