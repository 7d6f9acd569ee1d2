import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readMarkdown, root } from './markdown-file.js';

/*
 * One concept has one word (docs/glossary.md). Words that were given up stay out of documents, files for operators and the
 * sources' texts and comments; eslint keeps them out of identifiers, from the same list. The changelog tells of the past.
 */

interface RetiredWords {
  /** A pattern of the old word, and what is written instead. */
  readonly texts: Readonly<Record<string, string>>;
  /** Files and folders that may have them, and why. */
  readonly exceptions: Readonly<Record<string, string>>;
}

const { texts, exceptions } = JSON.parse(
  readFileSync(new URL('retired-words.json', import.meta.url), 'utf8'),
) as RetiredWords;
const patterns = Object.entries(texts).map(
  ([word, instead]) =>
    [new RegExp(`(?<![\\w-])${word}(?![\\w-])`, /[A-Z]/.test(word) ? 'g' : 'gi'), instead] as const,
);

const inRoot = readdirSync(root).filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md');
const places = [...inRoot, 'docs', 'config', 'sql', 'src', '.github'].filter((path) =>
  existsSync(new URL(path, root)),
);

describe('words that were given up', () => {
  it.each(places)('are not in %s', (place) => {
    expect(filesOf(place).flatMap((path) => found(path, read(path)))).toEqual([]);
  });

  it('are found in prose, over the end of a line, and as names', () => {
    const text = 'The row is put\noff.\n// Its twins are in hand.\n`sync_trial`, `tried` and inHand; in-hand';
    expect(found('x.md', text)).toEqual([
      'x.md:3: "in hand", write: in flight, or in State 1',
      'x.md:4: "in-hand", write: processing',
      'x.md:1: "put off", write: defer',
      'x.md:3: "twins", write: duplicates',
      'x.md:4: "`tried`", write: crashRetry',
      'x.md:4: "inHand", write: inFlight, processing',
      'x.md:4: "sync_trial", write: sync_crash',
    ]);
  });

  it('are not found where they are part of other words, or mean something else', () => {
    expect(found('x.md', 'desktop, offhand: a desk-bound row is tried, on the other hand')).toEqual([]);
  });

  it('have words that took their place in the glossary, in order and in two languages', () => {
    const lines =
      readMarkdown('docs/glossary.md')
        .prose.match(/^\|.*\|$/gm)
        ?.slice(2) ?? [];
    const rows = lines.map((line) => line.split('|').map((cell) => cell.trim()));
    const terms = rows.map(([, term = '']) => term.toLowerCase());
    expect(terms.length).toBeGreaterThan(40);
    expect(terms).toEqual([...new Set(terms)].sort());
    for (const [, term, english, chinese] of rows) {
      expect(english, term).toMatch(/[a-z]{3}/);
      expect(chinese, term).toMatch(/\p{Script=Han}{2}/u);
    }
  });

  it('are excused only in files that exist', () => {
    const gone = Object.keys(exceptions).filter((path) => !existsSync(new URL(path, root)));
    expect(gone.filter((path) => path !== 'src/domain/decide-batch.ts')).toEqual([]);
  });
});

function filesOf(place: string): string[] {
  if (statSync(new URL(place, root)).isFile()) return [place];
  const names = readdirSync(new URL(`${place}/`, root), { recursive: true, encoding: 'utf8' });
  return names
    .map((name) => `${place}/${name}`)
    .filter((path) => statSync(new URL(path, root)).isFile())
    .filter((path) => !Object.keys(exceptions).some((excused) => path.startsWith(excused)));
}

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

/** Old words in a text, each with its line and what to write instead. */
function found(path: string, text: string): string[] {
  // Words are found over the end of a line too; all places stay as they are.
  const onOneLine = text.replaceAll('\n', ' ');
  return patterns.flatMap(([pattern, instead]) =>
    [...onOneLine.matchAll(pattern)].map(({ 0: word, index }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${path}:${line}: "${word}", write: ${instead}`;
    }),
  );
}
