import type { Counterexample } from './counterexample.js';
import { alarm, decidedOnLoss, lostBefore3000 } from './losses.js';
import { ambush, bind, longCalls, open, scenarioOf, secondWorker, upon, write } from './rows.js';

/** What a worker remembers of its own commits, what it finds at a takeover, and alarms. */
export const ownCommitCounterexamples: readonly Counterexample[] = [
  {
    name: 'no-own-commits',
    scenario: scenarioOf([
      write(1000, open('1')),
      { atMs: 3000, kind: 'fail over', lostMs: 2100, sameServer: true },
      write(5000, bind('2')),
    ]),
    moments: ['State 1 → 2', ...alarm],
    without: ['own commits are checked'],
    breaks: decidedOnLoss,
  },
  {
    name: 'evidence-without-worker',
    // The first worker takes the second one's shard and decides a row in each, of which one is locked and stays in State 1.
    // In the store that comes back, whose clock is behind, both have their shards, and the second one decides that row
    // under the same attempt. The first one decides on the other row, unless it sees who decided its own.
    scenario: scenarioOf(
      [
        secondWorker,
        { atMs: 3100, kind: 'freeze', pick: 0.75, forMs: 6500 },
        write(8000, open('1', '1001'), open('2', '1000')),
        upon('commit', {
          ...{ atMs: 0, kind: 'trouble', trouble: 'row locked', of: 'rows there are', rows: 1 },
          ...{ pick: 0, forMs: 1200 },
        }),
        ambush('mark', { what: 'stand still', until: 'commit', times: 1, untilWorker: 2 }, { worker: 1 }),
        { atMs: 9000, kind: 'fail over', lostMs: 6000, sameServer: true },
        { atMs: 9000, kind: 'set clock', server: 'store', byMs: -8000 },
        write(14_000, bind('3', '1000')),
      ],
      { settings: { shards: 2 } },
    ),
    moments: [
      'worker 1-1: decides CUST:2',
      'CUST:2 State 1 → 2',
      'fails over and loses 2 decisions',
      'worker 2-1: decides CUST:1',
      'worker 1: storeWentBack',
    ],
    without: ['own commits name the worker'],
    breaks: decidedOnLoss,
  },
  {
    name: 'unknown-is-evidence',
    // The COMMIT arrives when its transaction was rolled back.
    scenario: scenarioOf([write(1000, open('1')), ambush('commit', { what: 'late', forMs: 3000 })]),
    moments: ['worker 1: outage', 'decides CUST:1', 'commit arrives'],
    without: ['unknown commits are no evidence'],
    breaks: { kind: 'lost' },
  },
  {
    name: 'no-comparison',
    scenario: scenarioOf([...lostBefore3000, { atMs: 3100, kind: 'start' }, write(5000, bind('2'))]),
    moments: ['State 1 → 2', 'worker 1: is killed', ...alarm],
    without: ['the comparison of finished rows at a takeover'],
    breaks: decidedOnLoss,
  },
  {
    name: 'alarm-ignored',
    about: 'a worker that knows of no loss decides a row although another one has raised an alarm',
    // The second worker knows of no loss: the answer to its commit was lost. Its next batch has begun when the first one
    // finds its own loss.
    scenario: scenarioOf(
      [
        secondWorker,
        write(6000, open('1'), open('2', '1001')),
        ambush('commit', { what: 'answer lost', forMs: 0 }, { worker: 2 }),
        { atMs: 7500, kind: 'fail over', lostMs: 1600, sameServer: true },
        write(7505, bind('3'), bind('4', '1001')),
        {
          ...ambush('connect', { what: 'late', forMs: 600 }, { worker: 1 }),
          atMs: 7500,
        },
        { ...ambush('fence', { what: 'held', until: 'raise alarm', times: 1 }, { worker: 2 }), atMs: 7500 },
      ],
      { settings: { shards: 2 } },
    ),
    moments: [
      'fails over and loses 2 decisions',
      'worker 1: storeWentBack',
      'worker 2: fence arrives',
      'worker 2: storeWentBack',
    ],
    without: ['alarm stops applies'],
    breaks: decidedOnLoss,
  },
  {
    name: 'marks-under-alarm',
    about: 'the mark of a decision that is lost is written although the worker knows of the loss',
    // The mark of the second row waits for that of the first one, which arrives when the alarm is there.
    scenario: scenarioOf(
      [
        write(2000, open('1')),
        write(2300, open('2', '2000')),
        ambush('mark', { what: 'held', until: 'raise alarm', times: 1 }),
        { atMs: 3000, kind: 'fail over', lostMs: 1100, sameServer: true },
      ],
      longCalls,
    ),
    moments: [
      'decides CUST:2',
      'fails over and loses 2 decisions',
      'worker 1: storeWentBack',
      'mark arrives',
    ],
    without: ['the alarm that keeps marks from being written'],
    breaks: { row: 'CUST:2 State 1 → 2' },
  },
];
