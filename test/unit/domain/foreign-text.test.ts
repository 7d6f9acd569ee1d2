import { describe, expect, it } from 'vitest';
import { escapedJson, namedUnseen, oneLine, visibleText } from '../../../src/domain/foreign-text.js';
import { hostileTexts, unwanted } from '../../support/hostile-texts.js';

describe('a foreign text made visible', () => {
  it('shows control characters as pictures, and by its number whatever else is not drawn or turns the direction', () => {
    expect(visibleText('a\u0000b\nc\u007f\u009b\u202ed\ufeff\u061c\u{e0041}')).toBe(
      'a␀b␊c␡⟨U+009B⟩⟨U+202E⟩d⟨U+FEFF⟩⟨U+061C⟩⟨U+E0041⟩',
    );
    expect(visibleText('half \ud83d')).toBe('half \ufffd');
  });

  it('is left as it is where everything shows: rare forms of Chinese characters, emoji, other scripts', () => {
    for (const text of ['华望公司 🎉', '葛\u{e0100}城', '❤\ufe0f', 'Ærø, Здравствуй', 'שלום', '　全角'])
      expect(visibleText(text)).toBe(text);
  });

  it('holds nothing unseen, whatever was written, and is not changed by a second time', () => {
    for (const text of hostileTexts) {
      const visible = visibleText(text);
      expect(visible).not.toMatch(unwanted);
      expect(visibleText(visible)).toBe(visible);
    }
  });
});

describe('a foreign text in an ErrContent', () => {
  it('has a space for each control character, and the name of what else cannot be seen', () => {
    expect(namedUnseen(oneLine('x\n=cmd\u202e\u200by\ud83d'))).toBe('x =cmd⟨U+202E⟩⟨U+200B⟩y\ufffd');
    for (const text of hostileTexts) expect(namedUnseen(oneLine(text))).not.toMatch(unwanted);
  });
});

describe('JSON without unseen characters', () => {
  it('means exactly what it meant', () => {
    for (const text of hostileTexts) {
      const json = escapedJson(JSON.stringify({ [text]: [text] }, null, 2));
      expect(json.replaceAll('\n', '')).not.toMatch(unwanted);
      expect(JSON.parse(json)).toEqual({ [text]: [text] });
    }
  });
});
