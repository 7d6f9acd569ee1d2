import { checkHistory, type TracesResult } from '../../model/traces/check-windows.js';
import { everything, type Knowledge } from '../../model/traces/trace-event.js';
import type { TraceProgram } from '../../model/trace-program.js';
import { drawScenario } from '../scenario.js';
import type { WorldOptions } from '../system.js';
import { World, type Outcome } from '../world.js';

/** What the model says of the windows of a seed. */
export interface SeedTraces extends TracesResult {
  readonly seed: number;
}

/** Plays a seed and has the traces of all its windows judged, as if only so much were known of it. */
export async function checkSeed(
  seed: number,
  program: TraceProgram,
  { knowledge = everything, ...options }: WorldOptions & { readonly knowledge?: Knowledge } = {},
): Promise<SeedTraces> {
  const outcome = await new World(drawScenario(seed), { ...options, keepTrace: true }).play();
  return { seed, ...(await checkOutcome(outcome, program, String(seed), knowledge)) };
}

/** Has the traces of a simulation judged. */
export function checkOutcome(
  { observations, trace: events }: Outcome,
  program: TraceProgram,
  name: string,
  knowledge: Knowledge = everything,
): Promise<TracesResult> {
  return checkHistory({ name, observations, events, knowledge }, program);
}
