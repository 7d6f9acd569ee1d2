import type { ConfigIssue } from './config-error.js';
import { isRecord, valueAt, withValue } from './unchecked.js';

/*
 * Secrets are written to files and variables with a line end that is easy to miss (`echo`, a YAML block, a mounted secret),
 * and a database refuses them with it. No password, user or URL ends with one on purpose.
 */

/** What is said of a value that had one. */
export const lineEndLeftOut = 'the line end at the end of its value is left out';

/** A text without the line ends at its end. */
export function withoutLineEnd(text: string): string {
  return text.replace(/[\r\n]+$/, '');
}

const secretPaths = [
  ['middle', 'connection'],
  ['store', 'connection'],
  ['middle', 'oracle', 'walletPassword'],
];

/** What a file says, with the line ends left out of connections and of the wallet's password. */
export function withoutLineEnds(input: unknown): {
  readonly input: unknown;
  readonly notes: readonly ConfigIssue[];
} {
  const notes: ConfigIssue[] = [];
  for (const path of secretPaths.flatMap((each) => [each, ...membersOf(input, each)])) {
    const value = valueAt(input, path);
    if (typeof value !== 'string' || withoutLineEnd(value) === value) continue;
    input = withValue(input, path, withoutLineEnd(value));
    notes.push({ path: path.join('.'), message: lineEndLeftOut });
  }
  return { input, notes };
}

function membersOf(input: unknown, path: readonly string[]): readonly (readonly string[])[] {
  const value = valueAt(input, path);
  return isRecord(value) ? Object.keys(value).map((name) => [...path, name]) : [];
}
