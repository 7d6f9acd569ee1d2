import { comparisonCounterexamples } from './comparisons.js';
import type { Counterexample } from './counterexample.js';
import { fenceCounterexamples } from './fences.js';
import { highWaterMarkCounterexamples } from './high-water-marks.js';
import { limits } from './limits.js';
import { oneCustomerCounterexamples } from './one-customer.js';
import { otherCounterexamples } from './other-guards.js';
import { ownCommitCounterexamples } from './own-commits.js';
import { protocolCounterexamples } from './protocol.js';
import { waitingCounterexamples } from './waiting.js';

/** All counterexamples, in the order of docs/protocol.md. */
export const counterexamples: readonly Counterexample[] = [
  ...protocolCounterexamples,
  ...fenceCounterexamples,
  ...waitingCounterexamples,
  ...oneCustomerCounterexamples,
  ...ownCommitCounterexamples,
  ...comparisonCounterexamples,
  ...highWaterMarkCounterexamples,
  ...otherCounterexamples,
  ...limits,
];
