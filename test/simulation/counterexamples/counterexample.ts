import type { TraceProgram } from '../../model/trace-program.js';
import { switchedOff } from '../ablations.js';
import { judge } from '../judge.js';
import type { Scenario } from '../scenario.js';
import { storyOf } from '../story.js';
import { checkOutcome } from '../traces/check-seeds.js';
import { World } from '../world.js';

/*
 * A counterexample of the protocol model on the real code: the shortest schedule that breaks a promise once a mechanism is
 * taken away, as a scenario. With the mechanism it breaks nothing, and its critical moment comes all the same.
 */

/** A scenario, and what it shows. */
export interface Counterexample {
  /** Its run in test/model/runs, where the model has one. */
  readonly name: string;
  /** What it shows, where the model has no run of this name. */
  readonly about?: string;
  readonly scenario: Scenario;
  /** Parts of lines of its story, in order: what must happen for the scenario to show anything. */
  readonly moments: readonly string[];
  /**
   * What is switched off, by the names of ablations.ts; nothing: a known limit. Where there are several, each of them is enough
   * to keep the promise.
   */
  readonly without: readonly string[];
  /** Something is broken, and something else, where one of them is on. */
  readonly breaksWithOne?: true;
  /**
   * What is broken then: a kind of the judge, the event of a trace that the model does not explain, or what the row comes to
   * where the judge takes that for the fault of what happened.
   */
  readonly breaks: { readonly kind: string } | { readonly event: string } | { readonly row: string };
}

/** What came of a counterexample. */
export interface Played {
  /** Kinds of broken promises. */
  readonly kinds: readonly string[];
  /** Events that the model does not explain; empty, too, where there is no model to ask. */
  readonly events: readonly string[];
  /** The first moment that did not come. */
  readonly missing: string | null;
  readonly story: string;
}

/** Plays a scenario with these guards switched off; `program` judges its traces. */
export async function play(
  { name, scenario, moments }: Counterexample,
  without: readonly string[],
  program: TraceProgram | null,
): Promise<Played> {
  const { rules } = switchedOff(without);
  const outcome = await new World(scenario, { without: rules, keepFacts: true, keepTrace: true }).play();
  const { kinds, text } = judge(outcome);
  const rejected = program === null ? [] : (await checkOutcome(outcome, program, name)).rejected;
  const lines = outcome.facts.map(({ who, what }) => `${who}: ${what}`);
  return {
    kinds,
    events: rejected.map(({ rejection }) => rejection.event),
    missing: firstMissing(lines, moments),
    story: [storyOf(outcome.facts), text, ...rejected.flatMap(({ rejection }) => rejection.details)].join(
      '\n',
    ),
  };
}

function firstMissing(lines: readonly string[], moments: readonly string[]): string | null {
  let from = 0;
  for (const moment of moments) {
    const index = lines.slice(from).findIndex((line) => line.includes(moment));
    if (index === -1) return moment;
    from += index + 1;
  }
  return null;
}

/** What is wrong with a counterexample that was played with these guards switched off; empty: nothing. */
export function problemsOf(
  { without, breaks }: Counterexample,
  off: readonly string[],
  { kinds, events, missing, story }: Played,
): readonly string[] {
  const broken = [
    ...kinds,
    ...events,
    ...('row' in breaks && story.includes(breaks.row) ? [breaks.row] : []),
  ];
  const isOn = off.length < without.length;
  const unmet = missing !== null && (isOn || without.length === 0) ? [`it does not happen: ${missing}`] : [];
  if (isOn)
    return broken.length === 0 ? unmet : [...unmet, `broken although a guard is on: ${broken.join(', ')}`];
  const expected = Object.values(breaks).join('');
  if (isBroken(breaks, { kinds, events, story })) return unmet;
  return [
    ...unmet,
    `without ${off.join(' and ')}: expected ${expected}, found ${broken.join(', ') || 'nothing'}`,
  ];
}

function isBroken(
  breaks: Counterexample['breaks'],
  { kinds, events, story }: Pick<Played, 'kinds' | 'events' | 'story'>,
): boolean {
  if ('kind' in breaks) return kinds.includes(breaks.kind);
  if ('event' in breaks) return events.some((event) => event.startsWith(breaks.event));
  return story.includes(breaks.row);
}

/** What is to be switched off, one after the other: nothing, each guard for itself, all of them. */
export function roundsOf({ without, breaksWithOne }: Counterexample): readonly (readonly string[])[] {
  const alone = without.length > 1 && breaksWithOne !== true ? without.map((name) => [name]) : [];
  return without.length === 0 ? [[]] : [[], ...alone, without];
}

/** Whether a guard is one of the code: then a process must be started without it. */
export function isCode(guard: string): boolean {
  return switchedOff([guard]).edits.length > 0;
}
