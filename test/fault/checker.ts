import { casesOf, historyOf, type Case, type Violation } from './checker-case.js';
import { CheckerModel, keyOf, type Judgement } from './checker-model.js';
import {
  checkAnswers,
  checkAppliedOnce,
  checkFence,
  checkNothingLost,
  checkNothingTwice,
  checkStates,
  shardOf,
} from './checker-tables.js';
import {
  afterTroubleMs,
  checkDelays,
  checkMarkOrder,
  checkRefusals,
  recoveryMs,
  wasRefusedByStore,
} from './checker-troubles.js';
import { grouped, rowName, type Content, type Observations, type PlatformRow } from './observations.js';

export type { Violation } from './checker-case.js';

/*
 * What must hold after any run, after docs/architecture.md and docs/operations-table.md; written without the code it
 * judges. Workers' decisions are replayed in the order in which they were recorded.
 */

/** Between the poll that returned a row and its claim, with calls that are delayed and processes that are stopped. */
const pollToClaimMs = 8000;

interface Judged extends Case {
  readonly content: Content;
  readonly judgement: Judgement;
}

/** Everything that must not be. */
export function check(observations: Observations): Violation[] {
  const { cases, violations } = casesOf(observations);
  const complain = (kind: Violation['kind'], about: string, what: string): void => {
    violations.push({ kind, about, what });
  };
  checkNothingLost(observations, complain);
  checkNothingTwice(observations, complain);
  checkAppliedOnce(cases, complain);
  checkAnswers(observations, complain);
  checkStates(observations, complain);
  checkFence(observations, cases, complain);
  checkRefusals(observations, complain);
  checkMarkOrder(observations, cases, complain);
  checkDelays(observations, complain);
  const judged = replay(observations, cases, complain);
  for (const [, ofCustomer] of grouped(judged, ({ content }) => content.custId ?? ''))
    checkOrder(observations, ofCustomer, complain);
  return violations;
}

/** Violations with the history of their rows; the first ones only. */
export function report(observations: Observations, violations: readonly Violation[], most = 10): string {
  const texts = violations
    .slice(0, most)
    .map(({ kind, about, what }) => `- ${kind}: ${about}: ${what}\n${historyOf(observations, about)}`);
  return `${violations.length} violations\n${texts.join('\n')}`;
}

type Complain = (kind: Violation['kind'], about: string, what: string) => void;

function replay(observations: Observations, cases: readonly Case[], complain: Complain): Judged[] {
  const model = new CheckerModel(observations.settings.rules);
  const judged: Judged[] = [];
  for (const each of cases) {
    const content = each.row.versions[each.version];
    if (content === undefined) throw new Error(`${rowName(each.row)} has no version ${each.version}`);
    const judgement = model.judge(each.row, content, each.decision.outcome === 'applied');
    judged.push({ ...each, content, judgement });
    checkCode(observations, { ...each, content, judgement }, complain);
  }
  const expected = new Map(model.stored().map((thing) => [thing.key, JSON.stringify(thing)]));
  const present = new Map(observations.stored.map((thing) => [thing.key, sortedJson(thing)]));
  for (const key of new Set([...expected.keys(), ...present.keys()])) {
    const [should, is] = [expected.get(key), present.get(key)];
    if (sortedJson(should === undefined ? undefined : JSON.parse(should)) !== is)
      complain('store', key, `it must be ${should ?? 'absent'}, and is ${is ?? 'absent'}`);
  }
  return judged;
}

function sortedJson(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function checkCode(observations: Observations, judged: Judged, complain: Complain): void {
  const { row, version, decision, judgement } = judged;
  const name = rowName(row);
  const { settings, poisonCalls } = observations;
  if (decision.code === '00205' && wasRefusedByStore(observations, row, decision.at)) return;
  if (version === 0 && row.formCode !== null && decision.code !== row.formCode)
    complain(
      'code',
      name,
      `the platform expects ${row.formCode}, the journal says ${decision.code ?? 'applied'}`,
    );
  const { dependencyGraceMs } = settings;
  const waitsUntil = (row.createdAt ?? 0) + dependencyGraceMs;
  if (judgement.missing && dependencyGraceMs > 0 && waitsUntil > decision.decidedAt)
    complain('impatient', name, 'it was refused before its time of waiting had passed');
  const allowed = allowedCodes(row, judged.content, judgement);
  if (decision.code === '00205') {
    if (!allowed.includes('00205')) complain('innocent', name, 'it was refused with 00205');
    const calls = poisonCalls.get(name) ?? 0;
    const most = row.mark === 'exit' ? settings.maxAttempts + 3 : Infinity;
    const least = row.mark === 'exit' ? 1 : settings.maxAttempts;
    if (calls < least || calls > most) complain('poison', name, `its handler was called ${calls} times`);
  } else if (!allowed.includes(decision.code)) {
    const should = allowed.map((code) => code ?? 'applied').join(' or ');
    complain('code', name, `it must be ${should}, the journal says ${decision.code ?? 'applied'}`);
  }
}

/** What may become of a row that the model judges so: handlers are asked about what would take effect. */
function allowedCodes(row: PlatformRow, content: Content, { code }: Judgement): (string | null)[] {
  if (row.mark === 'exit') return ['00205', ...(code === null ? [] : [code])];
  // What it threw before counts, also where it would be refused by now.
  if (row.mark === 'throw') return ['00205', ...(code === null ? [] : [code])];
  if (code !== null) return [code];
  const isMarked = [content.custName, content.accName].some((name) => name?.includes('REFUSE') === true);
  return [isMarked ? '00003' : null];
}

/** Decisions of one customer in the order in which they were made: in row order, but for late rows, resets and waiting. */
function checkOrder(observations: Observations, decided: readonly Judged[], complain: Complain): void {
  decided.forEach((early, index) => {
    const overtaken = decided
      .slice(index + 1)
      .filter((late) => rowName(late.row) !== rowName(early.row) && isBefore(late.row, early.row));
    const wrong = overtaken.filter(
      (late) =>
        (late.onTime && !isAtOnce(early)) ||
        late.visibleAt + (isAtOnce(early) ? observations.settings.settleMs : 0) <=
          early.claimedAt - pollToClaimMs,
    );
    const waiting = overtaken.filter((late) => waitsFor(observations, late, early, decided));
    for (const late of wrong) {
      if (waiting.some(({ row }) => row === late.row || isBefore(row, late.row))) continue;
      const what = `decided before ${rowName(late.row)} (${late.row.createDate ?? 'NULL'}), which stands before it`;
      complain('order', rowName(early.row), what);
      complain('order', rowName(late.row), `decided after ${rowName(early.row)}, which stands behind it`);
    }
  });
}

/** A row that was written in State 1 is taken over at once, without waiting for rows that may come before it. */
function isAtOnce({ row, version }: Judged): boolean {
  return row.planted?.state === 1 && version === 0;
}

/** Whether a row may have waited for this very open or bind. `decided`: all of the customer. */
function waitsFor(
  observations: Observations,
  waiting: Judged,
  awaited: Judged,
  decided: readonly Judged[],
): boolean {
  const { content } = waiting;
  const { dependencyGraceMs } = observations.settings;
  const mayWait =
    lastFirstSight(observations, waiting, awaited, decided) + dependencyGraceMs >
    awaited.claimedAt - pollToClaimMs;
  if (!mayWait || keyOf(content) !== keyOf(awaited.content)) return false;
  const { opFlag } = awaited.content;
  if (opFlag === '0101') {
    const needs = ['0102', '0103', '0201', '0202', '0203'].includes(content.opFlag ?? '');
    return awaited.row.source === 'CUST' && needs && !awaited.judgement.productSeen;
  }
  const needs = ['0202', '0203'].includes(content.opFlag ?? '') && content.userId === awaited.content.userId;
  return opFlag === '0201' && awaited.row.source === 'ACCOUNT' && needs && !awaited.judgement.userSeen;
}

/**
 * The last moment at which the process that claimed the awaited row may have seen the waiting one for the first time: when
 * it was visible, the process held the shard, no fault kept it from polling, nothing was wrong with a row of the customer,
 * which would be deferred, and no earlier row of it was in hand, or waited itself.
 */
function lastFirstSight(
  observations: Observations,
  { row, content, visibleAt }: Judged,
  awaited: Judged,
  decided: readonly Judged[],
): number {
  const shard = shardOf(content.custId, observations.settings.shards);
  const taken = observations.leases.findLast((lease) => {
    return lease.shard === shard && lease.owner !== null && lease.at <= awaited.claimedAt;
  });
  const troubled = observations.troubles
    .filter(({ custId, begun }) => custId === content.custId && begun <= awaited.claimedAt)
    .map(({ over }) => over + afterTroubleMs);
  const disturbed = observations.disturbances
    .filter(({ from }) => from <= awaited.claimedAt)
    .map(({ until }) => until + recoveryMs);
  const behind = decided
    .filter((earlier) => isBefore(earlier.row, row) && earlier.decision.at <= awaited.claimedAt)
    .map(({ decision }) => decision.at);
  return Math.max(row.createdAt ?? 0, visibleAt, taken?.at ?? 0, ...troubled, ...disturbed, ...behind);
}

function isBefore(a: PlatformRow, b: PlatformRow): boolean {
  const [dateA, dateB] = [a.createDate ?? '', b.createDate ?? ''];
  if (dateA !== dateB) return dateA < dateB;
  const [noA, noB] = [BigInt(a.streamingNo), BigInt(b.streamingNo)];
  return noA === noB ? a.source === 'CUST' && b.source === 'ACCOUNT' : noA < noB;
}
