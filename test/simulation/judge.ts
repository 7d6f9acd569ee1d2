import { check, report, type Violation } from '../fault/checker.js';
import { grouped, rowName } from '../fault/observations.js';
import type { Loss, Outcome } from './world.js';

/*
 * Whether a simulation kept the promises. A history without a loss is judged by the fault suite's checker, which knows
 * nothing of the code it judges. Once the store has lost commits only one thing counts: it does not go unnoticed.
 */

/** What was broken. */
export interface Judgement {
  /** Kinds of violations, each once, sorted; empty where every promise was kept. */
  readonly kinds: readonly string[];
  /** In words, with the history of the rows. */
  readonly text: string;
}

/** Judges a simulation. */
export function judge(outcome: Outcome): Judgement {
  const failures = outcome.failures.map((what) => ({ kind: 'process', what }));
  const found = outcome.loss === null ? violationsOf(outcome) : [];
  const losses = lossesUnnoticed(outcome);
  const kinds = new Set([...failures, ...losses, ...found].map(({ kind }) => kind));
  const texts = [...failures, ...losses].map(({ kind, what }) => `- ${kind}: ${what}`);
  if (found.length > 0) texts.push(report(outcome.observations, found));
  return { kinds: [...kinds].sort(), text: texts.join('\n') };
}

/**
 * What the checker says, but for a known limit: a good row is refused where processes are killed as often as a row is tried,
 * and each time while they try this one.
 */
function violationsOf({ observations, killedTrials }: Outcome): readonly Violation[] {
  const { maxAttempts } = observations.settings;
  const isLimit = ({ kind, about }: Violation): boolean =>
    (kind === 'innocent' || kind === 'poison') && (killedTrials.get(about) ?? 0) >= maxAttempts;
  return check(observations).filter((violation) => !isLimit(violation));
}

/**
 * P13: rows in State 2 whose effect is gone raise an alarm, and no row of their customers is decided by a worker that lost
 * commits of its own, or that could see one of them finished when it polled. A mark that lands later shows itself only then.
 */
function lossesUnnoticed(outcome: Outcome): { readonly kind: string; readonly what: string }[] {
  const { loss } = outcome;
  if (loss === null) return [];
  const gone = goneRows(outcome, loss);
  if (gone.length === 0) return [];
  const names = gone.map(({ name }) => name).join(', ');
  const losers = new Set(loss.decisions.map(({ worker }) => worker));
  const custIds = custIdsOf(outcome);
  const found = outcome.observations.decisions
    .filter((decision) => {
      if (decision.at < loss.at) return false;
      const own = custIds.get(rowName(decision)) ?? [];
      const ofCustomer = gone.filter((row) => row.custIds.some((custId) => own.includes(custId)));
      if (losers.has(decision.worker)) return ofCustomer.length > 0;
      const polledAt = lastPoll(outcome, decision);
      return ofCustomer.some(({ markedAt }) => markedAt <= polledAt);
    })
    .map((decision) => ({
      kind: 'decided on a loss',
      what: `${rowName(decision)} was decided after the store had lost ${names}`,
    }));
  if (loss.isAlarmOpen) return found;
  return [
    ...found,
    { kind: 'loss unnoticed', what: `${names} in State 2, gone from the store, and no alarm` },
  ];
}

/** A row in State 2 whose effect the store has lost. */
interface GoneRow {
  readonly name: string;
  readonly custIds: readonly (string | null)[];
  readonly markedAt: number;
}

function goneRows(outcome: Outcome, loss: Loss): readonly GoneRow[] {
  const { finalRows, journal, changes } = outcome.observations;
  const applied = new Set(
    journal.filter(({ superseded, outcome: what }) => !superseded && what === 'applied').map(rowName),
  );
  const finished = new Set(finalRows.filter(({ state }) => state === 2).map(rowName));
  const lost = loss.decisions.filter((decision) => decision.outcome === 'applied').map(rowName);
  const custIds = custIdsOf(outcome);
  const marks = grouped(
    changes.filter(({ to }) => to === 2),
    rowName,
  );
  return [...new Set(lost)]
    .filter((name) => finished.has(name) && !applied.has(name))
    .map((name) => {
      return { name, custIds: custIds.get(name) ?? [], markedAt: marks.get(name)?.at(-1)?.at ?? 0 };
    });
}

function custIdsOf({ observations }: Outcome): ReadonlyMap<string, readonly (string | null)[]> {
  return new Map(observations.rows.map((row) => [rowName(row), row.versions.map(({ custId }) => custId)]));
}

/** When the worker polled last before a decision: worker 3-1 polls as bnet-sync worker 3. */
function lastPoll(
  { polls }: Outcome,
  { worker, at }: { readonly worker: string; readonly at: number },
): number {
  const times = polls.get(`bnet-sync ${worker.replace(/-\d+$/, '')}`) ?? [];
  return times.findLast((time) => time <= at) ?? -Infinity;
}
