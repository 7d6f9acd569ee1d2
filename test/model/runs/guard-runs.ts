import type { Run } from '../run.js';
import { budgets, coreRun, type CoreRun } from './core-run.js';
import {
  guarded,
  withoutReplies,
  withoutCrash,
  withoutSteal,
  corrected,
  twoCustomers,
  acrossShards,
  smallPage,
  smallPageOfThree,
} from './guard-options.js';

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
    options: { ...guarded, ...budgets({ steals: 1, resets: 1, failOvers: 1 }), ...corrected },
  },
  {
    name: 'guard-page',
    about: 'rows in State 1 lie outside of the page',
    when: 'default',
    options: { ...smallPage, ...budgets({ steals: 1, resets: 1, failOvers: 1 }) },
  },
  {
    name: 'guard-page-three-rows',
    about: 'the same, three rows of one customer',
    when: 'default',
    rows: 3,
    options: smallPageOfThree,
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
    options: { ...withoutReplies, handMarks: 1 },
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
    options: { ...guarded, ...budgets({ steals: 1, giveBacks: 1, failOvers: 1 }), giveBackBusy: 1 },
  },
  {
    name: 'guard-late-mark',
    about: 'a late mark lands between poll and fence: all rows in State 1 are in the page',
    when: 'default',
    options: { ...withoutReplies, judgeAtFence: 1 },
  },
];

const large: readonly CoreRun[] = [
  {
    name: 'guard-by-hand-replies',
    about: 'a row is set by hand, and a reply is lost',
    when: 'full',
    options: { ...guarded, handMarks: 1, progress: 0 },
  },
  {
    name: 'guard-page-crash',
    about: 'rows in State 1 lie outside of the page, and a crash',
    when: 'full',
    options: smallPage,
  },
  {
    name: 'guard-page-three-rows-large',
    about: 'the same, three rows of one customer, and a lease runs out',
    when: 'full',
    rows: 3,
    options: { ...smallPageOfThree, crashes: 1, steals: 1, progress: 0 },
  },
  {
    name: 'guard-give-back-replies',
    about: 'a shard is given back, and a reply is lost',
    when: 'full',
    options: { ...withoutCrash, giveBacks: 1, giveBackBusy: 1 },
  },
  {
    name: 'guard-two-shards-replies',
    about: 'two customers in two shards, a lease runs out, a reply is lost',
    when: 'full',
    shards: 2,
    options: { ...withoutCrash, ...twoCustomers, progress: 0 },
  },
  {
    name: 'guard-two-shards-crash-steal',
    about: 'two customers in two shards, a crash, a lease runs out',
    when: 'full',
    shards: 2,
    options: { ...withoutReplies, ...twoCustomers, progress: 0 },
  },
  {
    name: 'guard-two-shards-crash-replies',
    about: 'two customers in two shards, a crash, a reply is lost',
    when: 'full',
    shards: 2,
    options: { ...withoutSteal, ...twoCustomers, progress: 0 },
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
    name: 'guard-three-rows-crash',
    about: 'three rows in two shards, a crash',
    when: 'full',
    rows: 3,
    shards: 2,
    options: { ...acrossShards, ...budgets({ crashes: 1, failOvers: 1 }), progress: 0 },
  },
  {
    name: 'guard-three-rows-replies',
    about: 'three rows in two shards, a reply is lost',
    when: 'full',
    rows: 3,
    shards: 2,
    options: { ...acrossShards, ...budgets({ lostReplies: 1, failOvers: 1 }), progress: 0 },
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
    name: 'guard-two-fail-overs-large',
    about: 'the store goes back twice, a crash, and a reply is lost',
    when: 'full',
    options: { ...guarded, failOvers: 2, progress: 0 },
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
    options: { ...guarded, ...corrected, resets: 1, progress: 0 },
  },
];

export const guardRuns: readonly Run[] = [...complete, ...large].map(coreRun);
