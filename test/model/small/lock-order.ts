/*
 * Deadlocks between transactions of the product store: each locks rows one by one and lets all go at its end.
 */
import { explore, type Step } from './explore.js';
import type { RunResult } from '../run.js';

export interface Transaction {
  readonly name: string;
  /** What it locks, in its order. */
  readonly locks: readonly string[];
  /** It leaves out rows that others have locked, instead of waiting. */
  readonly skipsLocked?: boolean;
}

interface State {
  /** How many locks each transaction has asked for; -1: ended. */
  readonly asked: readonly number[];
  /** By lock, the number of the transaction that holds it. */
  readonly held: Readonly<Record<string, number>>;
}

export function exploreLockOrder(transactions: readonly Transaction[]): RunResult {
  return explore<State>({
    initial: { asked: transactions.map(() => 0), held: {} },
    steps: (state) => transactions.flatMap((transaction, index) => step(transaction, index, state)),
    isGoal: ({ asked }) => asked.every((count) => count === -1),
  });
}

function step(
  { name, locks, skipsLocked }: Transaction,
  index: number,
  { asked, held }: State,
): Step<State>[] {
  const count = asked[index]!;
  if (count === -1) return [];
  const lock = locks[count];
  if (lock === undefined) {
    const others = Object.entries(held).filter(([, holder]) => holder !== index);
    return [
      { label: `${name} ends`, next: { asked: asked.with(index, -1), held: Object.fromEntries(others) } },
    ];
  }
  const next = asked.with(index, count + 1);
  const holder = held[lock];
  if (holder === undefined || holder === index) {
    const sorted = Object.entries({ ...held, [lock]: index }).sort(([a], [b]) => (a < b ? -1 : 1));
    return [{ label: `${name} locks ${lock}`, next: { asked: next, held: Object.fromEntries(sorted) } }];
  }
  if (skipsLocked === true) return [{ label: `${name} skips ${lock}`, next: { asked: next, held } }];
  return [];
}
