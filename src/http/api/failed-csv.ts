import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import { visibleText } from '../../domain/foreign-text.js';
import type { RowFilter } from '../../middle/admin-port.js';
import type { ListedRow, RowList } from '../../operator/contract/rows.js';
import type { OperatorService } from '../../operator/operator-service.js';

/*
 * Failed rows as CSV, page by page: never more than a page is in memory, and a reader that stops reading stops the
 * pages. Every cell is quoted, on one line, and one that a spreadsheet reads as text (`textCell`). UTF-8 with a byte order
 * mark, or Excel would take the Chinese for something else.
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
  'custName',
  'accName',
  'createDate',
  'stateDate',
] as const satisfies readonly (keyof ListedRow)[];

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
  operator: OperatorService,
  filter: RowFilter,
  { limits = usualExport, now }: { limits?: ExportLimits; now: () => number },
): Promise<Readable> {
  const first = await operator.failed(filter, { limit: limits.pageRows });
  const rows = Readable.from(allRows(operator, filter, { first, limits, now }));
  const text = stringify({
    bom: true,
    header: true,
    columns: [...columns],
    quoted: true,
    quoted_empty: true,
    record_delimiter: 'windows',
  });
  rows.on('error', (error) => text.destroy(error));
  text.on('close', () => rows.destroy());
  return rows.pipe(text);
}

async function* allRows(
  operator: OperatorService,
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
      yield columns.map((column) => textCell(row[column] ?? ''));
      written += 1;
    }
    if (page.next === null) return;
    if (now() >= end) {
      yield stopped(`after ${Math.round(limits.longestMs / 1000)} s`);
      return;
    }
    page = await operator.failed(filter, { limit: limits.pageRows, after: page.next });
  }
}

/** A list that is not whole says so: nobody would notice otherwise. */
function stopped(when: string): readonly string[] {
  return [`(stopped ${when}: narrow the filter)`];
}

/** A date as the middle database's adapters write it: a spreadsheet loses nothing of it. */
const date = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;
/** What a formula begins with, also in full width, and the mark itself, so that it can be taken off again. */
const marked = /^\s*['=+\-@\uff1d\uff0b\uff0d\uff20]/u;
/** Words that a spreadsheet reads as part of a number, a date, a time or a truth value. */
const wordsOfValues =
  /jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?|[ap]m?|e|true|false|[年月日号时分秒点元上下午]/giu;

/**
 * A cell that a spreadsheet reads as the text it is: what would be a formula, a number (rounded after 15 digits, without
 * its leading zeros) or a date gets an apostrophe in front. A cell that begins with an apostrophe is the text after it.
 */
function textCell(text: string): string {
  const cell = visibleText(text);
  const isValue = !/\p{L}/u.test(cell.replace(wordsOfValues, ''));
  return cell !== '' && !date.test(cell) && (isValue || marked.test(cell)) ? `'${cell}` : cell;
}
