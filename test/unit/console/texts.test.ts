import { describe, expect, it } from 'vitest';
import { acceptedLanguage, languageNamed } from '../../../src/console/texts/language.js';
import { catalogues } from '../../../src/console/texts/texts.js';

/** Every text and function of a catalogue by its path. */
function texts(part: object, path = ''): Map<string, unknown> {
  return new Map(
    Object.entries(part).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'object' && value !== null
        ? [...texts(value, `${path}${key}.`)]
        : [[`${path}${key}`, value] as const],
    ),
  );
}

describe('texts of the console', () => {
  const zh = texts(catalogues.zh);
  const en = texts(catalogues.en);

  it('are the same in both languages, none of them empty', () => {
    expect([...en.keys()].sort()).toEqual([...zh.keys()].sort());
    for (const [path, text] of [...zh, ...en])
      expect(typeof text === 'function' || (text as string).trim() !== '', path).toBe(true);
  });

  it('are in their language: no Chinese in the English ones', () => {
    for (const [path, text] of en)
      if (typeof text === 'string') expect(text, path).not.toMatch(/\p{Script=Han}/u);
  });

  it('know one row from several', () => {
    const { common, requeue, overview, workers } = catalogues.en;
    expect([0, 1, 2, 1234].map(common.rows)).toEqual(['0 rows', '1 row', '2 rows', '1,234 rows']);
    expect(requeue.confirm('1')).toBe('Requeue 1 row');
    expect(requeue.confirm('10,000')).toBe('Requeue 10,000 rows');
    expect(overview.pausedNow(1)).toContain('1 pause is');
    expect(overview.pausedNow(3)).toContain('3 pauses are');
    expect(workers.unowned(1, 64)).toBe('1 of 64 shards is without a holder:');
    expect(catalogues.zh.common.rows(1234)).toBe('1,234 行');
  });
});

describe('the language', () => {
  it.each([
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['zh-TW', 'zh'],
    ['en-US,en;q=0.9,zh;q=0.8', 'en'],
    ['de-DE,zh;q=0.5,en;q=0.4', 'zh'],
    ['de-DE,de;q=0.9', 'en'],
    ['zh;q=0, en', 'en'],
    ['zh;q=0', 'en'],
    ['', 'en'],
    [undefined, 'en'],
    [';;,=q;q=x', 'en'],
  ])('of a browser that accepts %j is %s', (header, language) => {
    expect(acceptedLanguage(header)).toBe(language);
  });

  it('is named by its first subtag, and by nothing that is no text', () => {
    expect(languageNamed('ZH_Hans')).toBe('zh');
    expect(languageNamed('fr')).toBeUndefined();
    expect(languageNamed(['zh'])).toBeUndefined();
  });
});
