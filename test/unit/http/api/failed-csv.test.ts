import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../../src/database/errors.js';
import { failedCsv } from '../../../../src/http/api/failed-csv.js';
import { visibleText } from '../../../../src/domain/foreign-text.js';
import type { FullRow, RowFilter } from '../../../../src/middle/admin-port.js';
import type { RowList } from '../../../../src/operator/contract/rows.js';
import type { ListRequest } from '../../../../src/operator/requests.js';
import { FakeOperator } from '../../../support/fake-operator.js';
import { hostileTexts, unwanted } from '../../../support/hostile-texts.js';

const limits = { rows: 1000, pageRows: 10, longestMs: 1000 };
const now = () => 0;

class WatchedOperator extends FakeOperator {
  readonly asked: ListRequest[] = [];

  override async failed(filter: RowFilter, request: ListRequest): Promise<RowList> {
    this.asked.push(request);
    return super.failed(filter, request);
  }
}

/** The cells of a failed row with these columns, by their names. */
async function cellsOf(columns: Partial<FullRow>): Promise<Record<string, string>> {
  const operator = new FakeOperator();
  operator.rows = [{ ...operator.rows.find(({ source }) => source === 'CUST')!, ...columns }];
  const [head, record] = parsedCsv(await text(await failedCsv(operator, {}, { limits, now })));
  return Object.fromEntries(head!.map((name, index) => [name, record![index]!]));
}

/** Reads CSV as RFC 4180 has it, apart from the library that writes it. Every cell is quoted. */
function parsedCsv(csv: string): string[][] {
  expect(csv.endsWith('\r\n')).toBe(true);
  const records: string[][] = [[]];
  const cell = /"((?:[^"]|"")*)"(,|\r\n)/gy;
  let end = csv.startsWith('\ufeff') ? 1 : 0;
  while (end < csv.length) {
    cell.lastIndex = end;
    const [, quoted, next] = cell.exec(csv) ?? [];
    if (quoted === undefined) throw new Error(`no cell at ${end}: ${csv.slice(end, end + 40)}`);
    records.at(-1)!.push(quoted.replaceAll('""', '"'));
    if (next === '\r\n') records.push([]);
    end = cell.lastIndex;
  }
  return records.slice(0, -1);
}

describe('failed rows as CSV', () => {
  it('begin with a byte order mark and a header, and end every line as Excel does', async () => {
    const stream = await failedCsv(new FakeOperator(), {}, { limits, now });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk as string));
    const bytes = Buffer.concat(chunks);
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const [head = ''] = bytes.subarray(3).toString('utf8').split('\r\n', 1);
    expect(head.split(',').slice(0, 4)).toEqual(['"table"', '"streamingNo"', '"code"', '"errContent"']);
  });

  it.each([
    ...[
      '=HYPERLINK("http://evil")',
      '+1+cmd',
      '-2+3',
      '@SUM(A1)',
      ' =1',
      '＝1+1',
      '00402',
      '12345678901234567',
    ],
    ...[
      '1E5',
      '3-4',
      '3/4',
      '12:30',
      '3月5日',
      '2026年11月',
      'Mar-5',
      'TRUE',
      '12306',
      '¥5',
      '5%',
      "'quoted",
    ],
  ])('hold no formula, number or date but text, which is whole after the apostrophe: %s', async (foreign) => {
    expect(await cellsOf({ errContent: foreign, custName: foreign })).toMatchObject({
      errContent: `'${foreign}`,
      custName: `'${foreign}`,
    });
  });

  it.each(['x\n=cmd|" /C calc"!A0', '\t=1', '\r=1', '\u001b[2J=1'])(
    'have what would break a line or command a terminal in sight: %j',
    async (foreign) => {
      const { errContent } = await cellsOf({ errContent: foreign });
      expect(errContent).toMatch(/^'?[x␉␍␛]/);
      expect(errContent?.replace(/^'/, '')).toBe(visibleText(foreign));
    },
  );

  it('keep texts and dates as they are, with quotes, commas and semicolons within their cell', async () => {
    const texts = [
      'a "b", c; d',
      '00402 业务数据内容不存在: "x"',
      '杭州某某科技有限公司',
      'b1',
      '2026-11-01 09:00:00',
    ];
    for (const text of texts) expect(await cellsOf({ errContent: text })).toMatchObject({ errContent: text });
  });

  it('keep 20 and 30 digits and codes as text, and have the names that rows have', async () => {
    const cells = await cellsOf({
      ...{ streamingNo: '12345678901234567890', custId: '123456789012345678901234567890' },
      ...{ errContent: '00402 业务数据内容不存在', custName: '华望公司', accName: null, opFlag: '0101' },
    });
    expect(cells).toMatchObject({
      ...{ streamingNo: "'12345678901234567890", custId: "'123456789012345678901234567890" },
      ...{ code: "'00402", opFlag: "'0101", custName: '华望公司', accName: '', table: 'IF_BNET_CUST' },
    });
  });

  it('are read back exactly by any reader: a thousand hostile texts, but for what was made visible in them', async () => {
    const operator = new FakeOperator();
    operator.rows = hostileTexts.map((text) => ({
      ...operator.rows[0]!,
      errContent: text,
      custName: text,
      bizId: text,
    }));
    const csv = await text(await failedCsv(operator, {}, { limits: { ...limits, pageRows: 400 }, now }));
    const [head, ...records] = parsedCsv(csv);
    expect(head).toHaveLength(13);
    expect(records).toHaveLength(hostileTexts.length);
    for (const [index, record] of records.entries()) {
      const foreign = hostileTexts[index]!;
      expect(record).toHaveLength(13);
      for (const cell of record) {
        expect(cell).not.toMatch(unwanted);
        expect(cell).not.toMatch(/^\s*[=+\-@＝＋－＠]/u);
      }
      for (const name of ['errContent', 'custName', 'bizId']) {
        const read = record[head!.indexOf(name)]!.replace(/^'/, '');
        expect(read).toBe(visibleText(foreign));
        if (!unwanted.test(foreign)) expect(read).toBe(foreign);
      }
    }
  });

  it('are read page by page, as the reader reads', async () => {
    const operator = new WatchedOperator();
    const csv = await text(await failedCsv(operator, {}, { limits, now }));
    const { length } = (await operator.failed({}, { limit: 10_000 })).rows;
    expect(csv.trimEnd().split('\r\n')).toHaveLength(length + 1);
    expect(operator.asked.slice(0, 2)).toEqual([{ limit: 10 }, { limit: 10, after: 'at10' }]);

    const slow = new WatchedOperator();
    const stream = await failedCsv(slow, {}, { limits: { ...limits, pageRows: 1 }, now });
    stream.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(slow.asked.length).toBeLessThan(length);
  });

  it('say so where they end before the list does: by rows and by time', async () => {
    const few = await text(await failedCsv(new FakeOperator(), {}, { limits: { ...limits, rows: 25 }, now }));
    expect(few.trimEnd().split('\r\n')).toHaveLength(27);
    expect(few).toMatch(/\(stopped after 25 rows: narrow the filter\)"\r\n$/);
    let time = 0;
    const late = await text(await failedCsv(new FakeOperator(), {}, { limits, now: () => (time += 600) }));
    expect(late).toContain('(stopped after 1 s: narrow the filter)');
  });

  it('fail before anything is written where the first page cannot be read, and break off where a later one cannot', async () => {
    const operator = new FakeOperator();
    const stream = await failedCsv(operator, {}, { limits, now });
    operator.outage = new DatabaseError('timeout', 'away');
    await expect(text(stream)).rejects.toThrow('away');
    await expect(failedCsv(operator, {}, { limits, now })).rejects.toThrow('away');
  });
});
