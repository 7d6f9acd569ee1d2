/*
 * How people, programs and addresses name the result code to search failed rows for.
 */

/** Names failures whose ErrContent starts with no result code. */
export const noCode = 'none';

/** Reads five digits, or `none`, which is null; undefined where it is neither. */
export function parseCode(text: string): string | null | undefined {
  if (text === noCode) return null;
  return /^\d{5}$/.test(text) ? text : undefined;
}
