import type { Counterexample } from './counterexample.js';
import { ambush, bind, longCalls, open, scenarioOf, secondWorker, upon, write } from './rows.js';

/* Fences: "Mechanisms, and what breaks without them" of docs/protocol.md. */

/** The lease of the first worker runs out while its statement waits, and the second one takes the shard. */
const untilTaken = { until: 'take shards', times: 1, untilWorker: 2 } as const;

const fences: readonly Counterexample[] = [
  {
    name: 'no-fence',
    // The second worker has compared the shard, and takes its time to claim.
    scenario: scenarioOf(
      [
        secondWorker,
        write(2000, open('1')),
        ambush(
          'attempts',
          { what: 'stand still', until: 'shards compared', times: 1, untilWorker: 2 },
          { worker: 1 },
        ),
        ambush('attempts', { what: 'late', forMs: 1400 }, { worker: 2 }),
      ],
      longCalls,
    ),
    moments: ['worker 1: stands still', 'takes shard 0 (term 2)', 'worker 1: goes on', 'worker 1: leaseLost'],
    without: ['fence'],
    breaks: { kind: 'fence' },
  },
  {
    name: 'fence-without-lock',
    scenario: scenarioOf([
      secondWorker,
      write(2000, open('1')),
      ...(['journal', 'snapshot'] as const).map((statement) =>
        ambush(statement, { what: 'late', forMs: 1400 }, { worker: 1 }),
      ),
      ...[0, 0, 0].map(() =>
        upon(
          'fence',
          ambush('heartbeat and renewal', { what: 'held', until: 'commit', times: 1 }, { worker: 1 }),
        ),
      ),
      ambush('commit', { what: 'held', ...untilTaken }, { worker: 1 }),
    ]),
    moments: ['snapshot arrives', 'worker 1-1: decides CUST:1', 'commit arrives', 'takes shard 0 (term 2)'],
    without: ['fence locks'],
    breaks: { event: 'decide' },
  },
  {
    name: 'fence-without-term',
    // What was compared, was compared under another term: that guard, too, is enough.
    scenario: scenarioOf(
      [
        secondWorker,
        write(2000, open('1')),
        upon('claim', ambush('heartbeat and renewal', { what: 'held', ...untilTaken }, { worker: 1 })),
        upon('claim', ambush('read', { what: 'held', until: 'take shards', times: 1, untilWorker: 1 })),
        upon('take shards', { atMs: 0, kind: 'kill', pick: 0.75, forMs: 30_000 }, { worker: 2 }),
      ],
      longCalls,
    ),
    moments: [
      'takes shard 0 (term 2)',
      'worker 2: is killed',
      'worker 1-1: takes shard 0 (term 3)',
      'read arrives',
      'decides CUST:1',
    ],
    without: ['fence compares the term', 'compared before deciding'],
    breaks: { event: 'decide' },
  },
  {
    name: 'term-stays',
    about: 'a shard that is taken keeps its term',
    scenario: scenarioOf([
      secondWorker,
      { atMs: 2000, kind: 'kill', pick: 0, forMs: 1000 },
      write(6000, open('1')),
    ]),
    moments: ['worker 1: is killed', 'worker 2-1: takes shard 0 (term 2)', 'decides CUST:1'],
    without: ['term rises'],
    breaks: { event: 'take' },
  },
  {
    name: 'idle-transaction-stays',
    scenario: scenarioOf([
      secondWorker,
      write(2000, open('1')),
      ambush('record', { what: 'kill', forMs: 600_000 }, { worker: 1 }),
    ]),
    moments: ['worker 1: is killed', 'takes shard 0 (term 2)', 'worker 2-1: decides CUST:1'],
    without: ['idle transactions end'],
    breaks: { kind: 'lost' },
  },
];

/** The COMMIT of the first batch hangs, holding its lock, until the fence of the second one has waited for it. */
const hangingCommit = [
  ambush('commit', { what: 'held', until: 'fence', times: 3, unnoticed: true }),
  write(1000, open('1')),
];

const reads: readonly Counterexample[] = [
  {
    name: 'customers-before-fence',
    scenario: scenarioOf([...hangingCommit, upon('record', write(300, bind('2')))], {
      settings: { callTimeoutMs: 400 },
    }),
    moments: ['decides CUST:1', 'commit arrives', 'ACCOUNT:2 State 1 → 2'],
    without: ['customers are read behind the fence'],
    breaks: { kind: 'code' },
  },
  {
    name: 'journal-before-fence',
    scenario: scenarioOf(hangingCommit, { settings: { callTimeoutMs: 400 } }),
    moments: ['decides CUST:1', 'commit arrives', 'State 1 → 2'],
    without: ['journal is read behind the fence', 'journal key'],
    breaks: { kind: 'twice' },
  },
];

/** Of leases, fences and the reads behind them. */
export const fenceCounterexamples: readonly Counterexample[] = [...fences, ...reads];
