import { once } from 'node:events';
import type { StrayAttributes } from '../../middle/admin-port.js';
import {
  notJudgedReasons,
  type Difference,
  type NotJudged,
  type VerifyReport,
  type VerifySummary,
} from '../../operator/contract/checks.js';
import type { RecordedSummary } from '../../operator/verify/recorded-run.js';
import { jsonText, linesText, shown } from '../output.js';
import { differenceText } from './difference-text.js';

/** Where differences go while they are found. */
export interface Report {
  difference(difference: Difference): Promise<void>;
  end(summary: RecordedSummary, seconds: number): Promise<void>;
  /** The verification ended by an error, which is reported elsewhere. */
  broken(): Promise<void>;
}

/** Waits for a slow reader, so that nothing piles up in memory. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text) && !process.stdout.destroyed) await once(process.stdout, 'drain');
}

/** One JSON document, written piece by piece: `differences`, at most `limit` of them, then `summary`. */
export function jsonReport(limit: number): Report {
  let printed = 0;
  const open = async (): Promise<void> => {
    if (printed === 0) await write('{\n"differences": [');
  };
  return {
    difference: async (difference) => {
      if (printed >= limit) return;
      await open();
      await write(`${printed === 0 ? '' : ','}\n${jsonText(difference)}`);
      printed += 1;
    },
    end: async ({ notRecorded: _reason, ...summary }, seconds) => {
      await open();
      const ok = summary.differences === 0;
      const whole: VerifyReport['summary'] = { ok, ...summary, printed, seconds };
      await write(`\n],\n"summary": ${jsonText(whole, 2)}\n}\n`);
    },
    broken: async () => {
      if (printed > 0) await write('\n],\n"summary": null\n}\n');
    },
  };
}

/** Lines for people, by customer. */
export function textReport(limit: number): Report {
  let printed = 0;
  let customer: string | null | undefined;
  return {
    difference: async (difference) => {
      if (printed >= limit) return;
      if (difference.custId !== customer) {
        customer = difference.custId;
        await write(linesText([customer === null ? 'Without CustID' : `CustID ${shown(customer)}`]));
      }
      await write(linesText([`  ${differenceText(difference)}`]));
      printed += 1;
    },
    end: async (summary, seconds) => {
      await write(linesText([...summaryLines(summary, printed, seconds), ...recordLines(summary)]));
    },
    broken: () => Promise.resolve(),
  };
}

/** Whether it is on record; nothing of one that was not to be. */
function recordLines({ recorded, notRecorded }: RecordedSummary): string[] {
  if (recorded) return ['Recorded in the product store, for the console and "verify --last".'];
  return notRecorded === null ? [] : [`Not recorded in the product store: ${shown(notRecorded)}`];
}

function summaryLines(summary: VerifySummary, printed: number, seconds: number): string[] {
  const { rows, customers, differences, byKind, customersWithDifferences } = summary;
  const kinds = Object.entries(byKind).map(([kind, number]) => `${number} ${kindWords[kind] ?? kind}`);
  const found =
    differences === 0
      ? 'No difference.'
      : `${differences} differences of ${customersWithDifferences} customers: ${kinds.join(', ')}.`;
  const more = printed < differences ? [`The first ${printed} are printed; --limit shows more.`] : [];
  return [
    `${rows} finished rows of ${customers} customers compared in ${seconds} s.`,
    found,
    ...more,
    ...lateLines(summary),
    ...strayLines(summary),
    ...notJudgedLines(summary),
  ];
}

function lateLines({ lateRows: { requeued, waited, undated, sameValues } }: VerifySummary): string[] {
  const counts = [
    ...(requeued > 0 ? [`${requeued} requeued`] : []),
    ...(waited > 0 ? [`${waited} that waited for an open or bind`] : []),
    ...(undated > 0 ? [`${undated} without CreateDate`] : []),
    ...(sameValues > 0 ? [`${sameValues} that change no value`] : []),
  ];
  return counts.length === 0
    ? []
    : [`No difference: rows that took effect after a later one, ${counts.join(', ')}.`];
}

/** They are no difference: what was there when its row was taken is what the store should hold. */
function strayLines({ strayAttributes }: VerifySummary): string[] {
  return Object.entries(strayAttributes ?? {}).flatMap(([name, { late, orphaned }]) => {
    const table = `${name}_ATTR`;
    const line = ({ rows, examples }: StrayAttributes, what: string): string[] =>
      rows === 0 ? [] : [`${rows} rows of ${table} ${what} (StreamingNo ${examples.join(', ')}).`];
    return [
      ...line(late, 'came after their row was taken, and are not in the product store'),
      ...line(orphaned, 'belong to no row'),
    ];
  });
}

function notJudgedLines({ notJudged, notJudgedExamples }: VerifySummary): string[] {
  return notJudgedReasons.flatMap((reason) => {
    if (notJudged[reason] === 0) return [];
    const examples = notJudgedExamples.filter((each) => each.reason === reason).slice(0, 3);
    const names = examples.map(({ custId }) => custId ?? 'none').join(', ');
    return [`Not judged: ${notJudged[reason]} customers, ${reasonWords[reason]} (CustID ${names} …).`];
  });
}

const kindWords: Readonly<Record<string, string>> = {
  notInJournal: 'rows not in the journal',
  refusedInJournal: 'rows refused by the journal',
  changedSince: 'rows changed since',
  appliedInJournal: 'failed rows applied by the journal',
  impossible: 'rows that cannot have taken effect',
  outOfOrder: 'rows out of order',
};

const reasonWords: Readonly<Record<NotJudged, string>> = {
  rowsLeft: 'whose applied rows have left the middle database',
  rowsRewritten: 'whose applied rows were given other content',
  historyIncomplete: 'of whose history something is missing in both databases',
  olderThanJournal: 'with records older than the journal',
  busy: 'whose rows were being applied each time',
};
