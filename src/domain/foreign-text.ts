/*
 * What others wrote (the platform's rows, a colleague's reason, a server's error) and what can be done with it: escape
 * sequences command a terminal, line ends forge a line of the log, marks of direction make one text look like another,
 * and characters without width hide in it. Wherever such a text is shown to people (console, command line, log lines for
 * people, CSV), it passes `visibleText`; where it is part of JSON, `escapedJson`; in an ErrContent, `oneLine` and
 * `namedUnseen`.
 */

/**
 * Control characters, line and paragraph separators, formatting characters (marks of direction, zero width), whatever
 * else Unicode says is not drawn, and half surrogate pairs. Variation selectors are left: they belong to the character
 * before them, as in rare characters of Chinese names.
 */
const unseen = /(?!\p{Variation_Selector})[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** Control characters of ASCII and Latin-1, and Unicode's own line and paragraph separators. */
const breaksTheLine = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

/**
 * A text on one line, with what cannot be seen made visible: control characters as pictures (`␛`), all others by their
 * number (`⟨U+202E⟩`), half a surrogate pair as U+FFFD. A text without such characters is returned as it is.
 */
export function visibleText(text: string): string {
  return text.replace(unseen, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? '\u2421' : named(character);
  });
}

/** A text with each character that cannot be seen and is no control character named: `⟨U+200B⟩`. */
export function namedUnseen(text: string): string {
  return text.replace(unseen, (character) => (/\p{Cc}/u.test(character) ? character : named(character)));
}

function named(character: string): string {
  if (/\p{Cs}/u.test(character)) return '\ufffd';
  const code = character.codePointAt(0) ?? 0;
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

/** Replaces every control character and line separator by a space, and half a character, which UTF-8 lacks, by U+FFFD. */
export function oneLine(text: string): string {
  return text.replace(breaksTheLine, ' ').replace(/\p{Cs}/gu, '\ufffd');
}

/** JSON with the same meaning in which no character is unseen: `\u001b`. Line ends between its values stay. */
export function escapedJson(json: string): string {
  return json.replace(unseen, (character) =>
    character === '\n' ? character : [...codeUnits(character)].map(escaped).join(''),
  );
}

function* codeUnits(text: string): Generator<number> {
  for (let index = 0; index < text.length; index += 1) yield text.charCodeAt(index);
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
