/** A connection pooler before a server of PostgreSQL, as a connection has found it. */
export interface Pooler {
  /** It refuses connections that ask for limits; else it takes them and passes nothing on. */
  readonly refusesLimits: boolean;
  /** False: it gives each statement another session (statement pooling). */
  readonly keepsTransactions: boolean;
  /** The role that the server knows. */
  readonly role: string;
  /** After how long the server ends an idle transaction of ours, in milliseconds. */
  readonly idleLimitMs: number;
  /** The same for transactions of the role that bring no limit of their own; 0: never. */
  readonly roleIdleLimitMs: number;
}
