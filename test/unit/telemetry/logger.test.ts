import { describe, expect, it } from 'vitest';
import { loggerTo } from '../../../src/telemetry/logger.js';
import { hostileTexts, unwanted } from '../../support/hostile-texts.js';

/** A logger, and the lines it has written since the last look. */
function watchedLogger(pretty: boolean) {
  let written = '';
  const logger = loggerTo({ write: (line: string) => (written += line) }, { level: 'debug', pretty });
  const lines = (): string[] => {
    expect(written.endsWith('\n')).toBe(true);
    const taken = written.slice(0, -1).split('\n');
    written = '';
    return taken;
  };
  return { logger, lines };
}

describe('the log', () => {
  it('as JSON has one line for each event, without unseen characters, which is read back exactly', () => {
    const { logger, lines } = watchedLogger(false);
    for (const text of hostileTexts) {
      logger.warn({ reason: text, rows: [{ [text]: text }] }, `deferred: ${text}`);
      const [line = '', ...more] = lines();
      expect(more).toEqual([]);
      expect(line).not.toMatch(unwanted);
      expect(JSON.parse(line)).toMatchObject({
        msg: `deferred: ${text}`,
        reason: text,
        rows: [{ [text]: text }],
      });
    }
  });

  it('for people has one line for each event, in which everything is seen', () => {
    const { logger, lines } = watchedLogger(true);
    for (const text of hostileTexts) {
      logger.warn({ reason: text, rows: [{ [text]: text }] }, `deferred: ${text}`);
      const [line, ...more] = lines();
      expect(more).toEqual([]);
      expect(line).not.toMatch(unwanted);
    }
  });

  it('for people shows an error with its places on lines of their own, and its message on one', () => {
    const { logger, lines } = watchedLogger(true);
    for (const text of hostileTexts) {
      logger.warn({ err: new Error(text) }, 'request failed');
      const printed = lines();
      for (const line of printed) expect(line).not.toMatch(unwanted);
      expect(printed.filter((line) => /^\s+at /.test(line)).length).toBeGreaterThan(2);
      expect(printed.filter((line) => line.startsWith('['))).toHaveLength(1);
    }
  });
});
