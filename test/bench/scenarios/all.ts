import { consoleScenario } from './console.js';
import { endsScenario } from './ends.js';
import { growthScenario } from './growth.js';
import { hotScenario } from './hot.js';
import { idleScenario } from './idle.js';
import { isolationScenario } from './isolation.js';
import { latencyScenario } from './latency.js';
import { mixScenario, opensScenario, smallScenario, wasteScenario } from './mix-scenarios.js';
import type { Scenario } from './scenario.js';

/** All measurements, in the order in which they are made. */
export const scenarios: readonly Scenario[] = [
  opensScenario,
  mixScenario,
  smallScenario,
  endsScenario,
  hotScenario,
  isolationScenario,
  growthScenario,
  idleScenario,
  latencyScenario,
  consoleScenario,
  wasteScenario,
];
