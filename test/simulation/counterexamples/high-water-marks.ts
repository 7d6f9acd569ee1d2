import type { Counterexample } from './counterexample.js';
import { alarm, decidedOnLoss, killed, lateMark, lostBefore3000 } from './losses.js';
import { ambush, bind, open, scenarioOf, secondWorker, write } from './rows.js';

/** For so long no renewal proves anything of a row that was finished before it. */
const afterToleranceMs = 70_000;

/** Until when a shard is known to hold everything. */
export const highWaterMarkCounterexamples: readonly Counterexample[] = [
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
