import type { Counterexample } from './counterexample.js';
import { oneCustomerCounterexamples } from './one-customer.js';
import { otherCounterexamples } from './other-guards.js';
import { protocolCounterexamples } from './protocol.js';
import { storeGoesBackCounterexamples } from './store-goes-back.js';

/** All counterexamples, in the order of docs/protocol.md. */
export const counterexamples: readonly Counterexample[] = [
  ...protocolCounterexamples,
  ...oneCustomerCounterexamples,
  ...storeGoesBackCounterexamples,
  ...otherCounterexamples,
];
