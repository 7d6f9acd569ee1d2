import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cutToBytes,
  errContent,
  errContentMaxBytes,
  quoted,
  shorterTexts,
} from '../../../src/domain/err-content.js';
import { oneLine } from '../../../src/domain/foreign-text.js';
import { hostileTexts, unwanted } from '../../support/hostile-texts.js';
import { type ResultCode, resultCodes } from '../../../src/domain/result-codes.js';

const charactersOf = (text: string): string[] => Array.from(text);
const bytesOf = (text: string): number => Buffer.byteLength(text, 'utf8');
const loneHigh = '\ud83d';
const loneLow = '\ude00';

/** Any UTF-16 code units: lone surrogates, control characters and line separators included. */
const anyUnits = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0xd7f0, max: 0xe010 }),
      fc.constantFrom(0, 9, 10, 13, 0x7f, 0x85, 0x9f, 0x2028, 0x2029),
    ),
    { maxLength: 900 },
  )
  .map((units) => String.fromCharCode(...units));
const characters = fc.string({ unit: 'binary', maxLength: 900 });
const refusals = fc.constantFrom('CUST' as const, 'ACCOUNT' as const).chain((source) =>
  fc.record({
    source: fc.constant(source),
    code: fc.constantFrom(...resultCodes(source).map(({ code }) => code as ResultCode)),
    detail: fc.oneof(anyUnits, characters),
  }),
);

describe('the ErrContent of a refused row', () => {
  it('is the code, its standard text and what is at fault', () => {
    expect(errContent('CUST', { code: '00403', detail: 'AreaCode "571020" 超过 5 位' })).toBe(
      '00403 数据格式不正确: AreaCode "571020" 超过 5 位',
    );
    expect(errContent('ACCOUNT', { code: '00405', detail: '' })).toBe('00405 有用户未解绑');
  });

  it('has the standard text of the row’s own table', () => {
    expect(errContent('CUST', { code: '00703', detail: '' })).toBe('00703 AreaCode 错误');
    expect(errContent('ACCOUNT', { code: '00703', detail: '' })).toBe('00703 CustID 不存在');
  });

  it('has no standard text where the table has none for its code', () => {
    expect(errContent('CUST', { code: '00712', detail: 'MDN' })).toMatch(/^00712\W+MDN$/);
  });

  it('is one line of at most 1024 bytes of valid UTF-8 that starts with code and standard text', () => {
    fc.assert(
      fc.property(refusals, ({ source, code, detail }) => {
        const text = errContent(source, { code, detail });
        const standard = resultCodes(source).find((entry) => entry.code === code)?.text ?? '';
        expect(text.startsWith(detail === '' ? `${code} ${standard}` : `${code} ${standard}: `)).toBe(true);
        expect(bytesOf(text)).toBeLessThanOrEqual(1024);
        expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('loses nothing that fits', () => {
    const standard = '00404 业务逻辑执行错误: ';
    const room = errContentMaxBytes - bytesOf(standard);
    for (const detail of [
      'x'.repeat(room),
      '中'.repeat(Math.floor(room / 3)),
      '😀'.repeat(Math.floor(room / 4)),
    ]) {
      expect(errContent('CUST', { code: '00404', detail })).toBe(`${standard}${detail}`);
    }
  });

  it('is cut between characters where it does not fit, at the last one that does', () => {
    for (const character of ['x', 'é', '中', '😀']) {
      const text = errContent('CUST', { code: '00404', detail: character.repeat(1024) });
      expect(text.replace(/^.*: /, '').replaceAll(character, '')).toBe('');
      expect(bytesOf(text) + bytesOf(character)).toBeGreaterThan(errContentMaxBytes);
    }
  });

  it('has spaces where the value at fault has control characters or line separators', () => {
    const detail = 'a\u0000b\tc\r\nd\u007fe\u0085f\u2028g\u2029h';
    expect(errContent('CUST', { code: '00403', detail })).toBe('00403 数据格式不正确: a b c  d e f g h');
  });

  it('has no half of a character, for a database would refuse it', () => {
    for (const detail of [`a${loneHigh}`, `${loneLow}b`, `${loneLow}${loneHigh}`, '😀'.slice(0, 1)]) {
      const text = errContent('CUST', { code: '00404', detail });
      expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text);
    }
    expect(errContent('CUST', { code: '00404', detail: '好😀' })).toBe('00404 业务逻辑执行错误: 好😀');
  });
});

describe('a text on one line', () => {
  it('has as many characters as before, and all others unchanged', () => {
    fc.assert(
      fc.property(characters, (text) => {
        const line = charactersOf(oneLine(text));
        expect(
          line.map((character, index) => (charactersOf(text)[index] === character ? character : ' ')),
        ).toEqual(line);
        expect(line).toHaveLength(charactersOf(text).length);
      }),
    );
    expect(oneLine('没有变化 no change 😀\u00a0')).toBe('没有变化 no change 😀\u00a0');
  });
});

describe('a text cut to bytes', () => {
  it('is its longest start of whole characters that fits', () => {
    fc.assert(
      fc.property(characters, fc.integer({ min: 0, max: 40 }), (text, maxBytes) => {
        const cut = cutToBytes(text, maxBytes);
        expect(text.startsWith(cut)).toBe(true);
        expect(bytesOf(cut)).toBeLessThanOrEqual(maxBytes);
        const next = charactersOf(text)[charactersOf(cut).length];
        if (next === undefined) expect(cut).toBe(text);
        else expect(bytesOf(cut + next)).toBeGreaterThan(maxBytes);
      }),
    );
  });
});

describe('a quoted value', () => {
  it('is whole up to 60 characters, however many bytes they take', () => {
    for (const character of ['x', '中', '😀']) {
      const value = character.repeat(60);
      expect(quoted(value)).toBe(`"${value}"`);
    }
    expect(quoted('')).toBe('""');
  });

  it('is shortened between characters beyond that', () => {
    for (const character of ['x', '中', '😀']) {
      expect(quoted(character.repeat(61))).toBe(`"${character.repeat(60)}…"`);
    }
  });
});

describe('a quoted value with unseen characters', () => {
  it('is on one line, with the names of those that turn the direction or have no width', () => {
    expect(quoted('x\n=cmd\u001b[2J')).toBe('"x =cmd [2J"');
    expect(quoted('05\u200b71\u202e')).toBe('"05⟨U+200B⟩71⟨U+202E⟩"');
    for (const text of hostileTexts) expect(quoted(text)).not.toMatch(unwanted);
  });
});

describe('shorter forms of an ErrContent', () => {
  const text = `00403 数据格式不正确: CustName "${'很'.repeat(200)}"`;
  const standard = '00403 数据格式不正确';

  it('are its halves, down to the code with its standard text, and the code alone', () => {
    const forms = shorterTexts('CUST', text);
    const bytes = bytesOf(text);
    expect(forms).toEqual([
      ...[2, 4, 8].map((part) => cutToBytes(text, Math.floor(bytes / part))),
      standard,
      '00403',
    ]);
  });

  it('begin with what fits, where the server says how much: bytes, or characters whatever their bytes', () => {
    expect(shorterTexts('CUST', text, { bytes: 100 })[0]).toBe(cutToBytes(text, 100));
    const [first] = shorterTexts('CUST', text, { characters: 100 });
    expect(charactersOf(first!)).toHaveLength(100);
    expect(text.startsWith(first!)).toBe(true);
    // A server may speak of another text than this one.
    expect(shorterTexts('CUST', text, { bytes: 5000 })).toEqual(shorterTexts('CUST', text));
  });

  it('have the standard text of the row’s own table', () => {
    expect(shorterTexts('CUST', '00703 AreaCode 错误: 571')).toContain('00703 AreaCode 错误');
    expect(shorterTexts('ACCOUNT', '00703 CustID 不存在: 1')).toContain('00703 CustID 不存在');
  });

  it('are starts of the text where the registry does not hold its code', () => {
    const foreign = `99999 ${'很'.repeat(50)}`;
    const forms = shorterTexts('CUST', foreign);
    for (const form of forms) expect(foreign.startsWith(form)).toBe(true);
    expect(forms.at(-1)).toBe('99999');
  });

  it('are none of the code alone, and only the code of its standard text', () => {
    expect(shorterTexts('CUST', '00403')).toEqual([]);
    expect(shorterTexts('CUST', standard)).toEqual(['00403']);
  });

  it('are each shorter than the text, each once, of few, whole characters, and end with the code', () => {
    const rooms = fc.oneof(
      fc.constant(undefined),
      fc.record({ bytes: fc.integer({ min: 0, max: 1200 }) }),
      fc.record({ characters: fc.integer({ min: 0, max: 1200 }) }),
    );
    fc.assert(
      fc.property(refusals, rooms, ({ source, code, detail }, room) => {
        const whole = errContent(source, { code, detail });
        const forms = shorterTexts(source, whole, room);
        expect(forms.length).toBeLessThanOrEqual(6);
        expect(new Set(forms).size).toBe(forms.length);
        for (const form of forms) {
          expect(bytesOf(form)).toBeLessThan(bytesOf(whole));
          expect(Buffer.from(form, 'utf8').toString('utf8')).toBe(form);
          expect(whole.startsWith(form)).toBe(true);
        }
        expect(forms.includes(code) || whole === code).toBe(true);
      }),
    );
  });

  it('always have the code, however little room the server tells of', () => {
    for (const room of [{ bytes: 0 }, { bytes: 3 }, { characters: 1 }])
      for (const form of shorterTexts('CUST', text, room)) expect(form.startsWith('00403')).toBe(true);
  });
});
