import type { VerificationRecords, VerificationRun } from '../store/verification-port.js';
import type { Difference, VerifySummary } from './contract/checks.js';
import type { LastVerification, RecordedRun, Verification } from './contract/verification.js';

/** The recorded verifications, with the differences of the last one. */
export async function recordedVerifications(records: VerificationRecords): Promise<Verification> {
  const { runs } = await records.runs();
  const last = await records.lastFinished();
  if (last === null) return { last: null, runs: runs.map(recordedRun) };
  const differences = await records.differences(last.id);
  const { id, via, who, startedAt } = last;
  return {
    last: {
      ...{ id, via, who, startedAt, endedAt: endOf(last), summary: summaryOf(last) },
      differences: differences.map((text) => JSON.parse(text) as Difference),
    },
    runs: runs.map(recordedRun),
  };
}

/** The last one that finished, in short; null: none has. */
export async function lastVerification(records: VerificationRecords): Promise<LastVerification | null> {
  const last = await records.lastFinished();
  if (last === null) return null;
  const { differences, byKind } = summaryOf(last);
  return { endedAt: endOf(last), who: last.who, differences, byKind };
}

function recordedRun(run: VerificationRun): RecordedRun {
  const { id, via, who, startedAt, state, endedAt, error } = run;
  const differences = run.summary === null ? null : summaryOf(run).differences;
  return { id, via, who, startedAt, state, endedAt, differences, error };
}

function summaryOf({ summary }: VerificationRun): VerifySummary {
  return JSON.parse(summary ?? '') as VerifySummary;
}

function endOf({ startedAt, endedAt }: VerificationRun): string {
  return endedAt ?? startedAt;
}
