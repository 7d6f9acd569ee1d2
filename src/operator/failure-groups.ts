import { sources, tableOf, type Source } from '../domain/keys.js';
import { resultText } from '../domain/result-codes.js';
import type { FailedCount } from '../middle/admin-port.js';
import type { Activity } from '../store/admin-port.js';
import { beginOf, windows } from './activity.js';
import type { FailureGroup } from './contract/rows.js';
import type { Databases } from './databases.js';
import { failedRow } from './failed.js';

/** How many failed rows of each table are counted: reading their texts costs more than counting by State. */
const countedRows = 5000;

/** The last day in short spans, to separate the last hour. */
const dayInShortSpans = { spanMinutes: windows.lastHour.spanMinutes, spans: 288 };

/**
 * Failures by table and code: present ones and those of the last week, most present rows first. If a table has more
 * failed rows than are counted, any of its groups may have more.
 */
export async function failureGroups({ middle, store }: Databases): Promise<readonly FailureGroup[]> {
  const present = await middle.queries.failedCounts(countedRows);
  const counted = await middle.queries.countCapped(countedRows);
  const now = await store.now();
  const day = await store.records.activity(beginOf(dayInShortSpans, now), dayInShortSpans.spanMinutes);
  const week = await store.records.activity(beginOf(windows.lastWeek, now), windows.lastWeek.spanMinutes);
  const hour = day.filter(({ from }) => Date.parse(from) >= Date.parse(beginOf(windows.lastHour, now)));
  const sums = { lastHour: sumsOf(hour), lastDay: sumsOf(day), lastWeek: sumsOf(week) };
  const counts = new Map(present.map((count) => [nameOf(count), count]));
  const names = new Map<string, GroupName>(
    [...present, ...week.filter(isFailure), ...day.filter(isFailure)].map((each) => [nameOf(each), each]),
  );
  return [...names]
    .map(([name, { source, code }]) => ({
      table: tableOf[source],
      code,
      text: code === null ? null : (resultText(source, code) ?? null),
      present: { rows: counts.get(name)?.rows ?? 0, atLeast: counted[source].stopped.includes('3') },
      lastHour: sums.lastHour.get(name) ?? 0,
      lastDay: sums.lastDay.get(name) ?? 0,
      lastWeek: sums.lastWeek.get(name) ?? 0,
      newest: newestOf(counts.get(name)),
    }))
    .sort(mostFirst);
}

interface GroupName {
  readonly source: Source;
  readonly code: string | null;
}

function nameOf({ source, code }: GroupName): string {
  return `${source} ${code ?? ''}`;
}

function isFailure({ outcome }: Activity): boolean {
  return outcome === 'failed';
}

function sumsOf(activity: readonly Activity[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const each of activity.filter(isFailure))
    sums.set(nameOf(each), (sums.get(nameOf(each)) ?? 0) + each.rows);
  return sums;
}

function newestOf(count: FailedCount | undefined): FailureGroup['newest'] {
  return count === undefined ? null : failedRow(count.newest);
}

const tableOrder: readonly string[] = sources.map((source) => tableOf[source]);

function mostFirst(a: FailureGroup, b: FailureGroup): number {
  return (
    b.present.rows - a.present.rows ||
    b.lastWeek - a.lastWeek ||
    tableOrder.indexOf(a.table) - tableOrder.indexOf(b.table) ||
    ((a.code ?? '') < (b.code ?? '') ? -1 : 1)
  );
}
