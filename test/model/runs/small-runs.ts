import { exploreLockOrder, type Transaction } from '../small/lock-order.js';
import { explorePoisonRow, type PoisonSettings } from '../small/poison-row.js';
import { explorePoll, usualPoll, type PolledRow, type PollSettings } from '../small/poll.js';
import type { Run } from '../run.js';

type Small = Pick<Run, 'name' | 'about' | 'expected'>;

function pollRun(run: Small, rows: readonly PolledRow[], settings: Partial<PollSettings>): Run {
  const explore = () => explorePoll({ ...usualPoll, rows, ...settings });
  return { ...run, when: 'short', bounds: `${rows.length} rows, a clock`, model: { explore } };
}

function poisonRun(run: Small, settings: Partial<PoisonSettings>): Run {
  const all = {
    counted: 'alone',
    fewestFirst: true,
    takenBack: true,
    crashes: 0,
    outages: 0,
    ...settings,
  } as const;
  const bounds = `3 rows, crashes ${all.crashes}, outages ${all.outages}`;
  return { ...run, when: 'short', bounds, model: { explore: () => explorePoisonRow(all) } };
}

function lockRun(run: Small, transactions: readonly Transaction[]): Run {
  const bounds = `${transactions.length} transactions`;
  return { ...run, when: 'short', bounds, model: { explore: () => exploreLockOrder(transactions) } };
}

const open = { table: 'CUST', customer: 'x', kind: 'open' } as const;
const bind = { table: 'ACCOUNT', customer: 'x', kind: 'bind' } as const;
const openThenBind: PolledRow[] = [
  { ...open, createDate: 1 },
  { ...bind, createDate: 2 },
];
const fourRows: PolledRow[] = [
  { ...open, createDate: 1 },
  { ...bind, createDate: 1 },
  { ...open, createDate: 2 },
  { ...bind, createDate: 2 },
];
const threeOfOneSecond: PolledRow[] = [
  { ...open, table: 'ACCOUNT', createDate: 0 },
  { ...bind, createDate: 0 },
  { ...open, createDate: 0 },
];
/** In the same second, and the bind has the smaller StreamingNo. */
const bindFirst: PolledRow[] = [
  { ...bind, createDate: 1 },
  { ...open, createDate: 1 },
];
const waitingFillThePage: PolledRow[] = [
  { ...bind, createDate: 1 },
  { ...bind, createDate: 1 },
  { ...open, table: 'ACCOUNT', customer: 'y', createDate: 2 },
  { ...open, createDate: 3 },
];

/** The bind's transaction commits first. */
const bindThenOpen: PolledRow[] = [
  { ...bind, createDate: 1 },
  { ...open, createDate: 3 },
];
const behind = { clockBehind: 5, end: 14, openOvertakes: true };

const settling = { grace: 0, end: 7 };
const waits = { page: 2, grace: 6, end: 12, openOvertakes: true };

const pollRuns: readonly Run[] = [
  pollRun({ name: 'poll', about: 'one statement over both tables', expected: [] }, fourRows, {
    ...settling,
    page: 1,
  }),
  pollRun({ name: 'poll-two-statements', about: 'two statements with one cutoff', expected: [] }, fourRows, {
    ...settling,
    page: 1,
    statements: 'two',
    countsFrom: 'CreateDate',
  }),
  pollRun(
    { name: 'poll-two-cutoffs', about: 'two statements, each with its own cutoff', expected: ['ORDER'] },
    openThenBind,
    { ...settling, statements: 'two, each with its cutoff', countsFrom: 'CreateDate' },
  ),
  pollRun(
    { name: 'poll-cut', about: 'rows behind a full page of either table are left', expected: [] },
    threeOfOneSecond,
    { page: 1, grace: 0, end: 4 },
  ),
  pollRun(
    { name: 'poll-no-cut', about: 'rows behind a full page of either table are taken', expected: ['ORDER'] },
    threeOfOneSecond,
    { page: 1, grace: 0, end: 4, watermark: false },
  ),
  pollRun(
    { name: 'poll-overtaking', about: 'an open overtakes the bind that waits for it', expected: [] },
    bindFirst,
    {
      grace: 5,
      openOvertakes: true,
    },
  ),
  pollRun(
    { name: 'poll-no-overtaking', about: 'nothing overtakes a bind that waits', expected: ['REFUSED 00402'] },
    bindFirst,
    { grace: 5 },
  ),
  pollRun(
    {
      name: 'poll-clock-behind',
      about: 'CreateDates by a clock that is behind; the worker starts again once',
      expected: [],
    },
    openThenBind,
    { ...behind, restarts: 1 },
  ),
  pollRun(
    {
      name: 'poll-clock-behind-by-date',
      about: 'CreateDates by a clock that is behind, and settling counts from them',
      expected: ['ORDER'],
    },
    openThenBind,
    { ...behind, countsFrom: 'CreateDate' },
  ),
  pollRun(
    { name: 'poll-grace-behind', about: 'a bind waits from the first sight of it', expected: [] },
    bindThenOpen,
    { ...behind, restarts: 1 },
  ),
  pollRun(
    {
      name: 'poll-grace-behind-by-date',
      about: 'CreateDates by a clock that is behind, and a bind waits from its own',
      expected: ['TOO EARLY'],
    },
    bindThenOpen,
    { ...behind, countsFrom: 'CreateDate' },
  ),
  pollRun(
    { name: 'poll-waiting', about: 'customers that wait do not count against the page', expected: [] },
    waitingFillThePage,
    { ...waits, waitingAside: true },
  ),
  pollRun(
    {
      name: 'poll-waiting-counts',
      about: 'customers that wait fill the page',
      expected: ['STARVED', 'REFUSED 00402'],
    },
    waitingFillThePage,
    waits,
  ),
];

const poisonRuns: readonly Run[] = [
  poisonRun(
    {
      name: 'poison-row',
      about: 'tried alone, fewest tries first, taken back if the process survives',
      expected: [],
    },
    { crashes: 2, outages: 3 },
  ),
  poisonRun(
    { name: 'poison-in-memory', about: 'tries are counted in the process', expected: ['OTHERS BLOCKED'] },
    { counted: 'in memory' },
  ),
  poisonRun(
    { name: 'poison-batch', about: 'tries are counted for all of a batch', expected: ['OTHERS BLOCKED'] },
    { counted: 'for the batch' },
  ),
  poisonRun(
    { name: 'poison-key-order', about: 'tried alone, in the order of keys', expected: ['OTHERS BLOCKED'] },
    { fewestFirst: false },
  ),
  poisonRun(
    {
      name: 'poison-kept',
      about: 'a try counts although the process survived it',
      expected: ['OTHERS BLOCKED', 'INNOCENT'],
    },
    { takenBack: false, outages: 3 },
  ),
  poisonRun(
    {
      name: 'poison-limit',
      about: 'a known limit: as many unlucky ends of the process as there are tries',
      expected: ['INNOCENT'],
    },
    { crashes: 4 },
  ),
];

const lockRuns: readonly Run[] = [
  lockRun(
    { name: 'locks', about: 'apply in shard order; renewal and taking skip locked leases', expected: [] },
    [
      { name: 'apply', locks: ['lease 0', 'lease 1'] },
      { name: 'another apply', locks: ['lease 0', 'lease 1'] },
      { name: 'renewal', locks: ['lease 1', 'lease 0'], skipsLocked: true },
      { name: 'taking', locks: ['lease 1', 'lease 0'], skipsLocked: true },
    ],
  ),
  lockRun(
    {
      name: 'locks-journal',
      about: 'leases before journal and customers; purging locks the journal only',
      expected: [],
    },
    [
      { name: 'apply', locks: ['lease 0', 'journal', 'customers'] },
      { name: 'taking', locks: ['lease 0'] },
      { name: 'purge', locks: ['journal'] },
    ],
  ),
  lockRun(
    { name: 'locks-row-order', about: 'apply locks leases in the order of its rows', expected: ['STUCK'] },
    [
      { name: 'apply', locks: ['lease 1', 'lease 0'] },
      { name: 'renewal', locks: ['lease 0', 'lease 1'] },
    ],
  ),
  lockRun(
    { name: 'locks-two-lanes', about: 'two lanes lock in the order of their rows', expected: ['STUCK'] },
    [
      { name: 'apply', locks: ['lease 0', 'lease 1'] },
      { name: 'another apply', locks: ['lease 1', 'lease 0'] },
    ],
  ),
];

export const smallRuns: readonly Run[] = [...pollRuns, ...poisonRuns, ...lockRuns];
