/**
 * The processing states of a row (specification 5.2.2.5). This is the only place where they are numbers:
 * everything else, SQL included, takes them from here.
 */
export const State = {
  /** Inserted or put back by the platform; not claimed. */
  Initial: 0,
  /** Fetched by the product platform; StateDate names the attempt. */
  Processing: 1,
  Succeeded: 2,
  /** Failed for the reason in ErrContent. */
  Failed: 3,
} as const;

/** One of the four states. */
export type State = (typeof State)[keyof typeof State];
