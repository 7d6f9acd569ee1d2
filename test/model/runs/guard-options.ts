import { budgets } from './core-run.js';

/** Two right rows of one customer, and everything that may go wrong once, a fail-over among it. */
export const loss = { ...budgets({ crashes: 1, steals: 1, lostReplies: 1, failOvers: 1 }), good: 0b11 };

export const guard = { ownCommits: 1, comparison: 1 };

export const guarded = { ...loss, ...guard };

/** The guard as it is, and two faults at most beside the loss, where more rows or shards make the states many. */
export const withoutReplies = { ...guarded, ...budgets({ crashes: 1, steals: 1, failOvers: 1 }) };
export const withoutCrash = { ...guarded, ...budgets({ steals: 1, lostReplies: 1, failOvers: 1 }) };
export const withoutSteal = { ...guarded, ...budgets({ crashes: 1, lostReplies: 1, failOvers: 1 }) };

/** A wrong row is corrected, and a success may be put back. */
export const corrected = { good: 0b10, resetSucceeded: 1 };

/** Two customers in two shards. */
export const twoCustomers = { customers: 0b10 };

/** Rows a and c are of one shard, b is of the other; c arrives later. */
export const acrossShards = {
  ...budgets({ failOvers: 1 }),
  ...guard,
  good: 0b111,
  customers: 0b010,
  arriveLater: 0b100,
};

/** A page of one row, and an earlier row that opens again: rows in State 1 lie outside of the page. */
export const smallPage = {
  ...guarded,
  ...budgets({ crashes: 1, steals: 1, resets: 1, failOvers: 1 }),
  ...corrected,
  page: 1,
};

/** Row c of the same customer stays open behind the page. */
export const smallPageOfThree = {
  ...smallPage,
  ...budgets({ resets: 1, failOvers: 1 }),
  good: 0b110,
  accountRows: 0,
};
