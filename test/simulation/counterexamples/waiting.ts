import type { Counterexample } from './counterexample.js';
import { bind, open, scenarioOf, write } from './rows.js';

/* Settling, and waiting for an open or a bind: the small models of docs/protocol.md. */

/** Two binds at a time wait for their opens, which fills the batch, until the open of another customer is late. */
const starved: Counterexample = {
  name: 'poll-waiting-counts',
  scenario: scenarioOf(
    [
      write(1000, bind('1', '2001'), bind('2', '2002')),
      write(2000, open('10')),
      write(38_000, ...['3', '4'].map((no) => ({ ...bind(no, `200${no}`), ageMs: 37_500 }))),
      write(40_000, open('11', '2001'), open('12', '2002')),
      write(75_000, open('13', '2003'), open('14', '2004')),
    ],
    { settings: { batchSize: 2, dependencyGraceMs: 100_000 }, calmAtMs: 80_000 },
  ),
  moments: ['worker 1: waiting', 'CUST:10 State 1 → 2', 'ACCOUNT:3 State none → 0', 'ACCOUNT:3 State 1 → 2'],
  without: ['poll leaves out who waits'],
  breaks: { kind: 'delayed' },
};

/** Rows that the clock of CreateDate dates too early. */
const tooOld = (row: ReturnType<typeof open>) => ({ ...row, ageMs: 5000 });

/** Of rows that are young, or wait. */
export const waitingCounterexamples: readonly Counterexample[] = [
  {
    name: 'poll-no-overtaking',
    scenario: scenarioOf([write(2000, bind('1')), write(2500, open('2'))], {
      settings: { dependencyGraceMs: 2000 },
    }),
    moments: ['worker 1: waiting', 'CUST:2 State 1 → 2', 'ACCOUNT:1 State 1 → 2'],
    without: ['poll finds what is awaited'],
    breaks: { row: 'ACCOUNT:1 State 1 → 3' },
  },
  {
    name: 'poll-clock-behind-by-date',
    scenario: scenarioOf([write(2000, tooOld(bind('2'))), write(2500, tooOld(open('1')))], {
      settings: { settleMs: 1500 },
    }),
    moments: ['decides CUST:1', 'ACCOUNT:2 State 1 → 2'],
    without: ['the settling that counts from the first sight'],
    breaks: { row: 'ACCOUNT:2 State 1 → 3' },
  },
  {
    name: 'poll-grace-behind-by-date',
    scenario: scenarioOf([write(2000, tooOld(bind('1'))), write(2500, open('2'))], {
      settings: { dependencyGraceMs: 2000 },
    }),
    moments: ['worker 1: waiting', 'CUST:2 State 1 → 2', 'ACCOUNT:1 State 1 → 2'],
    without: ['the wait that counts from the first sight'],
    breaks: { row: 'ACCOUNT:1 State 1 → 3' },
  },
  starved,
];
