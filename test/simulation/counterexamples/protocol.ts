import type { Counterexample } from './counterexample.js';
import {
  ambush,
  bind,
  corrected,
  open,
  putBack,
  scenarioOf,
  secondWorker,
  upon,
  write,
  wrong,
} from './rows.js';

/* "Mechanisms, and what breaks without them" of docs/protocol.md. */

/** The lease of the first worker runs out while its statement waits, and the second one takes the shard. */
const untilTaken = { until: 'take shards', times: 1, untilWorker: 2 } as const;

/** Nobody gives up while a statement is held up, or a process stands still. */
const longCalls = { settings: { callTimeoutMs: 12_000 } };

const marks: readonly Counterexample[] = [
  {
    name: 'mark-without-attempt',
    scenario: scenarioOf([
      write(1000, wrong(open('1'))),
      ambush('mark', { what: 'held', until: 'claim', times: 1 }),
      upon('mark', corrected),
    ]),
    moments: ['State 1 → 3', 'puts CUST:1 back', 'State 0 → 1', 'mark arrives', 'State 1 → 2'],
    without: ['mark expects the attempt'],
    breaks: { kind: 'answer' },
  },
  {
    name: 'mark-without-state',
    about: 'a row that was put back under the same StateDate gets the mark of its last attempt',
    scenario: scenarioOf([
      // Its StateDate is ahead of the clock, so that marks leave it as it is: it alone cannot tell the two apart.
      write(1000, { ...wrong(open('1')), planted: { state: 0, stateDate: '2026-06-01 00:00:10' } }),
      ambush('mark', { what: 'held', until: 'mark', times: 1 }),
      upon('mark', putBack({ from: 3, keepsDate: true, content: { bizId: 'b' } })),
    ]),
    moments: ['State 1 → 3', 'puts CUST:1 back', 'mark arrives', 'State 0 → 1', 'State 1 → 2'],
    without: ['mark expects State 1'],
    breaks: { kind: 'backwards' },
  },
  {
    name: 'claim-without-state',
    about: 'a claim that arrives when its row has ended begins it anew',
    scenario: scenarioOf([
      write(1000, open('1')),
      ambush('claim', { what: 'held', until: 'mark', times: 1 }),
    ]),
    moments: ['State 1 → 2', 'claim arrives'],
    without: ['claim expects State 0'],
    breaks: { kind: 'backwards' },
  },
  {
    name: 'same-second',
    scenario: scenarioOf([write(1000, wrong(open('1'))), upon('mark', corrected)]),
    moments: ['State 1 → 3 (2026-06-01 00:00:01)', 'State 0 → 1 (2026-06-01 00:00:02)', 'State 1 → 2'],
    without: ['new attempt is later'],
    breaks: { kind: 'backwards' },
  },
  {
    name: 'journal-without-attempt',
    scenario: scenarioOf([write(1000, wrong(open('1'))), upon('mark', corrected)]),
    moments: ['State 1 → 3', 'puts CUST:1 back', 'State 0 → 1', 'State 1 → 2'],
    without: ['the attempt in the journal'],
    breaks: { kind: 'answer' },
  },
];

const polls: readonly Counterexample[] = [
  {
    name: 'poll-per-table',
    // The second part of a poll waits while both rows are committed. They are written in time: CreateDates are whole seconds.
    scenario: scenarioOf([
      write(2000, open('1'), bind('2')),
      ambush('poll', { what: 'late', forMs: 1400 }, { skip: 17 }),
    ]),
    moments: ['decides CUST:1', 'decides ACCOUNT:2'],
    without: ['poll is one snapshot'],
    breaks: { kind: 'order' },
  },
  {
    name: 'state-1-left',
    scenario: scenarioOf([
      write(1000, open('1')),
      upon('claim', { atMs: 0, kind: 'kill', pick: 0, forMs: 500 }),
    ]),
    moments: ['State 0 → 1', 'worker 1: is killed', 'State 1 → 2'],
    without: ['poll finds State 1'],
    breaks: { kind: 'lost' },
  },
];

/** A customer whose first row is deferred, and the row of another one that becomes its second between poll and claim. */
const edited: Counterexample = {
  name: 'content-with-poll',
  scenario: scenarioOf([
    { atMs: 0, kind: 'trouble', trouble: 'claim swallowed', of: 'next rows', rows: 1, pick: 0, forMs: 3000 },
    write(2000, open('1')),
    write(3000, bind('2', '2000')),
    upon('attempts', { atMs: 0, kind: 'edit', pick: 0.75, content: { custId: '1000' } }, { skip: 1 }),
  ]),
  moments: ['worker 1: rowsDeferred', 'changes ACCOUNT:2', 'CUST:1 State 1 → 2', 'ACCOUNT:2 State 1 → 2'],
  without: ['the CustID that is compared after the claim'],
  breaks: { kind: 'order' },
};

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

/** Of marks, polls, leases and the reads of an apply. */
export const protocolCounterexamples: readonly Counterexample[] = [
  ...marks,
  ...polls,
  edited,
  ...fences,
  ...reads,
];
