import type { Step } from '../scenario.js';
import type { Counterexample } from './counterexample.js';
import { ambush, bind, open, scenarioOf, secondWorker, upon, write } from './rows.js';

/* "When the store goes back" of docs/protocol.md. What is decided on a loss is a bind whose open is gone. */

const decidedOnLoss = { kind: 'decided on a loss' } as const;
const never = 600_000;
const alarm = ['fails over and loses 1 decisions', 'storeWentBack'];

function killed(atMs: number, pick: number): Step {
  return { atMs, kind: 'kill', pick, forMs: never };
}

/** The first worker commits and ends at once, and its mark is on its way until then. */
function lateMark(until: Parameters<typeof ambush>[1]): readonly Step[] {
  return [ambush('mark', until, { worker: 1 }), upon('commit', killed(25, 0), { worker: 1 })];
}

/** The open is decided, marked or not, and lost; the worker that decided it is gone. */
const lostBefore3000: readonly Step[] = [
  write(2000, open('1')),
  killed(2900, 0),
  { atMs: 3000, kind: 'fail over', lostMs: 1100 },
];

/** For so long no renewal proves anything of a row that was finished before it. */
const afterToleranceMs = 70_000;

const evidence: readonly Counterexample[] = [
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
        { atMs: 9000, kind: 'set clock', server: 'store', byMs: -6000 },
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
];

const comparisons: readonly Counterexample[] = [
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
      { settings: { callTimeoutMs: 12_000 } },
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

const highWaterMarks: readonly Counterexample[] = [
  {
    name: 'renewal-without-comparison',
    // As long as the middle database cannot be reached nothing is compared, and leases are renewed all the same.
    scenario: scenarioOf(
      [
        ...lostBefore3000,
        { atMs: 3050, kind: 'start' },
        { atMs: 3050, kind: 'cut off', server: 'middle', forMs: afterToleranceMs },
        write(afterToleranceMs + 5000, bind('2')),
      ],
      { calmAtMs: afterToleranceMs + 10_000 },
    ),
    moments: [...alarm],
    without: ['renewal advances compared shards only'],
    breaks: decidedOnLoss,
  },
  {
    name: 'fence-without-comparison',
    // The lost row stands in State 1 behind a full batch, and is marked after the comparison that is good for this batch.
    scenario: scenarioOf(
      [
        secondWorker,
        write(2000, open('2')),
        ...lateMark({ what: 'held', until: 'claim', times: 1, untilWorker: 2 }),
        { atMs: 2600, kind: 'fail over', lostMs: 700 },
        write(2700, open('1', '1001')),
        ambush('read', { what: 'freeze', forMs: afterToleranceMs }, { worker: 2 }),
        write(afterToleranceMs + 20_000, bind('3')),
      ],
      {
        settings: { batchSize: 1, callTimeoutMs: 2 * afterToleranceMs },
        calmAtMs: afterToleranceMs + 30_000,
      },
    ),
    moments: [
      'fails over',
      'takes shard 0 (term 2)',
      'worker 1: mark arrives',
      'decides CUST:1',
      'worker 2: storeWentBack',
    ],
    without: ['fence advances compared shards only'],
    breaks: decidedOnLoss,
  },
  {
    name: 'taking-advances',
    scenario: scenarioOf(
      [
        ...lostBefore3000,
        { atMs: afterToleranceMs, kind: 'start' },
        write(afterToleranceMs + 5000, bind('2')),
      ],
      { calmAtMs: afterToleranceMs + 10_000 },
    ),
    moments: [...alarm],
    without: ['taking advances nothing'],
    breaks: decidedOnLoss,
  },
  {
    name: 'no-high-water-mark',
    // Nothing is lost: others have finished a row, and the first worker has renewed its lease long after that.
    scenario: scenarioOf(
      [
        { atMs: 2000, kind: 'other hands', row: open('9', '2000'), forMs: afterToleranceMs + 20_000 },
        killed(afterToleranceMs, 0),
        { atMs: afterToleranceMs, kind: 'start' },
        write(afterToleranceMs + 5000, open('1')),
      ],
      { calmAtMs: afterToleranceMs + 30_000 },
    ),
    moments: ['CUST:9 State none → 2', 'takes shard 0 (term 2)', 'decides CUST:1', 'State 1 → 2'],
    without: ['a shard is known to hold what is older'],
    breaks: { kind: 'lost' },
  },
];

/** Of own commits, comparisons and what is known to be held. */
export const storeGoesBackCounterexamples: readonly Counterexample[] = [
  ...evidence,
  ...comparisons,
  ...highWaterMarks,
];
