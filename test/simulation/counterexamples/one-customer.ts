import type { Counterexample } from './counterexample.js';
import {
  ambush,
  bind,
  change,
  corrected,
  forEver,
  open,
  scenarioOf,
  threeRows,
  trouble,
  upon,
  write,
  wrong,
} from './rows.js';

/* "One row, one customer" of docs/protocol.md, and the retries after a process has ended. */

/** The middle database comes back with the failed attempt of a row that was corrected and applied. */
const restored = scenarioOf([
  write(1000, wrong(open('1'))),
  upon('mark', corrected),
  upon('mark', { atMs: 500, kind: 'old attempt', pick: 0, withContent: true }, { skip: 1 }),
]);
const answered = ['State 1 → 3', 'State 1 → 2', 'State 2 → 1', 'State 1 → 2'];

const stages: readonly Counterexample[] = [
  {
    name: 'no-splitting',
    scenario: scenarioOf([trouble('claim refused', forEver), threeRows]),
    moments: ['claim refused: CUST:1 begins', 'CUST:3 State 1 → 2', 'CUST:1 State 0 → 1'],
    without: ['the splitting of claims'],
    breaks: { kind: 'delayed' },
  },
  {
    name: 'no-splitting-of-marks',
    about: 'the mark of a row is refused, and with it those of all others in the statement',
    scenario: scenarioOf([trouble('success refused', forEver), threeRows]),
    moments: ['decides CUST:1', 'CUST:3 State 1 → 2', 'CUST:1 State 1 → 2'],
    without: ['the splitting of marks'],
    breaks: { kind: 'delayed' },
  },
  {
    name: 'no-splitting-of-applies',
    about: 'the store refuses the decision of a row, and with it those of all others in the transaction',
    scenario: scenarioOf([trouble('decision refused', forEver), threeRows]),
    moments: ['rowErrored', 'CUST:3 State 1 → 2', 'CUST:1 State 1 →'],
    without: ['the splitting of applies'],
    breaks: { kind: 'delayed' },
  },
  {
    name: 'claim-past-refused',
    scenario: scenarioOf([trouble('claim swallowed', 3000), threeRows]),
    moments: ['ACCOUNT:2 State 0 → 1', 'worker 1: rowsDeferred', 'CUST:1 State 0 → 1', 'decides CUST:1'],
    without: ['the end of the batch at a row of the customer that is not in State 1'],
    breaks: { kind: 'order' },
  },
  {
    name: 'marks-past-refused',
    scenario: scenarioOf([trouble('success refused', 3000), threeRows]),
    moments: [
      'decides CUST:1',
      'decides ACCOUNT:2',
      'worker 1: rowsDeferred',
      'CUST:1 State 1 → 2',
      'ACCOUNT:2 State 1 → 2',
    ],
    without: ['the end of a customer’s marks at a refused one'],
    breaks: { kind: 'mark order' },
  },
  {
    name: 'marks-past-locked',
    about: 'somebody has locked a row, and the mark of a later one of its customer lands',
    scenario: scenarioOf([
      threeRows,
      upon('commit', {
        atMs: 0,
        kind: 'trouble',
        trouble: 'row locked',
        of: 'rows there are',
        rows: 1,
        pick: 0,
        forMs: 3000,
      }),
    ]),
    moments: [
      'row locked: CUST:1 begins',
      'CUST:3 State 1 → 2',
      'CUST:1 State 1 → 2',
      'ACCOUNT:2 State 1 → 2',
    ],
    without: ['the marks behind a locked row that are held back'],
    breaks: { kind: 'mark order' },
  },
  {
    name: 'marks-by-table',
    scenario: scenarioOf([write(1000, open('1')), write(2000, bind('2'), change('3'))]),
    moments: ['decides ACCOUNT:2', 'decides CUST:3', 'ACCOUNT:2 State 1 → 2'],
    without: ['marks land together'],
    breaks: { kind: 'mark order' },
  },
];

/** Customers that are refused, row after row, before others that are not. */
const [refusedCustomers, otherCustomers] = [70, 40];

/** So many opens of a customer each. */
const opens = Array.from({ length: refusedCustomers + otherCustomers }, (_, index) =>
  open(String(index + 1), String(3000 + index)),
);

/** Row after row is refused, and it is not the database's fault. */
const manyRefused: Counterexample = {
  name: 'breaker-without-others',
  about: 'row after row is refused, and those behind them wait until the breaker closes',
  scenario: scenarioOf([trouble('claim refused', forEver, refusedCustomers), write(2000, ...opens)], {
    settings: { batchSize: opens.length },
  }),
  moments: ['claim refused: CUST:70 begins', 'CUST:110 State 1 → 2', 'CUST:70 State 0 → 1'],
  without: ['the customers that are tried before the breaker opens'],
  breaks: { kind: 'delayed' },
};

const deferrals: readonly Counterexample[] = [
  {
    name: 'no-deferral',
    scenario: scenarioOf([trouble('claim refused', forEver), threeRows], { settings: { batchSize: 1 } }),
    moments: ['claim refused: CUST:1 begins', 'worker 1: rowsDeferred', 'CUST:3 State 1 → 2'],
    without: ['the customer that is left out of the polls'],
    breaks: { kind: 'delayed' },
  },
  {
    name: 'deferral-never-due',
    scenario: scenarioOf([trouble('claim refused', 1000), threeRows]),
    moments: ['worker 1: rowsDeferred', 'CUST:1 State 1 → 2'],
    without: ['the end of a deferral'],
    breaks: { kind: 'lost' },
  },
  {
    name: 'deferral-in-memory',
    scenario: scenarioOf([
      trouble('claim refused', 1000),
      threeRows,
      { atMs: 2500, kind: 'kill', pick: 0, forMs: 500 },
    ]),
    moments: ['worker 1: rowsDeferred', 'worker 1: is killed', 'CUST:1 State 1 → 2'],
    without: ['the end of a deferral that another process wrote'],
    breaks: { kind: 'lost' },
  },
];

const supersededAttempts: readonly Counterexample[] = [
  {
    name: 'superseded-skipped',
    scenario: restored,
    moments: answered,
    without: ['the answer to a row in State 1 with a superseded attempt'],
    breaks: { kind: 'lost' },
  },
  {
    name: 'superseded-decided',
    scenario: restored,
    moments: answered,
    without: ['the answer to a superseded attempt'],
    breaks: { kind: 'lost' },
  },
  {
    name: 'superseded-decided-no-key',
    scenario: restored,
    moments: answered,
    without: ['the answer to a superseded attempt', 'journal key'],
    breaksWithOne: true,
    breaks: { kind: 'twice' },
  },
];

const retries: readonly Counterexample[] = [
  {
    name: 'poison-in-memory',
    scenario: scenarioOf([
      write(2000, { ...open('1'), mark: 'exit', content: { ...open('1').content, custName: 'POISON-EXIT' } }),
    ]),
    moments: ['is killed', 'is killed', 'decides CUST:1'],
    without: ['the note of a trial'],
    breaks: { kind: 'lost' },
  },
  {
    name: 'poison-kept',
    // A process ends after the claim; the next two meet an outage when they retry the row, and end somewhat later.
    scenario: scenarioOf([
      write(2000, open('1')),
      upon('claim', { atMs: 0, kind: 'kill', pick: 0, forMs: 100 }),
      ...[0, 1].flatMap((skip) => [
        ambush('fence', { what: 'answer lost', forMs: 0 }, { worker: skip + 2 }),
        upon('fence', { atMs: 120, kind: 'kill', pick: 0, forMs: 100 }, { worker: skip + 2 }),
      ]),
    ]),
    moments: [
      'worker 1: is killed',
      'worker 2: outage',
      'worker 2: is killed',
      'worker 3: outage',
      'worker 3: is killed',
      'applied',
    ],
    without: ['the note that is taken back where the process lives on'],
    breaks: { row: 'CUST:1 State 1 → 3' },
  },
];

/** Of refused and locked rows, deferrals, old attempts, and rows that end processes. */
export const oneCustomerCounterexamples: readonly Counterexample[] = [
  ...stages,
  manyRefused,
  ...deferrals,
  ...supersededAttempts,
  ...retries,
];
