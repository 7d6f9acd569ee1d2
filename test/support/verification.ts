import type { Difference, VerifySummary } from '../../src/operator/contract/checks.js';
import { verify, type VerifySettings, type VerifySources } from '../../src/operator/verify/verify.js';
import type { Pair } from './databases.js';
import { openStaging, operatorsOf, type OperationsOptions } from './operators.js';

/** What a verification found, with every difference. */
export interface Verified {
  readonly summary: VerifySummary;
  readonly differences: readonly Difference[];
}

/** What a verification of nothing finds. */
export const emptySummary: VerifySummary = {
  ...{ rows: 0, customers: 0, customersWithDifferences: 0, differences: 0, byKind: {} },
  lateRows: { requeued: 0, waited: 0, undated: 0, sameValues: 0 },
  strayAttributes: null,
  notJudged: { rowsLeft: 0, rowsRewritten: 0, historyIncomplete: 0, olderThanJournal: 0, busy: 0 },
  notJudgedExamples: [],
};

/** Settings that do not make a test wait. */
const quick: Omit<VerifySettings, 'onDifference'> = {
  custId: null,
  productId: null,
  productIds: [],
  attributes: 'merge',
  journalSince: null,
  pageRows: 7,
  straysScan: 1_000_000,
  pace: { now: () => 0, rest: () => Promise.resolve() },
  onProgress: () => undefined,
};

/** The ports that a verification of a pair reads. */
export function verifySourcesOf(pair: Pair, options: OperationsOptions = {}): VerifySources {
  return { ...operatorsOf(pair, options), openStaging };
}

/** Verifies through these ports. */
export async function verifyThrough(
  sources: VerifySources,
  settings: Partial<VerifySettings> = {},
): Promise<Verified> {
  const differences: Difference[] = [];
  const onDifference = (difference: Difference): Promise<void> => {
    differences.push(difference);
    return Promise.resolve();
  };
  const summary = await verify(sources, { ...quick, onDifference, ...settings });
  return { summary, differences };
}

/** Verifies a pair. */
export async function verifyPair(pair: Pair, settings: Partial<VerifySettings> = {}): Promise<Verified> {
  return verifyThrough(verifySourcesOf(pair, { productIds: settings.productIds ?? [] }), settings);
}
