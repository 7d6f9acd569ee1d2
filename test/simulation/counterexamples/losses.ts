import type { Ambush, Step } from '../scenario.js';
import { ambush, open, upon, write } from './rows.js';

/* What the counterexamples of "When the store goes back" (docs/protocol.md) have in common. */

/** What is decided on a loss is a bind whose open is gone. */
export const decidedOnLoss = { kind: 'decided on a loss' } as const;
/** So late is a killed process started again: never. */
export const never = 600_000;
/** A decision is lost, and a worker finds that out. */
export const alarm = ['fails over and loses 1 decisions', 'storeWentBack'];

/** A process ends for ever. */
export function killed(atMs: number, pick: number): Step {
  return { atMs, kind: 'kill', pick, forMs: never };
}

/** The first worker commits and ends at once, and its mark is on its way until then. */
export function lateMark(until: Ambush): readonly Step[] {
  return [ambush('mark', until, { worker: 1 }), upon('commit', killed(25, 0), { worker: 1 })];
}

/** The open is decided and marked, and lost; the worker that decided it is gone. */
export const lostBefore3000: readonly Step[] = [
  write(2000, open('1')),
  killed(2900, 0),
  { atMs: 3000, kind: 'fail over', lostMs: 1100 },
];
