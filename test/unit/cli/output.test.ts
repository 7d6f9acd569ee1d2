import { describe, expect, it } from 'vitest';
import { listLines, shown, type ListOutput } from '../../../src/cli/output.js';

/** Places on a screen: a Chinese character takes two. */
function places(line: string): number {
  return [...line].reduce((sum, character) => sum + (/\p{Script=Han}/u.test(character) ? 2 : 1), 0);
}

const streamingNo = '123456789012345678901234567890';
const list: ListOutput = {
  columns: [
    { head: 'StreamingNo' },
    { head: 'BizID', optional: true },
    { head: '名称', shorten: 14 },
    { head: 'Rows', right: true },
  ],
  rows: [
    [streamingNo, 'B-1', '杭州某某科技有限公司杭州某某科技有限公司', 7],
    ['2', null, '长城', 12],
  ],
};

describe('a list for people', () => {
  it('is as wide as its content where the terminal is wide enough', () => {
    const lines = listLines(list, 120);
    expect(lines[3]).toBe(`│ ${streamingNo} │ B-1   │ 杭州某某科技有限公司杭州某某科技有限公司 │    7 │`);
    expect(new Set(lines.map(places))).toEqual(new Set([places(lines[0] ?? '')]));
  });

  it('shortens the texts that may be shortened to fit the terminal, counting Chinese characters twice', () => {
    const lines = listLines(list, 80);
    expect(lines.map(places)).toEqual(lines.map(() => 80));
    expect(lines[3]).toContain('…');
    expect(lines[3]).toContain(streamingNo);
  });

  it('leaves out optional columns where that is not enough, and says so', () => {
    const text = listLines(list, 60).join('\n');
    expect(text).toContain(streamingNo);
    expect(text).not.toContain('B-1');
    expect(text.split('\n').at(-1)).toBe('Left out for this terminal: BizID; --json has everything.');
  });

  it('never cuts a StreamingNo', () => {
    expect(listLines(list, 20).join('\n')).toContain(streamingNo);
  });

  it('shows control characters as pictures: a foreign text does not command the terminal', () => {
    expect(shown('a\u001b[2Jb\nc')).toBe('a␛[2Jb␊c');
    expect(shown(null)).toBe('');
  });
});
