import type { Case, Violation } from './checker-case.js';
import { standardTexts } from './checker-model.js';
import {
  grouped,
  rowName,
  type Disturbance,
  type Observations,
  type PlatformRow,
  type StateChange,
  type Table,
  type Trouble,
  type TroubleKind,
} from './observations.js';

/* What is wrong with a row delays the rows of its own customer only, and no longer than it lasts (P12). */

type Complain = (kind: Violation['kind'], about: string, what: string) => void;

/** A row of a customer without trouble ends within this time, faults and open breakers not counted. */
const othersWithinMs = 45_000;

/** A row of a customer whose trouble is over: a row is deferred for 45 seconds at most, and then has to come. */
export const afterTroubleMs = 60_000;

/** The longest back-off of a worker after an outage: that long a fault may be felt. */
export const recoveryMs = 10_000;

/** So much of a row's time may be that of open breakers: more than that is a delay itself. */
const breakersMs = 30_000;

/** After so long, once all faults have ended, a row that is open is late whatever happened. */
export const longestWaitMs = othersWithinMs + recoveryMs + breakersMs + 5000;

/** The name of disturbances that are breakers. */
export const breakerOpen = 'a breaker is open';

/** How far what a trigger wrote may lie from the commit that it belongs to: a transaction may last. */
const slackMs: Readonly<Partial<Record<TroubleKind, number>>> = {
  'claim refused at commit': 10_000,
  'success refused at commit': 10_000,
  'failure refused at commit': 10_000,
};
const usualSlackMs = 2000;

/** For so long a worker remembers how short a text had to be. */
const rememberedMs = 10 * 60_000;

/** A refusal says nothing of its reason: shorter texts are tried, and the one that comes when it is over goes through. */
const refusesFailures: ReadonlySet<TroubleKind> = new Set(['failure refused', 'mark refused']);

/** From the moment at which a row could be claimed to its end. */
interface Life {
  readonly row: PlatformRow;
  readonly from: number;
  readonly until: number;
}

/** Every time that a row was open until a worker ended it. */
function livesOf(observations: Observations): Life[] {
  const changes = grouped(observations.changes, rowName);
  return observations.rows.flatMap((row) => {
    const lives: Life[] = [];
    const visibleAt = Math.max(row.committedAt, (row.createdAt ?? 0) + observations.settings.settleMs);
    let from: number | null = visibleAt;
    for (const { from: before, to, at } of changes.get(rowName(row)) ?? []) {
      if (before !== null && before > 1 && to === 0) from = at;
      if (from === null || before === null || to < 2) continue;
      lives.push({ row, from, until: at });
      from = null;
    }
    return lives;
  });
}

/** Times of customers, by CustID. */
function troublesByCustomer(
  observations: Observations,
): ReadonlyMap<string, readonly { begun: number; over: number }[]> {
  const ofRows = observations.troubles.filter(({ streamingNo }) => streamingNo !== null);
  // A row that ends a process, or fails whenever it is tried, keeps its customer waiting for its own reason.
  const lives = livesOf(observations).filter(({ row }) => row.mark === 'throw' || row.mark === 'exit');
  const ofPoison = lives.flatMap(({ row, from, until }) =>
    customersOf(row).map((custId) => ({ custId, begun: from, over: until })),
  );
  const all = [
    ...ofRows.map(({ custId, begun, over }) => ({ custId: custId ?? '', begun, over })),
    ...ofPoison,
  ];
  return grouped(all, ({ custId }) => custId);
}

function customersOf({ versions }: PlatformRow): string[] {
  return [...new Set(versions.map(({ custId }) => custId ?? ''))];
}

/** How late a row was: `undisturbedMs` after it could be claimed, or after the last trouble of its customer. */
interface Delay {
  readonly row: PlatformRow;
  readonly hadTrouble: boolean;
  readonly undisturbedMs: number;
}

function delaysOf(observations: Observations): Delay[] {
  const troubles = troublesByCustomer(observations);
  const faults = merged(
    observations.disturbances
      .filter(({ what }) => what !== breakerOpen)
      .map((each) => ({ ...each, until: each.until + recoveryMs })),
  );
  const breakers = merged(observations.disturbances.filter(({ what }) => what === breakerOpen));
  const waits = grouped(observations.waits ?? [], ({ custId }) => custId);
  return livesOf(observations).flatMap(({ row, from: visibleAt, until }) => {
    const own = customersOf(row).flatMap((custId) => troubles.get(custId) ?? []);
    const before = own.filter(({ begun }) => begun <= until);
    // It ended in spite of what was wrong.
    if (before.some(({ over }) => over > until)) return [];
    const from = Math.max(visibleAt, ...before.map(({ over }) => over));
    // A trouble that was over before does no harm to a row that came later, once nothing is deferred for it any more.
    const hadTrouble = before.some(({ over }) => over + afterTroubleMs > visibleAt);
    const byFaults = overlap(faults, from, until);
    const byBreakers = Math.min(overlap(breakers, from, until), breakersMs);
    const ofCustomers = merged(customersOf(row).flatMap((custId) => waits.get(custId) ?? []));
    const byWaits = overlap(ofCustomers, from, until);
    return [{ row, hadTrouble, undisturbedMs: until - from - byFaults - byBreakers - byWaits }];
  });
}

/** Rows of customers without trouble end soon, and those of the others once it is over. */
export function checkDelays(observations: Observations, complain: Complain): void {
  const { slowestClock = 1 } = observations.settings;
  for (const { row, hadTrouble, undisturbedMs } of delaysOf(observations)) {
    const countedMs = undisturbedMs * slowestClock;
    const seconds = Math.round(undisturbedMs / 1000);
    if (!hadTrouble && countedMs > othersWithinMs)
      complain(
        'delayed',
        rowName(row),
        `nothing was wrong with its customer, and it ended after ${seconds} s`,
      );
    if (hadTrouble && countedMs > afterTroubleMs)
      complain('overdue', rowName(row), `it ended ${seconds} s after the trouble of its customer`);
  }
}

/** In words, the longest delays. */
export function slowest(observations: Observations): string {
  const delays = delaysOf(observations);
  const longest = (hadTrouble: boolean) =>
    Math.max(
      0,
      ...delays.filter((delay) => delay.hadTrouble === hadTrouble).map((delay) => delay.undisturbedMs),
    );
  return `others within ${Math.round(longest(false))} ms, after a trouble within ${Math.round(longest(true))} ms`;
}

const claimKinds: readonly TroubleKind[] = [
  'claim refused',
  'claim refused at commit',
  'claim swallowed',
  'claim set back',
  'row locked',
  'attribute row locked',
];

/** What a trouble forbids a worker's change to lead to. */
function forbidden(kind: TroubleKind): readonly number[] {
  if (kind === 'row locked' || kind === 'attribute row locked') return [1, 2, 3];
  if (claimKinds.includes(kind)) return [1];
  return kind === 'ErrContent too narrow' || isOfStore(kind) ? [] : [2, 3];
}

/** A refused claim leaves State 0, a refused mark State 1: no worker gets round it by another State. */
export function checkRefusals(observations: Observations, complain: Complain): void {
  const changes = grouped(observations.changes, rowName);
  const decisions = grouped(observations.decisions, rowName);
  for (const trouble of observations.troubles) {
    const { kind, source, streamingNo } = trouble;
    if (streamingNo === null) continue;
    const name = rowName({ source, streamingNo });
    const own = changes.get(name) ?? [];
    const later = own.filter(
      (change) => isCertain(trouble, change.at) && change.actor.startsWith('bnet-sync'),
    );
    for (const change of later.filter(({ from, to }) => from !== to && forbidden(kind).includes(to))) {
      const { from, to, dateBefore } = change;
      const decision = (decisions.get(name) ?? []).find(({ attempt }) => attempt === dateBefore);
      const isRefused = to === 1 || matters(kind, decision?.outcome ?? null);
      if (isRefused) complain('refusal', name, `State ${from ?? 'none'} → ${to}, while there was ${kind}`);
    }
  }
}

/** Whether a trouble of marks is one of rows with this outcome. */
function matters(kind: TroubleKind, outcome: 'applied' | 'failed' | null): boolean {
  if (kind.startsWith('success')) return outcome === 'applied';
  if (kind.startsWith('failure')) return outcome === 'failed';
  return true;
}

function isCertain({ kind, from, until }: Trouble, at: number): boolean {
  const slack = slackMs[kind] ?? usualSlackMs;
  return at > from + slack && at < until - slack;
}

/** Whether a row may end in 00205 because the product store refused what it leads to, as often as that is tried. */
export function wasRefusedByStore(observations: Observations, row: PlatformRow, at: number): boolean {
  return observations.troubles.some(
    (trouble) => isOfStore(trouble.kind) && rowName(row) === nameOf(trouble) && trouble.begun <= at,
  );
}

function isOfStore(kind: TroubleKind): boolean {
  return kind === 'decision refused' || kind === 'effect refused';
}

function nameOf({ source, streamingNo }: Trouble): string {
  return rowName({ source, streamingNo: streamingNo ?? '' });
}

const undoesMarks: readonly TroubleKind[] = ['mark swallowed', 'mark undone'];

/** Whether this State may have been left as it was, or set back, by a rule of the middle database. */
export function isUndone(observations: Observations, change: StateChange): boolean {
  const undoes: readonly TroubleKind[] = change.from === 0 ? ['claim set back'] : ['mark undone'];
  return change.from === change.to && hadTrouble(observations, change, undoes);
}

function hadTrouble(
  observations: Observations,
  { source, streamingNo, at }: StateChange,
  kinds: readonly TroubleKind[],
) {
  return observations.troubles.some(
    (trouble) =>
      kinds.includes(trouble.kind) &&
      trouble.source === source &&
      trouble.streamingNo === streamingNo &&
      at >= trouble.begun - usualSlackMs &&
      at <= trouble.over + usualSlackMs,
  );
}

/** Whether a text stands for the journal's: the same, or a shorter one that begins with the code, where one had to be. */
export function answersFor(
  observations: Observations,
  mark: { readonly source: Table; readonly at: number },
  { full, written }: { readonly full: string | null; readonly written: string | null },
): boolean {
  if (full === written) return true;
  if (full === null || written === null) return false;
  const isExplained = observations.troubles.some(({ kind, source, begun, over }) => {
    const from = kind === 'ErrContent too narrow' ? begun : refusesFailures.has(kind) ? over : Infinity;
    return source === mark.source && from - usualSlackMs <= mark.at && mark.at <= over + rememberedMs;
  });
  const code = full.slice(0, 5);
  const isShorter = full.startsWith(written) || written === `${code} ${standardTexts[code] ?? '?'}`;
  return isExplained && isShorter && written.startsWith(code);
}

/**
 * Marks of one customer land in the order of its rows, or together: judged for rows that one transaction decided, where the
 * earlier one's mark was due before the later one's.
 */
export function checkMarkOrder(observations: Observations, cases: readonly Case[], complain: Complain): void {
  const marks = new Map<string, StateChange>();
  for (const change of observations.changes) {
    const key = `${rowName(change)} ${change.dateBefore ?? ''}`;
    if (change.from === 1 && change.to > 1 && !marks.has(key)) marks.set(key, change);
  }
  const decided = cases.flatMap(({ decision, row, version }) => {
    const mark = marks.get(`${rowName(decision)} ${decision.attempt}`);
    return mark === undefined ? [] : [{ decision, row, mark, custId: row.versions[version]?.custId ?? '' }];
  });
  const batches = grouped(decided, ({ decision, custId }) => `${decision.xid} ${custId}`);
  for (const [, batch] of batches) {
    const inOrder = [...batch].sort((a, b) => a.decision.seq - b.decision.seq);
    inOrder.forEach((early, index) => {
      const overtaking = inOrder
        .slice(index + 1)
        .find((late) => late.mark.seq < early.mark.seq && late.mark.xid !== early.mark.xid);
      // That a mark was undone shows when those of its statement have landed.
      const wasUndone = hadTrouble(
        observations,
        { ...early.mark, at: overtaking?.mark.at ?? 0 },
        undoesMarks,
      );
      if (overtaking !== undefined && !wasUndone)
        complain(
          'mark order',
          rowName(early.row),
          `it was marked after ${rowName(overtaking.row)}, which stands behind it`,
        );
    });
  }
}

/** Without overlaps, in order. */
function merged(times: readonly Pick<Disturbance, 'from' | 'until'>[]): { from: number; until: number }[] {
  const result: { from: number; until: number }[] = [];
  for (const { from, until } of [...times].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.until) last.until = Math.max(last.until, until);
    else result.push({ from, until });
  }
  return result;
}

function overlap(times: readonly { from: number; until: number }[], from: number, until: number): number {
  return times.reduce(
    (sum, each) => sum + Math.max(0, Math.min(each.until, until) - Math.max(each.from, from)),
    0,
  );
}
