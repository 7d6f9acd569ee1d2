import { check, report, type Violation } from '../fault/checker.js';
import { grouped, rowName } from '../fault/observations.js';
import type { Outcome } from './world.js';

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

/** P13: rows in State 2 whose effect is gone raise an alarm, and none of their customers is decided on what is left. */
function lossesUnnoticed({
  observations,
  loss,
}: Outcome): { readonly kind: string; readonly what: string }[] {
  if (loss === null) return [];
  const { finalRows, journal, decisions } = observations;
  const current = grouped(
    journal.filter(({ superseded }) => !superseded),
    rowName,
  );
  const isApplied = (name: string): boolean => current.get(name)?.[0]?.outcome === 'applied';
  const states = new Map(finalRows.map((row) => [rowName(row), row.state]));
  const gone = loss.decisions.filter((decision) => {
    const name = rowName(decision);
    return decision.outcome === 'applied' && states.get(name) === 2 && !isApplied(name);
  });
  if (gone.length === 0) return [];
  const names = [...new Set(gone.map(rowName))];
  const custIds = new Map(
    observations.rows.map((row) => [rowName(row), row.versions.map(({ custId }) => custId)]),
  );
  const customers = new Set(names.flatMap((name) => custIds.get(name) ?? []));
  const decidedSince = decisions.filter(
    (decision) =>
      decision.at >= loss.at &&
      (custIds.get(rowName(decision)) ?? []).some((custId) => customers.has(custId)),
  );
  const found = decidedSince.map((decision) => ({
    kind: 'decided on a loss',
    what: `${rowName(decision)} was decided after the store had lost ${names.join(', ')}`,
  }));
  return loss.isAlarmOpen
    ? found
    : [
        ...found,
        { kind: 'loss unnoticed', what: `${names.join(', ')} in State 2, gone from the store, and no alarm` },
      ];
}
