import type { Counterexample } from './counterexample.js';
import {
  ambush,
  bind,
  corrected,
  longCalls,
  open,
  putBack,
  scenarioOf,
  secondWorker,
  upon,
  write,
  wrong,
} from './rows.js';

/* "Mechanisms, and what breaks without them" of docs/protocol.md. */

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

/** The first worker has polled the row, and goes on when the second one has decided it. */
const closedTooEarly: Counterexample = {
  name: 'superseded-before-claim',
  scenario: scenarioOf(
    [
      secondWorker,
      write(2000, wrong(open('1'))),
      {
        ...ambush('poll', { what: 'stand still', until: 'commit', times: 1, untilWorker: 2 }, { worker: 1 }),
        atMs: 2000,
      },
      ambush('mark', { what: 'held', until: 'attempts', times: 1, untilWorker: 1 }, { worker: 2 }),
    ],
    longCalls,
  ),
  moments: ['worker 1: stands still', 'worker 2-1: decides CUST:1', 'worker 1: goes on', 'mark arrives'],
  without: ['entries are closed in the apply'],
  breaks: { kind: 'answer' },
};

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

/** Of marks, journal entries and polls. */
export const protocolCounterexamples: readonly Counterexample[] = [
  ...marks,
  closedTooEarly,
  ...polls,
  edited,
];
