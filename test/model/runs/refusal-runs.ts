import type { Run } from '../run.js';
import { budgets, coreRun, type CoreRun } from './core-run.js';
import { guard, smallPage } from './guard-options.js';
import {
  refused,
  withoutReplies,
  twoCustomers,
  forEver,
  pageOfOne,
  anyLeftOut,
  restored,
} from './refusal-options.js';

const complete: readonly CoreRun[] = [
  {
    name: 'refused',
    about: 'claim or mark of a row is refused for a time',
    when: 'default',
    options: refused,
  },
  {
    name: 'refused-twice',
    about: 'two refusals, also of both rows of a customer',
    when: 'default',
    options: { ...withoutReplies, ...budgets({ crashes: 1, steals: 1, refusals: 2 }) },
  },
  {
    name: 'refused-corrected',
    about: 'the platform corrects a wrong row and puts a success back',
    when: 'default',
    options: {
      ...withoutReplies,
      ...budgets({ crashes: 1, steals: 1, resets: 1, refusals: 1 }),
      good: 0b10,
      resetSucceeded: 1,
      statementPerTable: 0,
    },
  },
  {
    name: 'refused-two-customers',
    about: 'rows of two customers in one shard',
    when: 'default',
    rows: 3,
    options: twoCustomers,
  },
  {
    name: 'refused-for-ever',
    about: 'a row is refused for ever: the rows of the other customer end',
    when: 'short',
    rows: 3,
    options: forEver,
  },
  {
    name: 'refused-for-ever-between',
    about: 'the same, the row of the other customer lies between, and replies are lost',
    when: 'default',
    rows: 3,
    options: {
      ...forEver,
      ...budgets({ steals: 1, lostReplies: 1, refusals: 1 }),
      customers: 0b010,
    },
  },
  {
    name: 'refused-for-ever-page',
    about: 'the same with a page of one row',
    when: 'default',
    rows: 3,
    options: { ...forEver, ...pageOfOne },
  },
  {
    name: 'deferrals-unknown',
    about: 'a poll leaves out any customers, and a CustID is edited',
    when: 'default',
    shards: 2,
    options: {
      ...anyLeftOut,
      ...budgets({ steals: 1, resets: 1, refusals: 1 }),
      good: 0,
      editCustomer: 1,
      editInitial: 1,
      customers: 0b10,
    },
  },
  {
    name: 'deferrals-unknown-guard',
    about: 'a poll leaves out any customers, and the store goes back',
    when: 'default',
    options: { ...anyLeftOut, ...guard, ...budgets({ steals: 1, refusals: 1, failOvers: 1 }) },
  },
  {
    name: 'deferrals-unknown-for-ever',
    about: 'the same, and a row is refused for ever',
    when: 'default',
    options: {
      ...anyLeftOut,
      ...guard,
      ...budgets({ steals: 1, refusals: 1, failOvers: 1 }),
      refusedForEver: 1,
    },
  },
  {
    name: 'restored',
    about: 'a restore of the middle database brings back a superseded attempt',
    when: 'short',
    options: restored,
  },
  {
    name: 'restored-twice',
    about: 'two restores and two corrections',
    when: 'default',
    options: {
      ...restored,
      ...budgets({ crashes: 1, steals: 1, resets: 2, lostReplies: 1, restores: 2 }),
    },
  },
  {
    name: 'restored-refused',
    about: 'a restore, and the claim or mark of a row is refused',
    when: 'default',
    options: { ...restored, ...budgets({ crashes: 1, steals: 1, resets: 1, refusals: 1, restores: 1 }) },
  },
  {
    name: 'guard-without-entry',
    about: 'a comparison is written although rows stand in State 1 that the journal knows',
    when: 'default',
    options: {
      ...anyLeftOut,
      ...guard,
      ...budgets({ steals: 1, refusals: 1, failOvers: 1 }),
      awaitedRows: 3,
    },
  },
];

/** What takes longer. */
const large: readonly CoreRun[] = [
  {
    name: 'deferrals-unknown-replies',
    about: 'a poll leaves out any customers, a CustID is edited, and replies are lost',
    when: 'full',
    shards: 2,
    options: {
      ...anyLeftOut,
      ...budgets({ steals: 1, resets: 1, lostReplies: 1, refusals: 1 }),
      good: 0,
      editCustomer: 1,
      editInitial: 1,
      resetSucceeded: 1,
      customers: 0b10,
    },
  },
  {
    name: 'deferrals-unknown-resets',
    about: 'a poll leaves out any customers, with the guard, a correction and lost replies',
    when: 'full',
    options: {
      ...anyLeftOut,
      ...guard,
      ...budgets({ crashes: 1, steals: 1, resets: 1, lostReplies: 1, refusals: 1 }),
      good: 0b10,
      resetSucceeded: 1,
    },
  },
  {
    name: 'refused-corrected-replies',
    about: 'corrections, a refusal and a lost reply',
    when: 'full',
    options: {
      ...refused,
      ...budgets({ crashes: 1, steals: 1, resets: 1, lostReplies: 1, refusals: 1 }),
      good: 0b10,
      resetSucceeded: 1,
      statementPerTable: 0,
    },
  },
  {
    name: 'refused-two-customers-replies',
    about: 'rows of two customers in one shard, and a lost reply',
    when: 'full',
    rows: 3,
    options: { ...twoCustomers, ...budgets({ steals: 1, lostReplies: 1, refusals: 1 }) },
  },
  {
    name: 'restored-large',
    about: 'a restore, two corrections and two steals',
    when: 'full',
    options: {
      ...restored,
      ...budgets({ crashes: 1, steals: 2, resets: 2, lostReplies: 1, restores: 1 }),
    },
  },
  {
    name: 'guard-without-entry-crash',
    about: 'the comparison leaves out rows that the journal knows, and a worker crashes',
    when: 'full',
    options: {
      ...anyLeftOut,
      ...guard,
      ...budgets({ crashes: 1, steals: 1, refusals: 1, failOvers: 1 }),
      awaitedRows: 3,
    },
  },
  {
    name: 'guard-without-entry-page',
    about: 'the same with a page of one row and a correction, and no refusal',
    when: 'full',
    options: { ...smallPage, awaitedRows: 3 },
  },
];

export const refusalRuns: readonly Run[] = [...complete, ...large].map(coreRun);
