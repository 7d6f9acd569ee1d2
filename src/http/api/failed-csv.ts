import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { RowFilter } from '../../middle/port.js';
import type { Desk, RowList } from '../../operator/desk.js';
import type { FailedRow } from '../../operator/failed-row.js';

/*
 * Failed rows as CSV, page by page: never more than a page is in memory, and a reader that stops reading stops the
 * pages. The text is foreign: what a spreadsheet would take for a formula gets an apostrophe in front. UTF-8 with a byte
 * order mark, or Excel would take the Chinese for something else.
 */

const columns = [
  'table',
  'streamingNo',
  'code',
  'errContent',
  'opFlag',
  'productId',
  'custId',
  'bizId',
  'userId',
  'createDate',
  'stateDate',
] as const satisfies readonly (keyof FailedRow)[];

/** How much one export may be. */
export interface ExportLimits {
  readonly rows: number;
  readonly pageRows: number;
  /** How long it may take, in ms: a filter that matches little reads much. */
  readonly longestMs: number;
}

/** What an export is bounded by. */
const usualExport: ExportLimits = { rows: 100_000, pageRows: 1000, longestMs: 120_000 };

/** The failed rows that match, as CSV. Fails before anything is written where the first page cannot be read. */
export async function failedCsv(
  desk: Desk,
  filter: RowFilter,
  { limits = usualExport, now }: { limits?: ExportLimits; now: () => number },
): Promise<Readable> {
  const first = await desk.failed(filter, { limit: limits.pageRows });
  const rows = Readable.from(allRows(desk, filter, { first, limits, now }));
  const text = stringify({
    bom: true,
    header: true,
    columns: [...columns],
    escape_formulas: true,
    record_delimiter: 'windows',
  });
  rows.on('error', (error) => text.destroy(error));
  text.on('close', () => rows.destroy());
  return rows.pipe(text);
}

async function* allRows(
  desk: Desk,
  filter: RowFilter,
  { first, limits, now }: { first: RowList; limits: ExportLimits; now: () => number },
): AsyncGenerator<readonly string[]> {
  const end = now() + limits.longestMs;
  let written = 0;
  for (let page = first; ;) {
    for (const row of page.rows) {
      if (written >= limits.rows) {
        yield stopped(`after ${limits.rows} rows`);
        return;
      }
      yield columns.map((column) => row[column] ?? '');
      written += 1;
    }
    if (page.next === null) return;
    if (now() >= end) {
      yield stopped(`after ${Math.round(limits.longestMs / 1000)} s`);
      return;
    }
    page = await desk.failed(filter, { limit: limits.pageRows, after: page.next });
  }
}

/** A list that is not whole says so: nobody would notice otherwise. */
function stopped(when: string): readonly string[] {
  return [`(stopped ${when}: narrow the filter)`];
}
