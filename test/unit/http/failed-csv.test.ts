import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/errors.js';
import { failedCsv } from '../../../src/http/api/failed-csv.js';
import type { RowFilter } from '../../../src/middle/port.js';
import type { ListRequest, RowList } from '../../../src/operator/desk.js';
import { FakeDesk } from '../../support/fake-desk.js';

const limits = { rows: 1000, pageRows: 10, longestMs: 1000 };
const now = () => 0;

class WatchedDesk extends FakeDesk {
  readonly asked: ListRequest[] = [];

  override async failed(filter: RowFilter, request: ListRequest): Promise<RowList> {
    this.asked.push(request);
    return super.failed(filter, request);
  }
}

/** A desk with one failed row whose text is given. */
function deskWith(errContent: string): FakeDesk {
  const desk = new FakeDesk();
  desk.rows = [{ ...desk.rows[0]!, errContent }];
  return desk;
}

async function fieldsOf(errContent: string): Promise<string> {
  const csv = await text(await failedCsv(deskWith(errContent), {}, { limits, now }));
  return csv.split('\r\n').slice(1).join('\r\n');
}

describe('failed rows as CSV', () => {
  it('begin with a byte order mark and a header, and end every line as Excel does', async () => {
    const stream = await failedCsv(new FakeDesk(), {}, { limits, now });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk as string));
    const bytes = Buffer.concat(chunks);
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const [head = ''] = bytes.subarray(3).toString('utf8').split('\r\n', 1);
    expect(head.split(',').slice(0, 4)).toEqual(['table', 'streamingNo', 'code', 'errContent']);
  });

  it.each(['=HYPERLINK("http://evil")', '+1+cmd', '-2+3', '@SUM(A1)', '\tx', '\rx'])(
    'hold no formula: %j',
    async (foreign) => {
      expect(await fieldsOf(foreign)).toMatch(/,"?'[=+\-@\t\r]/);
    },
  );

  it('keep quotes, commas and line ends within their field', async () => {
    expect(await fieldsOf('a "b", c\nd')).toContain('"a ""b"", c\nd"');
  });

  it('keep 30-digit numbers as they are', async () => {
    const desk = new FakeDesk();
    const csv = await text(await failedCsv(desk, {}, { limits, now }));
    expect(csv).toContain(',123456789012345678901234567890,');
  });

  it('are read page by page, as the reader reads', async () => {
    const desk = new WatchedDesk();
    const csv = await text(await failedCsv(desk, {}, { limits, now }));
    const { length } = (await desk.failed({}, { limit: 10_000 })).rows;
    expect(csv.trimEnd().split('\r\n')).toHaveLength(length + 1);
    expect(desk.asked.slice(0, 2)).toEqual([{ limit: 10 }, { limit: 10, after: 'at10' }]);

    const slow = new WatchedDesk();
    const stream = await failedCsv(slow, {}, { limits: { ...limits, pageRows: 1 }, now });
    stream.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(slow.asked.length).toBeLessThan(length);
  });

  it('say so where they end before the list does: by rows and by time', async () => {
    const few = await text(await failedCsv(new FakeDesk(), {}, { limits: { ...limits, rows: 25 }, now }));
    expect(few.trimEnd().split('\r\n')).toHaveLength(27);
    expect(few).toMatch(/\(stopped after 25 rows: narrow the filter\)\r\n$/);
    let time = 0;
    const late = await text(await failedCsv(new FakeDesk(), {}, { limits, now: () => (time += 600) }));
    expect(late).toContain('(stopped after 1 s: narrow the filter)');
  });

  it('fail before anything is written where the first page cannot be read, and break off where a later one cannot', async () => {
    const desk = new FakeDesk();
    const stream = await failedCsv(desk, {}, { limits, now });
    desk.outage = new DatabaseError('timeout', 'away');
    await expect(text(stream)).rejects.toThrow('away');
    await expect(failedCsv(desk, {}, { limits, now })).rejects.toThrow('away');
  });
});
