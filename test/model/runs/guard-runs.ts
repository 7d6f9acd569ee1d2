import type { Run } from '../run.js';
import { budgets, coreRun, type CoreRun } from './core-run.js';

/** Two right rows of one customer, and everything that may go wrong once, a fail-over among it. */
const loss = { ...budgets({ crashes: 1, steals: 1, lostReplies: 1, failOvers: 1 }), good: 0b11 };

const guard = { ownCommits: 1, takeoverCheck: 1 };

const guarded = { ...loss, ...guard };

/** Rows a and c are of one shard, b is of the other; c arrives later. */
const acrossShards = {
  ...budgets({ failOvers: 1 }),
  ...guard,
  good: 0b111,
  customers: 0b010,
  arriveLater: 0b100,
};

/**
 * Instead of most rules about leases and evidence: every fail-over ends all connections, a comparison made over them is
 * void, and the fence itself wants a valid one.
 */
const reconnecting = {
  ...guard,
  reconnectingVoidsCheck: 1,
  takeoverCheck: 2,
  answersAreEvidence: 0,
  evidenceNamesDecision: 0,
  batchNamesAcquisition: 0,
  renewalChecksOwnCommits: 0,
  expiredLeaseEnds: 0,
  idsReused: 1,
};

const complete: readonly CoreRun[] = [
  {
    name: 'guard',
    about: 'the guard, when the store goes back or is wiped',
    when: 'default',
    options: guarded,
  },
  {
    name: 'guard-two-fail-overs',
    about: 'the store goes back twice',
    when: 'short',
    options: { ...guarded, ...budgets({ steals: 1, failOvers: 2 }) },
  },
  {
    name: 'guard-resets',
    about: 'a wrong row is corrected, and a success put back to 0',
    when: 'short',
    options: {
      ...guarded,
      ...budgets({ steals: 1, resets: 1, failOvers: 1 }),
      good: 0b10,
      resetSucceeded: 1,
    },
  },
  {
    name: 'guard-two-shards',
    about: 'three rows in two shards',
    when: 'default',
    rows: 3,
    shards: 2,
    options: acrossShards,
  },
  {
    name: 'guard-two-shards-crash',
    about: 'two rows of one shard beside an empty shard',
    when: 'default',
    shards: 2,
    options: { ...guarded, ...budgets({ crashes: 1, failOvers: 1 }) },
  },
  {
    name: 'guard-by-hand',
    about: 'a row is set from 0 to 2 by hand: no alarm once its shard was renewed',
    when: 'default',
    options: { ...guarded, ...budgets({ crashes: 1, steals: 1, failOvers: 1, handMarks: 1 }) },
  },
  {
    name: 'guard-no-loss',
    about: 'no fail-over: the guard never raises an alarm, and nothing is stuck',
    when: 'short',
    options: { ...guarded, ...budgets({ crashes: 1, steals: 1, resets: 1, lostReplies: 2 }), good: 0b01 },
  },
  {
    name: 'guard-give-back',
    about: 'a shard is given back, with a batch of it in flight',
    when: 'default',
    options: {
      ...guarded,
      ...budgets({ steals: 1, giveBacks: 1, failOvers: 1 }),
      giveBackBusy: 1,
    },
  },
  {
    name: 'guard-reconnect',
    about: 'a new connection voids the comparison, which the fence wants: fewer rules are needed',
    when: 'default',
    options: { ...loss, ...budgets({ crashes: 1, steals: 1, failOvers: 1 }), ...reconnecting },
  },
  {
    name: 'guard-reconnect-replies',
    about: 'the same, and a reply is lost',
    when: 'full',
    options: { ...loss, ...reconnecting },
  },
  {
    name: 'guard-reconnect-three-rows',
    about: 'the same, three rows in two shards',
    when: 'full',
    rows: 3,
    shards: 2,
    options: { ...acrossShards, ...reconnecting },
  },
  {
    name: 'guard-check-after-poll',
    about: 'finished rows are compared after the poll instead of before: as good',
    when: 'full',
    options: { ...guarded, takeoverCheck: 2 },
  },
];

const ablations: readonly CoreRun[] = [
  { name: 'no-guard', about: 'no guard', when: 'short', options: loss, expected: ['LOST'] },
  {
    name: 'no-own-commits',
    about: 'finished rows are compared, own commits are not asked for',
    when: 'short',
    options: { ...guarded, ownCommits: 0 },
    expected: ['LOST'],
  },
  {
    name: 'no-takeover-check',
    about: 'own commits are asked for, finished rows are not compared',
    when: 'short',
    options: { ...guarded, takeoverCheck: 0 },
    expected: ['LOST'],
  },
  {
    name: 'renewal-before-check',
    about: 'a renewal before the comparison advances the high-water mark',
    when: 'short',
    options: { ...guarded, renewalBeforeCheck: 1 },
    expected: ['LOST'],
  },
  {
    name: 'taking-advances',
    about: 'taking a shard advances its high-water mark',
    when: 'default',
    options: { ...guarded, takingAdvances: 1 },
    expected: ['LOST'],
  },
  {
    name: 'renewal-without-own-commits',
    about: 'a renewal advances the high-water mark without asking for own commits',
    when: 'default',
    options: { ...guarded, renewalChecksOwnCommits: 0 },
    expected: ['LOST'],
  },
  {
    name: 'expired-lease-renewed',
    about: 'a lease that ran out may be renewed',
    when: 'default',
    options: { ...guarded, ...budgets({ crashes: 1, steals: 1, failOvers: 1 }), expiredLeaseEnds: 0 },
    expected: ['LOST'],
  },
  {
    name: 'batch-without-acquisition',
    about: 'a batch outlives the taking anew of its shard, because the term is the same again',
    when: 'default',
    options: { ...guarded, batchNamesAcquisition: 0 },
    expected: ['LOST'],
  },
  {
    name: 'answers-no-evidence',
    about: 'entries found in the journal after a commit of unknown outcome are not remembered',
    when: 'default',
    options: { ...guarded, answersAreEvidence: 0 },
    expected: ['LOST'],
  },
  {
    name: 'evidence-without-decision',
    about: 'evidence names the attempt only, which another worker may have decided anew',
    when: 'default',
    rows: 3,
    shards: 2,
    options: { ...acrossShards, evidenceNamesDecision: 0 },
    expected: ['LOST'],
  },
  {
    name: 'state-1-not-watched',
    about: 'rows in State 1 at the comparison are not looked at again: a late mark finishes one',
    when: 'short',
    options: { ...guarded, watchProcessing: 0 },
    expected: ['LOST'],
  },
  {
    name: 'reconnect-without-own-commits',
    about: 'a new connection voids the comparison; own commits are not asked for',
    when: 'full',
    options: { ...loss, ...reconnecting, ownCommits: 0 },
    expected: ['LOST'],
  },
  {
    name: 'ids-reused',
    about: 'a worker keeps its id over a restart',
    when: 'default',
    options: { ...guarded, ...budgets({ crashes: 1, steals: 1, failOvers: 1 }), idsReused: 1 },
    expected: ['LOST'],
  },
  {
    name: 'unknown-is-evidence',
    about: 'a commit of unknown outcome is remembered as if acknowledged',
    when: 'short',
    options: { ...guarded, ...budgets({ crashes: 1, steals: 1, lostReplies: 1 }), unknownIsEvidence: 1 },
    expected: ['FALSE ALARM'],
  },
  {
    name: 'no-high-water-mark',
    about: 'all finished rows are compared, one set by hand long ago among them',
    when: 'short',
    options: { ...guarded, ...budgets({ steals: 1, handMarks: 1 }), highWaterMark: 0 },
    expected: ['FALSE ALARM'],
  },
  {
    name: 'evidence-purged',
    about: 'a purge deletes superseded entries while a running worker remembers them',
    when: 'default',
    options: { ...guarded, ...budgets({ steals: 1, resets: 1 }), good: 0, purge: 2 },
    expected: ['FALSE ALARM'],
  },
  {
    name: 'late-mark-limit',
    about: 'a known limit: a late mark lands between the poll of a batch and its fence',
    when: 'short',
    options: { ...guarded, judgeAtFence: 1 },
    expected: ['LOST'],
  },
];

const large: readonly CoreRun[] = [
  {
    name: 'guard-two-shards-steal',
    about: 'two customers in two shards, a reply lost',
    when: 'full',
    shards: 2,
    options: { ...guarded, ...budgets({ steals: 1, lostReplies: 1, failOvers: 1 }), customers: 0b10 },
  },
  {
    name: 'guard-give-back-replies',
    about: 'a shard is given back, and a reply is lost',
    when: 'full',
    options: {
      ...guarded,
      ...budgets({ steals: 1, lostReplies: 1, giveBacks: 1, failOvers: 1 }),
      giveBackBusy: 1,
    },
  },
  {
    name: 'guard-three-rows',
    about: 'three rows in two shards, a lease runs out',
    when: 'full',
    rows: 3,
    shards: 2,
    options: { ...acrossShards, ...budgets({ steals: 1, failOvers: 1 }), progress: 0 },
  },
  {
    name: 'guard-two-fail-overs-crash',
    about: 'the store goes back twice, and a crash',
    when: 'full',
    options: { ...guarded, ...budgets({ crashes: 1, steals: 1, failOvers: 2 }) },
  },
  {
    name: 'guard-two-fail-overs-replies',
    about: 'the store goes back twice, and a reply is lost',
    when: 'full',
    options: { ...guarded, ...budgets({ steals: 1, lostReplies: 1, failOvers: 2 }) },
  },
  {
    name: 'guard-large',
    about: 'two leases run out, two replies are lost',
    when: 'full',
    options: { ...guarded, ...budgets({ crashes: 1, steals: 2, lostReplies: 2, failOvers: 1 }), progress: 0 },
  },
  {
    name: 'guard-resets-large',
    about: 'a crash, resets and lost replies',
    when: 'full',
    options: {
      ...guarded,
      ...budgets({ crashes: 1, steals: 1, resets: 1, lostReplies: 1, failOvers: 1 }),
      good: 0b10,
      resetSucceeded: 1,
      progress: 0,
    },
  },
  {
    name: 'guard-two-shards-large',
    about: 'two rows of one shard beside an empty shard, a crash, and a lease runs out',
    when: 'full',
    shards: 2,
    options: {
      ...guarded,
      ...budgets({ crashes: 1, steals: 1, failOvers: 1 }),
      progress: 0,
    },
  },
];

export const guardRuns: readonly Run[] = [...complete, ...ablations, ...large].map(coreRun);
