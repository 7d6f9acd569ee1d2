import type { Counterexample } from './counterexample.js';
import { decidedOnLoss, killed, lateMark, never } from './losses.js';
import { ambush, bind, longCalls, open, scenarioOf, secondWorker, upon, write } from './rows.js';

/** Comparisons of finished rows: when, and for what they hold. */
export const comparisonCounterexamples: readonly Counterexample[] = [
  {
    name: 'same-incarnation-without-term',
    // What the second worker commits and does not know to be lost goes back to the moment at which it took the shard.
    scenario: scenarioOf([
      secondWorker,
      killed(1500, 0),
      ambush('commit', { what: 'answer lost', forMs: 0 }, { worker: 2 }),
      ...[
        write(500, open('1')),
        { atMs: 3000, kind: 'fail over', lostMs: 3000, sameServer: true } as const,
        { ...ambush('heartbeat and renewal', { what: 'held', until: 'fence', times: 1 }), atMs: 3000 },
        write(3005, bind('2')),
      ].map((step) => upon('take shards', step, { worker: 2 })),
    ]),
    moments: [
      'worker 2-1: takes shard 0 (term 2)',
      'State 1 → 2',
      'fails over',
      'worker 2: leaseLost',
      'worker 2: storeWentBack',
    ],
    without: ['compared before deciding'],
    breaks: decidedOnLoss,
  },
  {
    name: 'comparison-before-poll',
    scenario: scenarioOf([
      secondWorker,
      write(2000, open('1')),
      ...lateMark({ what: 'held', until: 'latestFinished', times: 4, untilWorker: 2 }),
      { atMs: 2600, kind: 'fail over', lostMs: 700 },
      write(2700, bind('2')),
      upon('take shards', ambush('poll', { what: 'late', forMs: 300 }, { worker: 2 }), { worker: 2 }),
    ]),
    moments: ['fails over', 'takes shard 0 (term 2)', 'worker 1: mark arrives', 'worker 2: storeWentBack'],
    without: ['the comparison after the poll'],
    breaks: decidedOnLoss,
  },
  {
    name: 'comparison-kept-at-once',
    // The row that stands in State 1 is not in the batch: its table is paused.
    scenario: scenarioOf([
      secondWorker,
      write(2000, open('1')),
      ...lateMark({ what: 'held', until: 'poll', times: 6, untilWorker: 2 }),
      { atMs: 2600, kind: 'fail over', lostMs: 700 },
      { atMs: 2650, kind: 'pause', pick: 0, forMs: 8000 },
      write(12_000, bind('2')),
    ]),
    moments: ['fails over', 'takes shard 0 (term 2)', 'worker 1: mark arrives', 'worker 2: storeWentBack'],
    without: ['the rows in State 1 that keep a comparison open'],
    breaks: decidedOnLoss,
  },
  {
    name: 'finished-meanwhile-ignored',
    // The mark of the open is on its way; the bind, decided with the next batch, is not marked. The second worker takes both
    // over, and the mark lands before it reads them again. It would leave the bind out, and compare again with the next poll.
    scenario: scenarioOf([
      secondWorker,
      write(2000, open('1')),
      ambush('mark', { what: 'held', until: 'attempts', times: 1, untilWorker: 2 }, { worker: 1 }),
      write(2600, bind('2')),
      ambush('commit', { what: 'kill', forMs: never }, { worker: 1, skip: 1 }),
      { atMs: 5000, kind: 'fail over', lostMs: 3100 },
    ]),
    moments: [
      'decides CUST:1',
      'decides ACCOUNT:2',
      'fails over and loses 2 decisions',
      'takes shard 0 (term 2)',
      'CUST:1 State 1 → 2',
      'worker 2: storeWentBack',
    ],
    without: [
      'the look at rows that were finished before they could be taken over',
      'the end of the batch at a row of the customer that is not in State 1',
    ],
    breaks: decidedOnLoss,
  },
  {
    name: 'batch-without-incarnation',
    // The first worker has polled the row and seen none that is finished, the store that comes back still gives it the shard,
    // and the mark of the second one lands when the comparison is written. The first statements look for an origin.
    scenario: scenarioOf(
      [
        secondWorker,
        write(0, open('1')),
        ambush(
          'latestFinished',
          { what: 'held', until: 'connect', times: 1, untilWorker: 1 },
          { worker: 1, skip: 4 },
        ),
        {
          ...ambush('heartbeat and renewal', { what: 'held', until: 'commit', times: 1 }, { worker: 1 }),
          atMs: 500,
        },
        ambush('mark', { what: 'held', until: 'shards compared', times: 1, untilWorker: 1 }, { worker: 2 }),
        upon('commit', killed(25, 0.75), { worker: 2 }),
        { atMs: 7000, kind: 'fail over', lostMs: 6000 },
        write(14_000, bind('2')),
      ],
      longCalls,
    ),
    moments: [
      'worker 2-1: decides CUST:1',
      'fails over',
      'worker 2: mark arrives',
      'worker 1: storeWentBack',
    ],
    without: ['batches name the server'],
    breaks: decidedOnLoss,
  },
  {
    name: 'comparison-without-incarnation',
    scenario: scenarioOf([
      secondWorker,
      { atMs: 2000, kind: 'freeze', pick: 0, forMs: 8000 },
      write(6500, open('1')),
      killed(7500, 0.75),
      { atMs: 8000, kind: 'fail over', lostMs: 6100 },
      write(12_000, bind('2')),
    ]),
    moments: [
      'worker 1: stands still',
      'worker 2-1: decides CUST:1',
      'State 1 → 2',
      'fails over',
      'worker 1: storeWentBack',
    ],
    without: ['comparison names the server'],
    breaks: decidedOnLoss,
  },
];
