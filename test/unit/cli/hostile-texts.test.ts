import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { explain } from '../../../src/cli/exit-codes.js';
import { failedLines } from '../../../src/cli/failed-text.js';
import { listLines, printJson, printLines } from '../../../src/cli/output.js';
import { showProgress } from '../../../src/cli/progress.js';
import { complain } from '../../../src/cli/standard-streams.js';
import { textReport } from '../../../src/cli/verify/report.js';
import { ConfigError } from '../../../src/config/config-error.js';
import { DatabaseError } from '../../../src/database/errors.js';
import { PausedError } from '../../../src/worker/paused.js';
import { FakeOperator } from '../../support/fake-operator.js';
import { hostileTexts, unwanted } from '../../support/hostile-texts.js';

/** What was printed, on stdout and on stderr. */
let printed: string;
beforeEach(() => {
  printed = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The lines that were printed since the last call; each is clean. */
function linesPrinted(): string[] {
  expect(printed.endsWith('\n')).toBe(true);
  const lines = printed.slice(0, -1).split('\n');
  for (const line of lines) expect(line).not.toMatch(unwanted);
  printed = '';
  return lines;
}

describe('no foreign text commands a terminal or makes a line of its own', () => {
  it('in lines of a result', () => {
    for (const text of hostileTexts) {
      printLines(`first ${text}`, text);
      expect(linesPrinted()).toHaveLength(2);
    }
  });

  it('in a list, of whatever width', async () => {
    const [row] = (await new FakeOperator().failed({}, { limit: 1 })).rows;
    const rows = hostileTexts.map((text) => ({ ...row!, userId: text, errContent: text, bizId: text }));
    printLines(...failedLines(rows));
    // The head and a line for each row; besides them borders, and the note on columns that did not fit.
    expect(linesPrinted().filter((line) => line.startsWith('│'))).toHaveLength(1001);
    const columns = [{ head: 'Who', shorten: 6 }];
    printLines(...listLines({ columns, rows: hostileTexts.map((text) => [text]) }, 10));
    expect(linesPrinted().filter((line) => line.startsWith('│'))).toHaveLength(1001);
  });

  it('in JSON, which is read back exactly', () => {
    for (const text of hostileTexts) {
      printJson({ reason: text });
      const json = linesPrinted().join('\n');
      expect(JSON.parse(json)).toEqual({ reason: text });
    }
  });

  it('in an error, which is one line, or one for each fault of a configuration', () => {
    for (const text of hostileTexts) {
      const pause = { target: { productId: '1' }, since: '2026-11-01', who: text, reason: text };
      const errors = [
        new PausedError([pause]),
        new DatabaseError('other', text),
        new DatabaseError('schema', text),
        new Error(text),
      ];
      for (const error of errors) {
        complain(explain(error) ?? '');
        expect(linesPrinted()).toHaveLength(1);
      }
      complain(explain(new ConfigError([{ path: 'a', message: 'b' }], '/etc/x')) ?? '');
      expect(linesPrinted()).toHaveLength(2);
    }
  });

  it('in the report of a verification', async () => {
    const report = textReport(10_000);
    for (const text of hostileTexts) {
      await report.difference({
        kind: 'changed',
        what: 'attribute',
        ...{ custId: text, productId: text, bizId: text, userId: text, attrSpecId: text, attrId: text },
        ...{ field: text, expected: text, found: text, table: null, streamingNo: null },
        ...{ laterTable: null, laterStreamingNo: null },
      } as never);
      expect(linesPrinted().length).toBeLessThanOrEqual(2);
    }
  });

  it('in how far something has come', () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 10_000));
    const progress = showProgress('found', 10);
    for (const text of hostileTexts) {
      progress.show(1, text);
      expect(linesPrinted()).toHaveLength(1);
    }
  });
});
