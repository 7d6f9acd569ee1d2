import type { Difference } from '../../src/operator/verify/difference.js';
import type { VerifySources } from '../../src/operator/verify/load.js';
import { verify, type VerifySettings, type VerifySummary } from '../../src/operator/verify/verify.js';
import { SqliteStagingDatabase } from '../../src/staging/sqlite-staging.js';
import { KnexStoreScan } from '../../src/store/knex/store-scan.js';
import type { Pair } from './databases.js';
import type { OperationsOptions } from './operators.js';

/** What a verification found, with every difference. */
export interface Verified {
  readonly summary: VerifySummary;
  readonly differences: readonly Difference[];
}

/** Settings that do not make a test wait. */
const quick: Omit<VerifySettings, 'onDifference'> = {
  custId: null,
  productId: null,
  productIds: [],
  attributes: 'merge',
  journalSince: null,
  pageRows: 7,
  pace: { now: () => 0, rest: () => Promise.resolve() },
  onProgress: () => undefined,
};

/** The ports that a verification of a pair reads. */
export function verifySourcesOf(pair: Pair, options: OperationsOptions = {}): VerifySources {
  return {
    finished: pair.testMiddle.finished(options),
    middle: pair.testMiddle.operations(options),
    store: new KnexStoreScan(pair.store),
    openStaging: () => Promise.resolve(new SqliteStagingDatabase()),
  };
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
