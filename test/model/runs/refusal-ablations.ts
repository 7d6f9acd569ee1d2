import type { Run } from '../run.js';
import { budgets, coreRun, type CoreRun } from './core-run.js';
import { refused, withoutReplies, forEver, pageOfOne, restored } from './refusal-options.js';

/** One rule taken away, and what breaks first. */
const ablations: readonly CoreRun[] = [
  {
    name: 'no-splitting',
    about: 'a statement that is refused for one row fails the whole batch',
    when: 'short',
    rows: 3,
    options: { ...forEver, splits: 0 },
    expected: ['STUCK'],
  },
  {
    name: 'claim-past-refused',
    about: 'the batch goes on behind a row that is not in State 1 after the claim',
    when: 'short',
    options: { ...refused, changedRows: 0 },
    expected: ['ORDER'],
  },
  {
    name: 'marks-past-refused',
    about: 'the later rows of the customer are marked although an earlier mark was refused',
    when: 'short',
    options: { ...refused, marks: 2 },
    expected: ['MARK ORDER'],
  },
  {
    name: 'marks-by-table',
    about: 'the marks of each table and outcome are a statement, and nothing holds them together',
    when: 'short',
    options: { ...refused, marks: 0, accountRows: 0b01 },
    expected: ['MARK ORDER'],
  },
  {
    name: 'refused-mark-fails',
    about: 'a success whose mark is refused is marked 3',
    when: 'short',
    options: { ...refused, refusedMarkFails: 1 },
    expected: ['MISMATCH'],
  },
  {
    name: 'no-deferral',
    about: 'a customer with a refused row is not deferred, and the page is full',
    when: 'short',
    rows: 3,
    options: { ...forEver, ...pageOfOne, deferral: 0 },
    expected: ['STUCK'],
  },
  {
    name: 'deferral-after-release',
    about: 'a customer is released before its deferral is written',
    when: 'short',
    options: { ...refused, deferral: 2 },
    expected: ['TOO SOON'],
  },
  {
    name: 'deferral-never-due',
    about: 'a deferral never falls due',
    when: 'short',
    options: { ...withoutReplies, deferralEnd: 0 },
    expected: ['STUCK'],
  },
  {
    name: 'deferral-in-memory',
    about: 'only the process that wrote a deferral knows when it is due',
    when: 'short',
    options: { ...withoutReplies, deferralEnd: 2 },
    expected: ['STUCK'],
  },
  {
    name: 'superseded-skipped',
    about: 'a row in State 1 with a superseded attempt is left alone',
    when: 'short',
    options: { ...restored, superseded: 0 },
    expected: ['STUCK'],
  },
  {
    name: 'superseded-decided',
    about: 'a row in State 1 with a superseded attempt is decided again',
    when: 'short',
    options: { ...restored, superseded: 2 },
    expected: ['STUCK'],
  },
  {
    name: 'superseded-decided-no-key',
    about: 'the same, and the journal has no key',
    when: 'short',
    options: { ...restored, superseded: 2, journalKey: 0 },
    expected: ['REDECIDE'],
  },
  {
    name: 'restore-under-workers',
    about: 'a known limit: workers run while the middle database is restored',
    when: 'short',
    options: { ...restored, restoreStopsWorkers: 0 },
    expected: ['OLD ERROR'],
  },
];

/** Nothing but its own check rests on the order of marks, and nothing at all on when a deferral is written. */
const redundant: readonly CoreRun[] = [
  {
    name: 'marks-past-refused-unjudged',
    about: 'later rows are marked past a refused one, and the order of marks is not judged',
    when: 'default',
    options: {
      ...refused,
      ...budgets({ steals: 1, lostReplies: 1, refusals: 1 }),
      marks: 2,
      judgeMarkOrder: 0,
    },
  },
];

export const refusalAblations: readonly Run[] = [...ablations, ...redundant].map(coreRun);
