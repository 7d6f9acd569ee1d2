import type { Run } from '../run.js';
import { budgets, coreRun, type CoreRun } from './core-run.js';

/** Rows that are refused, corrected and put back, two workers, everything between them once or twice. */
const usual = {
  ...budgets({ crashes: 1, steals: 2, resets: 2, lostReplies: 2 }),
  resetSucceeded: 1,
  statementPerTable: 0,
};

/** First attempts only: right rows, the second of which arrives later. */
const firstAttempts = {
  ...budgets({ crashes: 1, steals: 3, lostReplies: 2 }),
  good: 0b11,
  arriveLater: 0b10,
  statementPerTable: 0,
};

/** A CustID may be edited, so that a row moves to another shard. */
const edited = {
  ...budgets({ steals: 1, resets: 1, lostReplies: 1 }),
  editCustomer: 1,
  editInitial: 1,
  resetSucceeded: 1,
};

/** Of one customer, and of two in two shards. */
const sameCustomer = { customers: 0 };
const twoCustomers = { customers: 0b10 };

const complete: readonly CoreRun[] = [
  {
    name: 'protocol',
    about: 'the protocol: one statement over both tables',
    when: 'default',
    options: usual,
  },
  {
    name: 'lease-retaken',
    about: 'a worker takes its own lease again after it ran out',
    when: 'default',
    options: { ...usual, ...budgets({ crashes: 1, steals: 1, resets: 1, lostReplies: 1 }), retakes: 1 },
  },
  { name: 'first-attempts', about: 'rows that arrive later', when: 'short', options: firstAttempts },
  {
    name: 'edited-one-customer',
    about: 'a CustID is edited, rows of one customer',
    when: 'default',
    shards: 2,
    options: { ...edited, ...sameCustomer },
  },
  {
    name: 'edited-two-customers',
    about: 'a CustID is edited, rows of two customers',
    when: 'default',
    shards: 2,
    options: { ...edited, ...twoCustomers },
  },
  {
    name: 'freeze',
    about: 'a worker stops for ever inside its apply transaction',
    when: 'short',
    options: { ...budgets({ crashes: 1, steals: 1, lostReplies: 1, resets: 1 }), freeze: 1, good: 0b10 },
  },
];

/** One mechanism taken away, and what breaks first. */
const ablations: readonly CoreRun[] = [
  {
    name: 'mark-without-attempt',
    about: 'a mark names State 1 only',
    when: 'default',
    options: { ...usual, markNamesAttempt: 0 },
    expected: ['OLD ERROR'],
  },
  {
    name: 'journal-without-attempt',
    about: 'a failed entry answers every attempt until it is closed',
    when: 'default',
    options: { ...usual, journalNamesAttempt: 0, supersede: 2 },
    expected: ['OLD ERROR'],
  },
  {
    name: 'same-second',
    about: 'two claims of a row may share their StateDate',
    when: 'default',
    options: { ...usual, attemptsMayCoincide: 1 },
    expected: ['OLD ERROR'],
  },
  {
    name: 'superseded-before-claim',
    about: 'failed entries are closed before the claim, without the fence',
    when: 'short',
    options: { ...usual, supersede: 1 },
    expected: ['MISMATCH'],
  },
  {
    name: 'state-1-first',
    about: 'a poll reads State 1, then State 0',
    when: 'default',
    options: { ...firstAttempts, poll: 0 },
    expected: ['ORDER'],
  },
  {
    name: 'state-1-last',
    about: 'a poll reads State 0, then State 1',
    when: 'default',
    options: { ...usual, poll: 3 },
    expected: ['ORDER'],
  },
  {
    name: 'poll-per-table',
    about: 'a poll is a statement for each table',
    when: 'default',
    options: { ...usual, poll: 1 },
    expected: ['ORDER'],
  },
  {
    name: 'own-claims-only',
    about: 'rows that another worker claimed are dropped from the batch, and the batch goes on',
    when: 'short',
    options: { ...firstAttempts, changedRows: 1 },
    expected: ['ORDER'],
  },
  {
    name: 'state-1-left',
    about: 'rows in State 1 are left to the worker that claimed them',
    when: 'short',
    options: { ...firstAttempts, takeOverProcessing: 0 },
    expected: ['ORDER'],
  },
  {
    name: 'content-with-poll',
    about: 'content is read with the poll, not after the claim',
    when: 'default',
    shards: 2,
    options: { ...edited, ...twoCustomers, readAfterClaim: 0 },
    expected: ['ORDER'],
  },
  {
    name: 'no-fence',
    about: 'no fence',
    when: 'short',
    options: { ...usual, fence: 0 },
    expected: ['FENCE'],
  },
  {
    name: 'fence-without-lock',
    about: 'the fence compares the leases and does not lock them',
    when: 'short',
    options: { ...usual, fence: 1 },
    expected: ['FENCE'],
  },
  {
    name: 'fence-without-term',
    about: 'the fence compares the owner only',
    when: 'short',
    options: { ...usual, fence: 2 },
    expected: ['FENCE'],
  },
  {
    name: 'term-not-from-poll',
    about: 'the fence compares with the terms the worker knows now, not with those of the poll',
    when: 'short',
    options: { ...usual, termFromPoll: 0 },
    expected: ['FENCE'],
  },
  {
    name: 'shared-lock',
    about: 'the fence locks the leases so that a lost session may hold them too',
    when: 'short',
    options: { ...usual, sharedLock: 1 },
    expected: ['FENCE'],
  },
  {
    name: 'customers-before-fence',
    about: 'customers are read before the fence',
    when: 'default',
    options: { ...firstAttempts, snapshotUnderLock: 0 },
    expected: ['LOST UPDATE'],
  },
  {
    name: 'journal-before-fence',
    about: 'the journal is read before the fence, and its key refuses nothing',
    when: 'short',
    options: { ...firstAttempts, journalUnderLock: 0, journalKey: 0 },
    expected: ['EFFECT TWICE'],
  },
  {
    name: 'current-entries-purged',
    about: 'current entries of finished rows are purged',
    when: 'default',
    options: { ...usual, purge: 1 },
    expected: ['REDECIDE'],
  },
  {
    name: 'shards-differ',
    about: 'two workers with different numbers of shards',
    when: 'default',
    shards: 2,
    options: { ...edited, ...twoCustomers, shardCountsDiffer: 1 },
    expected: ['STUCK'],
  },
  {
    name: 'shards-differ-no-key',
    about: 'the same, and the journal has no key',
    when: 'default',
    shards: 2,
    options: { ...edited, ...twoCustomers, shardCountsDiffer: 1, journalKey: 0 },
    expected: ['LOST UPDATE'],
  },
  {
    name: 'idle-transaction-stays',
    about: 'the store does not end idle transactions, and a worker stops for ever inside one',
    when: 'short',
    options: { ...budgets({ crashes: 1, steals: 1 }), freeze: 1, storeEndsIdle: 0 },
    expected: ['STUCK'],
  },
];

/** Each of these is a second line of defence: without it the others still hold. */
const redundant: readonly CoreRun[] = [
  {
    name: 'no-journal-key',
    about: 'the journal has no key',
    when: 'full',
    options: { ...usual, journalKey: 0 },
  },
  {
    name: 'journal-before-fence-with-key',
    about: 'the journal is read before the fence',
    when: 'full',
    options: { ...usual, journalUnderLock: 0 },
  },
  {
    name: 'customer-dropped',
    about: 'after a changed row its customer waits for the next poll',
    when: 'full',
    options: { ...usual, changedRows: 2 },
  },
  {
    name: 'superseded-purged',
    about: 'superseded entries are purged',
    when: 'full',
    options: { ...usual, purge: 2 },
  },
  {
    name: 'give-back-busy',
    about: 'a shard is given back with a batch of it in flight',
    when: 'full',
    options: {
      ...usual,
      ...budgets({ crashes: 1, steals: 2, resets: 2, lostReplies: 2, giveBacks: 1 }),
      giveBackBusy: 1,
    },
  },
];

/** Three rows of all mixtures of right and wrong content, the last of which arrives later. */
const threeRows = [0, 1, 2, 3, 4, 5, 6, 7].map((good): CoreRun => ({
  name: `three-rows-${good}`,
  about: `three rows, right content ${good.toString(2).padStart(3, '0')}`,
  when: 'full',
  rows: 3,
  options: {
    ...budgets({ crashes: 1, steals: 2, resets: 1, lostReplies: 1 }),
    good,
    arriveLater: 0b100,
    resetSucceeded: 1,
  },
}));

const twoShards = [sameCustomer, twoCustomers].flatMap((customers, index) =>
  [0, 1, 2, 3].map((good): CoreRun => ({
    name: `two-shards-${index + 1}-${good}`,
    about: `${index + 1} customer${index === 0 ? '' : 's'}, CustID edited, right content ${good.toString(2).padStart(2, '0')}`,
    when: 'full',
    shards: 2,
    options: { ...edited, ...budgets({ steals: 2, resets: 2, lostReplies: 1 }), ...customers, good },
  })),
);

/** What takes minutes. */
const large: readonly CoreRun[] = [
  {
    name: 'page-of-one',
    about: 'three rows of one table, a page of one row',
    when: 'full',
    rows: 3,
    options: { ...usual, statementPerTable: 1, good: 0b010, page: 1, accountRows: 0b011, progress: 0 },
  },
  {
    name: 'three-rows-two-shards',
    about: 'three rows, CustID edited',
    when: 'full',
    rows: 3,
    shards: 2,
    options: {
      ...edited,
      ...budgets({ steals: 1, resets: 2, lostReplies: 1 }),
      resetSucceeded: 0,
      good: 0b010,
      customers: 0b100,
      arriveLater: 0b100,
      progress: 0,
    },
  },
];

export const protocolRuns: readonly Run[] = [
  ...complete,
  ...ablations,
  ...redundant,
  ...threeRows,
  ...twoShards,
  ...large,
].map(coreRun);
