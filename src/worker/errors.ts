import { inspect } from 'node:util';
import { DatabaseError } from '../database/errors.js';
import { oneLine } from '../domain/foreign-text.js';

const shownCharacters = 300;

/** An error for logs: its own words on one line, shortened, without stack; of a database error with its code. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(worded(error)).slice(0, shownCharacters);
  const code = error instanceof DatabaseError && error.code !== undefined ? ` [${error.code}]` : '';
  return oneLine(`${error.message}${code}`).slice(0, shownCharacters);
}

/** What was thrown, as an error: JavaScript throws anything, undefined included. `words` stand before what is none. */
export function asError(thrown: unknown, words: string): Error {
  return thrown instanceof Error ? thrown : new Error(`${words} ${worded(thrown)}`, { cause: thrown });
}

function worded(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 0 });
}
