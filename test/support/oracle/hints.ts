import { unsupported } from './errors.js';

/*
 * Hints. Oracle takes one that is misspelt, misplaced or about no table of its query for a remark, and says nothing: no test
 * would notice. So only those that are known get through, where they have an effect.
 */

const known = [
  /^NO_UNNEST$/,
  /^FIRST_ROWS\(\d+\)$/,
  /^CURSOR_SHARING_EXACT$/,
  /^INDEX_RS_(?:ASC|DESC)\((?<alias>\w+)(?: \(\w+(?: \w+)*\))+\)$/,
] as const;

/** Throws where a statement has a hint that has no effect, or that the stand-in does not know. */
export function guardHints(sql: string): void {
  const outsideTexts = sql.replaceAll(/'(?:[^']|'')*'/g, "''");
  for (const match of outsideTexts.matchAll(/\/\*\+(.*?)\*\//gs)) {
    const hint = (match[1] ?? '').trim();
    const found = known.map((form) => form.exec(hint)).find((result) => result !== null);
    if (found === undefined) throw unsupported(`the hint ${hint}`);
    const before = outsideTexts.slice(0, match.index);
    if (!/\b(?:SELECT|INSERT|UPDATE|DELETE|MERGE)\s+$/i.test(before))
      throw unsupported(`a hint that stands behind no SELECT or change: ${hint}`);
    const { alias } = found.groups ?? {};
    const after = outsideTexts.slice(match.index + match[0].length);
    const [, named] = /\bFROM\s+[\w.]+\s+(\w+)\b/i.exec(after) ?? [];
    if (alias !== undefined && named !== alias)
      throw unsupported(`a hint about ${alias}, which is no table of its query: ${hint}`);
  }
}
