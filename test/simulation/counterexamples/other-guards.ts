import type { Step } from '../scenario.js';
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

/* Guards of which the model knows nothing, or knows only that they hold. */

/** ErrContent of CUST takes twelve characters. */
const narrow: Step = {
  ...{ atMs: 0, kind: 'trouble', trouble: 'ErrContent too narrow', of: 'next rows', rows: 1 },
  ...{ pick: 0.2, forMs: forEver },
};

const rows: readonly Counterexample[] = [
  {
    name: 'attribute-rows-left',
    about: 'a row is claimed and marked, and its attribute rows stay as they were',
    scenario: scenarioOf([
      write(1000, { ...open('1'), attributes: [{ attrId: '7', attrSpecId: '8', attrValue: 'x' }] }),
    ]),
    moments: ['State 1 → 2'],
    without: ['attribute rows follow'],
    breaks: { kind: 'attributes' },
  },
  {
    name: 'poll-as-inserted',
    about: 'a poll returns rows in the order in which they were inserted',
    scenario: scenarioOf([write(2000, bind('2'), open('1'))]),
    moments: ['decides CUST:1', 'decides ACCOUNT:2'],
    without: ['poll order'],
    breaks: { kind: 'order' },
  },
  {
    name: 'entries-stay-current',
    about: 'the entry of the last attempt is not closed, and the journal’s key refuses the next one for ever',
    scenario: scenarioOf([write(1000, wrong(open('1'))), upon('mark', corrected)]),
    moments: ['State 1 → 3', 'State 1 → 2'],
    without: ['supersede closes entries'],
    breaks: { kind: 'lost' },
  },
  {
    name: 'decided-row-waits',
    about:
      'a row is decided after its wait for a bind, and its process ends; the next one lets it wait again, and the bind overtakes what is between',
    scenario: scenarioOf(
      [
        write(1000, open('1')),
        write(2000, modification('2')),
        ambush('mark', { what: 'held', until: 'mark', times: 1, untilWorker: 2 }, { skip: 1 }),
        upon('commit', { atMs: 25, kind: 'kill', pick: 0, forMs: 100 }, { skip: 1 }),
        write(5000, change('3'), bind('4')),
      ],
      { settings: { dependencyGraceMs: 2000 } },
    ),
    moments: ['worker 1: waiting', 'decides ACCOUNT:2', 'is killed', 'decides CUST:3', 'decides ACCOUNT:4'],
    without: ['the decided row that waits for nothing'],
    breaks: { kind: 'order' },
  },
  {
    name: 'text-too-long',
    about: 'ErrContent takes less than the text of a refusal, which is not shortened',
    scenario: scenarioOf([narrow, write(2000, wrong(open('1')))]),
    moments: ['ErrContent too narrow: CUST:all begins', 'State 1 → 3', 'worker 1: errContentShortened'],
    without: ['the shorter texts for a narrow ErrContent'],
    breaks: { kind: 'delayed' },
  },
];

const troubles: readonly Counterexample[] = [
  {
    name: 'locked-row-stops-all',
    about:
      'somebody has locked a row, and the statement that meets it fails as if the database were out of order',
    scenario: scenarioOf([trouble('row locked', forEver), threeRows]),
    moments: ['row locked: CUST:1 begins', 'CUST:3 State 1 → 2', 'CUST:1 State 0 → 1'],
    without: ['everything that a locked row does not stop'],
    breaks: { kind: 'delayed' },
  },
  {
    name: 'customer-cut-in-two',
    about:
      'rows are halved within a customer; when a second row is refused others are tried, and the later half of the customer comes first',
    scenario: scenarioOf(
      [
        trouble('success refused', 3000, 2),
        write(2000, open('1', '3001'), open('2', '3002'), open('3'), bind('4'), open('5', '3003')),
      ],
      { settings: { breakerThreshold: 2 } },
    ),
    moments: ['success refused: CUST:2 begins', 'worker 1: rowsDeferred', 'CUST:1 State 1 → 2'],
    without: ['the halves that share no customer'],
    breaks: { kind: 'mark order' },
  },
  {
    name: 'leases-taken-early',
    about: 'two workers take the same lease from each other, and nobody takes the one that is free',
    scenario: scenarioOf(
      [...[500, 600].map((atMs): Step => ({ atMs, kind: 'start' })), write(5000, open('1', '1001'))],
      { settings: { shards: 3 } },
    ),
    moments: ['takes shard 2 (term 2)', 'decides CUST:1'],
    without: ['expired leases only are taken'],
    breaks: { kind: 'lost' },
  },
  {
    name: 'lease-of-a-clock-ahead',
    about:
      'the store’s clock is set back by an hour, and the lease of a worker that is gone does not run out for so long',
    scenario: scenarioOf([
      { atMs: 1000, kind: 'kill', pick: 0, forMs: 1000 },
      { atMs: 1500, kind: 'set clock', server: 'store', byMs: -3_600_000 },
      write(3000, open('1')),
    ]),
    moments: ['worker 1: is killed', 'sets its clock', 'takes shard 0 (term 2)', 'decides CUST:1'],
    without: ['leases too far ahead are taken'],
    breaks: { kind: 'lost' },
  },
  {
    name: 'unchanged-row-fills-batch',
    about: 'a trigger swallows the claim of a row, which is polled again and again and fills the batch',
    scenario: scenarioOf([trouble('claim swallowed', forEver), threeRows], { settings: { batchSize: 1 } }),
    moments: ['claim swallowed: CUST:1 begins', 'CUST:3 State 1 → 2', 'CUST:1 State 0 → 1'],
    without: ['the deferral of rows that do not change'],
    breaks: { kind: 'delayed' },
  },
  {
    name: 'poll-without-pause',
    about: 'a deferred row is due and does not come with the poll, for its table is paused',
    scenario: scenarioOf([
      trouble('claim refused', 500),
      threeRows,
      { atMs: 2400, kind: 'pause', pick: 0, forMs: 9000 },
    ]),
    moments: ['worker 1: rowsDeferred', 'pauses', 'resumes', 'CUST:1 State 0 → 1'],
    without: ['the pause after a poll without a row that was due'],
    breaks: { kind: 'process' },
  },
];

const losses: readonly Counterexample[] = [
  {
    name: 'no-guard',
    scenario: scenarioOf([
      write(1000, open('1')),
      { atMs: 3000, kind: 'fail over', lostMs: 2100 },
      write(5000, bind('2')),
    ]),
    moments: ['State 1 → 2', 'fails over and loses 1 decisions', 'worker 1: storeWentBack'],
    without: ['the guard of the store'],
    breaks: { kind: 'decided on a loss' },
  },
  {
    name: 'loss-found-at-the-end',
    about:
      'a worker finds a loss over the connection by which it gives its leases back, and ends without recording it',
    scenario: scenarioOf([
      write(1000, open('1')),
      { atMs: 2000, kind: 'restart', server: 'store', forMs: 1000 },
      { atMs: 2900, kind: 'fail over', lostMs: 2000 },
      { atMs: 2999, kind: 'stop', pick: 0 },
    ]),
    moments: [
      'State 1 → 2',
      'fails over and loses 1 decisions',
      'worker 1: gets SIGTERM',
      'worker 1: storeWentBack',
      'worker 1: ends',
    ],
    without: ['the loss that is recorded before the leases are given back'],
    breaks: { kind: 'process' },
  },
];

/** 用户变更, which waits for its bind. */
function modification(streamingNo: string) {
  const bound = bind(streamingNo);
  return { ...bound, content: { ...bound.content, opFlag: '0202' } };
}

/** Of rows in all stages, troubles, and losses. */
export const otherCounterexamples: readonly Counterexample[] = [...rows, ...troubles, ...losses];
