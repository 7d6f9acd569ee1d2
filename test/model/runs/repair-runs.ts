import type { Run } from '../run.js';
import { budgets, coreRun, type CoreRun } from './core-run.js';
import { corrected, guarded } from './guard-options.js';

const loss = { ...guarded, ...budgets({ crashes: 1, steals: 1, lostReplies: 1, failOvers: 1, repairs: 1 }) };

/** Row a is refused; b is of the same customer, and may come later. */
const takeBack = {
  ...budgets({ crashes: 1, steals: 1, resets: 1, lostReplies: 1, takeBacks: 1 }),
  ...{ good: 0b10, arriveLater: 0b10 },
};

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
  {
    name: 'take-back',
    about: 'refused rows are taken back while workers run, and may be corrected meanwhile',
    when: 'default',
    options: takeBack,
  },
  {
    name: 'take-back-after-loss',
    about: 'a refusal is taken back around a loss',
    when: 'default',
    options: {
      ...guarded,
      ...budgets({ steals: 1, lostReplies: 1, failOvers: 1, repairs: 1, takeBacks: 1 }),
      good: 0b10,
    },
  },
  {
    name: 'take-back-without-look',
    about: 'refused rows are taken back without a look whether their customers were decided on since',
    when: 'default',
    options: { ...takeBack, takeBackLooksAgain: 0 },
    expected: ['LOST UPDATE'],
  },
  {
    name: 'take-back-whatever-state',
    about: 'refused rows are taken back that are not in State 3 any more',
    when: 'default',
    options: { ...takeBack, takeBackChecksState: 0 },
    expected: ['STALE'],
  },
];

/** Repairs, and what breaks without their rules. */
export const repairRuns: readonly Run[] = runs.map(coreRun);
