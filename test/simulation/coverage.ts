import type { RunState } from './run-record.js';

/*
 * Where simulations must have been. What is rare in a system is what breaks it: a state that no seed reaches any more says
 * that scenarios, not the worker, have become better.
 */

/** By what is counted (`World`): the number of seeds, by tenfold steps, in which it occurs at least once on average. */
const oncePerSeeds: Readonly<Record<string, number>> = {
  outage: 1,
  waiting: 10,
  rowsDeferred: 100,
  rowsLocked: 100,
  rowErrored: 100,
  errContentShortened: 1000,
  alreadyJournalled: 100,
  contentChanged: 100,
  leaseLost: 100,
  storeWentBack: 1000,
  'commits lost': 1000,
  'a handler ends its process': 100,
};

/** What a run was long enough for and did not reach. */
export function neverReached({ played, counts }: Pick<RunState, 'played' | 'counts'>): readonly string[] {
  return Object.entries(oncePerSeeds)
    .filter(([what, seeds]) => played >= 10 * seeds && counts[what] === undefined)
    .map(([what]) => what);
}
