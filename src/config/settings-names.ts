/*
 * Names of settings as people type them.
 */

/** A name as it is compared between files, variables and the schema: no case, no separators. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '');
}

/** The candidate that differs from a name in at most two letters (one in short names), or undefined. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const limit = plainName(name).length > 4 ? 2 : 1;
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(plainName(name), plainName(candidate)) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** Letters to insert, delete, replace, or swap with the next (optimal string alignment). */
function editDistance(from: string, to: string): number {
  const [a, b] = [Array.from(from), Array.from(to)];
  let beforeLast: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [row, letter] of a.entries()) {
    const current = [row + 1];
    for (const [column, other] of b.entries()) {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      const isSwap = row > 0 && column > 0 && letter === b[column - 1] && other === a[row - 1];
      const swapped = isSwap ? (beforeLast[column - 1] ?? 0) + 1 : Infinity;
      current.push(Math.min(replaced, swapped, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    [beforeLast, previous] = [previous, current];
  }
  return previous.at(-1) ?? 0;
}
