import { differencesKept, type FoundDifferences } from '../../store/verification-port.js';
import type { Difference, VerifySummary } from '../contract/checks.js';

/** What a run found: everything counted, and the first differences. */
export interface FoundByRun {
  readonly summary: VerifySummary;
  readonly differences: readonly Difference[];
}

/** Keeps the first differences of a run, as many as the store does. */
export class FirstDifferences {
  readonly all: Difference[] = [];

  add(difference: Difference): void {
    if (this.all.length < differencesKept) this.all.push(difference);
  }
}

/** What a run found, as it is kept. */
export function foundOf({ summary, differences }: FoundByRun): FoundDifferences {
  return {
    summary: JSON.stringify(summary),
    differences: differences.map((difference) => JSON.stringify(difference)),
  };
}
