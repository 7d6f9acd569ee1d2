import type { Run } from '../run.js';
import { budgets, coreRun, type CoreRun } from './core-run.js';
import { corrected, guarded } from './guard-options.js';

const loss = { ...guarded, ...budgets({ crashes: 1, steals: 1, lostReplies: 1, failOvers: 1, repairs: 1 }) };

const runs: readonly CoreRun[] = [
  {
    name: 'repair',
    about: 'a loss is repaired beside the workers, and they go on',
    when: 'default',
    options: loss,
  },
  {
    name: 'repair-twice',
    about: 'the store goes back once more, and is repaired once more',
    when: 'default',
    options: { ...guarded, ...budgets({ steals: 1, failOvers: 2, repairs: 2 }) },
  },
  {
    name: 'repair-resets',
    about: 'a wrong row is corrected, and a success put back to 0, around a loss and its repair',
    when: 'short',
    options: { ...guarded, ...budgets({ steals: 1, resets: 1, failOvers: 1, repairs: 1 }), ...corrected },
  },
  {
    name: 'repair-without-look',
    about: 'the repair writes what it found missing, without another look into the journal',
    when: 'default',
    options: { ...loss, repairLooksAgain: 0 },
    expected: ['EFFECT TWICE'],
  },
  {
    name: 'repair-keeps-evidence',
    about: 'commits that a worker lost before the alarm was closed count on',
    when: 'default',
    options: { ...loss, repairEndsEvidence: 0 },
    expected: ['FALSE ALARM'],
  },
];

/** Repairs, and what breaks without their rules. */
export const repairRuns: readonly Run[] = runs.map(coreRun);
