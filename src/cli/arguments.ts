import { InvalidArgumentError } from 'commander';
import { sources, tableOf, type Source } from '../domain/keys.js';
import { noCode, parseCode } from '../operator/failure-code.js';
import { parseAge, parseSince, type Since } from '../operator/since.js';

/*
 * Readers of arguments and options. What they refuse is wrong usage.
 */

/** IF_BNET_CUST or IF_BNET_ACCOUNT, CUST or ACCOUNT, in any case. */
export function tableArgument(text: string): Source {
  const name = text.toUpperCase();
  const source = sources.find((each) => each === name || tableOf[each] === name);
  if (source === undefined) throw new InvalidArgumentError('It is IF_BNET_CUST or IF_BNET_ACCOUNT.');
  return source;
}

/** 1 to 30 digits, as a database writes them: without leading zeros. */
export function numberArgument(text: string): string {
  if (!/^\d{1,30}$/.test(text)) throw new InvalidArgumentError('It has 1 to 30 digits and nothing else.');
  return BigInt(text).toString();
}

/** Several of them. */
export function numberArguments(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), numberArgument(text)];
}

/** A result code of ErrContent, or `none`, as it is given: commander takes a null for an empty text. */
export function codeArgument(text: string): string {
  if (parseCode(text) === undefined)
    throw new InvalidArgumentError(`A code has 5 digits, such as 00402; or ${noCode}.`);
  return text;
}

const mostRows = 10_000;

/** How many rows to list at most. */
export function limitArgument(text: string): number {
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > mostRows) throw new InvalidArgumentError(`It is a number from 1 to ${mostRows}.`);
  return limit;
}

/** A date by the middle database's clock, or how long ago. */
export function sinceArgument(text: string): Since {
  const since = parseSince(text);
  if (since === null) {
    throw new InvalidArgumentError(
      'It is a date (2026-11-21, "2026-11-21 08:00:00") or a time span (30m, 24h, 7d).',
    );
  }
  return since;
}

/** How long ago, in milliseconds: `400d`. */
export function ageArgument(text: string): number {
  const ageMs = parseAge(text);
  if (ageMs === null) throw new InvalidArgumentError('It is a time span, such as 400d.');
  return ageMs;
}

const mostCharacters = 500;

/** A text that is looked for, or said. */
export function textArgument(text: string): string {
  const length = [...text].length;
  if (text.trim() === '' || length > mostCharacters || text.includes('\0')) {
    throw new InvalidArgumentError(`It is a text of 1 to ${mostCharacters} characters.`);
  }
  return text;
}

/** A port to listen on, 0 to 65535. */
export function portArgument(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('It is a port, 0 to 65535.');
  return port;
}
