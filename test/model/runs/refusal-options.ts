import { budgets } from './core-run.js';

/** One row, one customer, with its rules 1 to 9: docs/protocol.md. */
const rules = { changedRows: 2, marks: 1, judgeMarkOrder: 1, deferral: 1 };

/** Two right rows of one customer, one of which may be refused. */
export const refused = {
  ...rules,
  ...budgets({ crashes: 1, steals: 1, lostReplies: 1, refusals: 1 }),
  good: 0b11,
};

export const withoutReplies = { ...refused, ...budgets({ crashes: 1, steals: 1, refusals: 1 }) };

/** Rows a and b of one customer, row c of another, all of one shard. */
export const twoCustomers = { ...withoutReplies, good: 0b111, customers: 0b100 };

export const forEver = { ...twoCustomers, refusedForEver: 1 };

/** A page of one row, and all rows in one table: a refused row fills the page. */
export const pageOfOne = { page: 1, accountRows: 0 };

/** Any customers may be left out of a poll, whatever the deferrals. */
export const anyLeftOut = { ...refused, deferral: 0, leftOut: 1 };

/** Rows that are corrected, rightly or not, and a restore that brings back a superseded attempt. */
export const restored = {
  ...rules,
  ...budgets({ crashes: 1, steals: 1, resets: 1, lostReplies: 1, restores: 1 }),
  resetSucceeded: 1,
  resetWrong: 1,
  statementPerTable: 0,
};
