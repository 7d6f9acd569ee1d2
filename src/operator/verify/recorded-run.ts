import { differencesKept, type FoundDifferences } from '../../store/verification-port.js';
import type { Difference, VerifySummary } from '../contract/checks.js';
import { verifyStore, type VerifyRequest, type VerifyRules, type VerifySources } from './verify.js';

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

/** What an operator asks to verify, and by whom. */
export interface RecordedVerifyRequest extends VerifyRequest {
  /** Who records what is found, where everything is verified; null: nobody does. */
  readonly recordedBy: string | null;
}

/** What an operator's verification found, and whether it is on record. */
export interface RecordedSummary extends VerifySummary {
  readonly recorded: boolean;
  /** Why it could not be recorded; null: it was, or was not to be. */
  readonly notRecorded: string | null;
}

/**
 * Verifies what an operator asks for. A verification of everything is recorded, for the console and the schedule, where this user
 * may do so: one who may only read is as welcome. NotOurProductError.
 */
export async function verifyRecorded(
  sources: VerifySources,
  rules: VerifyRules,
  { recordedBy, ...request }: RecordedVerifyRequest,
): Promise<RecordedSummary> {
  const isWhole = request.custId === null && request.productId === null;
  if (recordedBy === null || !isWhole)
    return { ...(await verifyStore(sources, rules, request)), recorded: false, notRecorded: null };
  const { store } = sources;
  const startedAt = await store.now();
  const first = new FirstDifferences();
  const summary = await verifyStore(sources, rules, {
    ...request,
    onDifference: (difference) => {
      first.add(difference);
      return request.onDifference(difference);
    },
  });
  try {
    const found = foundOf({ summary, differences: first.all });
    await store.verifications.add({ who: recordedBy, startedAt, ...found });
    return { ...summary, recorded: true, notRecorded: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...summary, recorded: false, notRecorded: reason };
  }
}
