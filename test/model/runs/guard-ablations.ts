import type { Run } from '../run.js';
import { budgets, coreRun, type CoreRun } from './core-run.js';
import { loss, guarded, withoutReplies, acrossShards, smallPage, smallPageOfThree } from './guard-options.js';

/** One part of the guard taken away, and what it breaks first. */
const ablations: readonly CoreRun[] = [
  { name: 'no-guard', about: 'no guard', when: 'short', options: loss, expected: ['LOST'] },
  {
    name: 'no-own-commits',
    about: 'finished rows are compared, own commits are not asked for',
    when: 'default',
    options: { ...guarded, ownCommits: 0 },
    expected: ['LOST'],
  },
  {
    name: 'evidence-without-worker',
    about: 'an own commit is known by row and attempt only, which another worker may have decided anew',
    when: 'default',
    rows: 3,
    shards: 2,
    options: { ...acrossShards, evidenceNamesWorker: 0 },
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
    name: 'evidence-purged',
    about: 'a purge deletes superseded entries while a running worker remembers them',
    when: 'short',
    options: { ...guarded, ...budgets({ crashes: 1, steals: 1, resets: 1 }), good: 0, purge: 2 },
    expected: ['FALSE ALARM'],
  },
  {
    name: 'no-comparison',
    about: 'own commits are asked for, finished rows are not compared',
    when: 'short',
    options: { ...guarded, comparison: 0 },
    expected: ['LOST'],
  },
  {
    name: 'comparison-before-poll',
    about: 'finished rows are compared before the poll',
    when: 'default',
    options: { ...guarded, comparison: 2 },
    expected: ['LOST'],
  },
  {
    name: 'comparison-without-incarnation',
    about: 'a comparison is valid under its term, whatever became of the store',
    when: 'default',
    options: { ...guarded, comparisonNamesIncarnation: 0 },
    expected: ['LOST'],
  },
  {
    name: 'comparison-kept-at-once',
    about: 'a comparison is written although rows of the shard stand in State 1',
    when: 'default',
    options: { ...guarded, awaitedRows: 0 },
    expected: ['LOST'],
  },
  {
    name: 'batch-without-incarnation',
    about: 'a batch outlives the store under which the leases were known at its poll',
    when: 'default',
    options: { ...guarded, batchNamesIncarnation: 0 },
    expected: ['LOST'],
  },
  {
    name: 'finished-meanwhile-ignored',
    about: 'a row polled in State 1 that is in State 2 after the claim is just left out',
    when: 'default',
    options: { ...guarded, looksUpFinishedMeanwhile: 0 },
    expected: ['LOST'],
  },
  {
    name: 'renewal-without-comparison',
    about: 'a renewal advances the high-water mark without a valid comparison',
    when: 'default',
    options: { ...guarded, renewalNeedsComparison: 0 },
    expected: ['LOST'],
  },
  {
    name: 'fence-without-comparison',
    about: 'a fence advances the high-water mark although its comparison was good for one batch only',
    when: 'default',
    rows: 3,
    options: { ...smallPageOfThree, fenceAlwaysAdvances: 1 },
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
    name: 'no-high-water-mark',
    about: 'all finished rows are compared, one set by hand long ago among them',
    when: 'short',
    options: { ...guarded, ...budgets({ steals: 1, handMarks: 1 }), highWaterMark: 0 },
    expected: ['FALSE ALARM'],
  },
];

const limits: readonly CoreRun[] = [
  {
    name: 'late-mark-limit',
    about: 'a known limit: a late mark of a row outside the page lands between comparison and fence',
    when: 'short',
    options: { ...smallPage, judgeAtFence: 1 },
    expected: ['LOST'],
  },
  {
    name: 'same-incarnation',
    about: 'a known limit: the store goes back under its old incarnation',
    when: 'short',
    options: { ...withoutReplies, incarnationChanges: 0 },
    expected: ['LOST'],
  },
  {
    name: 'same-incarnation-holder',
    about: 'the same, and the holder of the shard does not change: own commits show it',
    when: 'short',
    options: { ...guarded, ...budgets({ lostReplies: 1, failOvers: 1 }), incarnationChanges: 0 },
  },
  {
    name: 'same-incarnation-without-term',
    about: 'the same, and a new holder is content with the comparison of the last one',
    when: 'short',
    options: { ...withoutReplies, incarnationChanges: 0, comparisonNamesTerm: 0 },
    expected: ['LOST'],
  },
];

/** Each of these is a second line of defence: where the incarnation changes, the others hold without it. */
const redundant: readonly CoreRun[] = [
  {
    name: 'guard-earlier-claims',
    about: 'only rows that were claimed before the fail-over keep a comparison from being written',
    when: 'default',
    options: { ...guarded, awaitedRows: 2 },
  },
  {
    name: 'guard-earlier-claims-page',
    about: 'the same, and rows in State 1 lie outside of the page',
    when: 'full',
    options: { ...smallPage, awaitedRows: 2 },
  },
  {
    name: 'guard-without-term',
    about: 'a comparison is valid on its incarnation, under whatever term',
    when: 'full',
    options: { ...guarded, comparisonNamesTerm: 0 },
  },
  {
    name: 'guard-renewal-without-own-commits',
    about: 'a renewal advances the high-water mark without asking for own commits',
    when: 'full',
    options: { ...guarded, renewalNeedsOwnCommits: 0 },
  },
  {
    name: 'guard-ids-reused',
    about: 'a worker keeps its id over a restart',
    when: 'full',
    options: { ...guarded, idsReused: 1 },
  },
];

export const guardAblations: readonly Run[] = [...ablations, ...limits, ...redundant].map(coreRun);
