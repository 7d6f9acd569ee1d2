/**
 * What may take which part of `worker.leaseTtlMs`. A worker that hangs must have lost its connections, and the locks on
 * them, before its leases run out and another worker takes its shards: so each limit ends within the one above it.
 */
export const leaseShares = {
  /** Our own deadline on a call to the product store; what is left is for noticing that it passed. */
  call: 0.8,
  /** The server's limit on a statement or an idle transaction: it ends first, so that the server frees the locks itself. */
  server: 0.6,
  /** A handler for one row, so that the rest of its transaction has time too. */
  handler: 0.5,
  /** The time between two renewals: one may fail, and the next still comes in time. */
  renewal: 1 / 3,
  /** How long the fence waits for a lock, so that the transaction behind it has time. */
  lockWait: 0.3,
} as const;
