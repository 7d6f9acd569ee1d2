import { goodNetwork } from './network.js';
import type { Scenario, Step } from './scenario.js';
import { playScenario } from './seeds.js';
import type { WorldOptions } from './system.js';

/*
 * Making a scenario that breaks a promise shorter, as long as it breaks the same one: halves of the steps are left out,
 * then quarters, down to single ones; then rows of transactions; then everything else that can be as usual.
 */

/** Tells how far it has come: how many scenarios were played, and how many steps the shortest one has. */
export type OnProgress = (played: number, steps: number) => void;

/** The shortest scenario found that breaks a promise which this one breaks, too. */
export async function shrink(
  scenario: Scenario,
  options: WorldOptions = {},
  onProgress: OnProgress = () => undefined,
): Promise<Scenario> {
  const { kinds } = await playScenario(scenario, options);
  const [kind] = kinds;
  if (kind === undefined) return scenario;
  let best = scenario;
  let played = 0;
  const keepIfBroken = async (candidate: Scenario): Promise<boolean> => {
    const result = await playScenario(candidate, options);
    played += 1;
    const isBroken = result.kinds.includes(kind);
    if (isBroken) best = candidate;
    onProgress(played, best.steps.length);
    return isBroken;
  };
  await withoutSteps(() => best, keepIfBroken);
  for (const simpler of simplifications) await keepIfBroken(simpler(best));
  await withoutRows(() => best, keepIfBroken);
  await withoutSteps(() => best, keepIfBroken);
  return best;
}

type KeepIfBroken = (candidate: Scenario) => Promise<boolean>;

async function withoutSteps(best: () => Scenario, keepIfBroken: KeepIfBroken): Promise<void> {
  for (
    let size = Math.ceil(best().steps.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let start = 0; start < best().steps.length;) {
      const { steps } = best();
      const fewer = [...steps.slice(0, start), ...steps.slice(start + size)];
      if (!(await keepIfBroken({ ...best(), steps: fewer }))) start += size;
    }
  }
}

const simplifications: readonly ((scenario: Scenario) => Scenario)[] = [
  (scenario) => ({ ...scenario, network: goodNetwork }),
  (scenario) => ({ ...scenario, network: { ...scenario.network, slow: 0 } }),
  (scenario) => ({ ...scenario, network: { ...scenario.network, silent: 0 } }),
  (scenario) => ({ ...scenario, network: { ...scenario.network, loseRequest: 0 } }),
  (scenario) => ({ ...scenario, network: { ...scenario.network, loseAnswer: 0 } }),
  (scenario) => ({ ...scenario, workers: 1 }),
  (scenario) => ({ ...scenario, hurry: 0 }),
  (scenario) => ({ ...scenario, clockAheadMs: { middle: 0, store: 0 } }),
  (scenario) => ({ ...scenario, settings: { ...scenario.settings, concurrency: 1 } }),
  (scenario) => ({ ...scenario, settings: { ...scenario.settings, settleMs: 0 } }),
];

async function withoutRows(best: () => Scenario, keepIfBroken: KeepIfBroken): Promise<void> {
  for (let index = 0; index < best().steps.length; index += 1) {
    for (let row = 0; row < rowsOf(best().steps[index]).length;) {
      const steps = best().steps.map((step, at) => (at === index ? withoutRow(step, row) : step));
      if (!(await keepIfBroken({ ...best(), steps }))) row += 1;
    }
  }
}

function rowsOf(step: Step | undefined) {
  return step?.kind === 'write' ? step.transaction.rows : [];
}

function withoutRow(step: Step, row: number): Step {
  if (step.kind !== 'write') return step;
  const rows = step.transaction.rows.filter((_, index) => index !== row);
  return { ...step, transaction: { ...step.transaction, rows } };
}
