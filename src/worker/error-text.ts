import { DatabaseError } from '../database/errors.js';
import { oneLine } from '../domain/err-content.js';

const shownCharacters = 300;

/** An error for logs: its own words on one line, shortened, without stack; of a database error with its code. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error)).slice(0, shownCharacters);
  const code = error instanceof DatabaseError && error.code !== undefined ? ` [${error.code}]` : '';
  return oneLine(`${error.message}${code}`).slice(0, shownCharacters);
}
