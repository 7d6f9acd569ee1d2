import type { RecordedRun, Verification } from '../../operator/contract/verification.js';
import { printJson, printLines, shown } from '../output.js';
import { textReport } from './report.js';

/** What is on record, as JSON with so many differences at most. */
export function printLastJson({ last, runs }: Verification, limit: number): void {
  printJson({ last: last && { ...last, differences: last.differences.slice(0, limit) }, runs });
}

/** What is on record, for people: the last run that finished, and those after it. */
export async function printLast({ last, runs }: Verification, limit: number): Promise<void> {
  if (last === null)
    printLines('No verification has finished. "bnet-sync verify" runs one; verify.every repeats it.');
  else {
    const seconds = Math.round((Date.parse(last.endedAt) - Date.parse(last.startedAt)) / 100) / 10;
    printLines(`Verification of ${last.startedAt}, by ${byWhom(last)}:`);
    const report = textReport(limit);
    for (const difference of last.differences) await report.difference(difference);
    await report.end({ ...last.summary, recorded: false, notRecorded: null }, seconds);
  }
  const since = runs.slice(0, last === null ? runs.length : runs.findIndex(({ id }) => id === last.id));
  printLines(...since.map(runLine));
}

function byWhom({ via, who }: Pick<RecordedRun, 'via' | 'who'>): string {
  return via === 'schedule' ? `worker ${shown(who)}` : shown(who);
}

function runLine(run: RecordedRun): string {
  const words: Readonly<Record<RecordedRun['state'], string>> = {
    running: 'is running',
    finished: 'finished',
    failed: 'failed',
    cancelled: 'was cancelled',
    abandoned: 'was left by a process that ended',
  };
  const why = run.error === null ? '' : `: ${shown(run.error)}`;
  return `Since then: one of ${run.startedAt}, by ${byWhom(run)}, ${words[run.state]}${why}.`;
}
