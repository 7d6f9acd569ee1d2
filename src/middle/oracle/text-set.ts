/*
 * A set of texts in few bound texts: `,12,345,` holds 12 and 345. A list of binds would take one per text in each
 * branch of the poll, thousands in all, and a new statement in the server's shared pool per length.
 */

/** The longest text that every Oracle takes as a bind, in bytes. */
const longestText = 4000;

/** Joins texts: each stands between two separators, which none of them contains. */
export function packed(texts: readonly string[], separator: string): string[] {
  const packs: string[] = [];
  let pack = separator;
  let bytes = 1;
  for (const text of texts) {
    const added = Buffer.byteLength(text) + 1;
    if (bytes > 1 && bytes + added > longestText) {
      packs.push(pack);
      [pack, bytes] = [separator, 1];
    }
    pack += text + separator;
    bytes += added;
  }
  packs.push(pack);
  return packs;
}

/** How many packs to bind: few numbers make few different statements. */
export function paddedCount(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count)));
}

/** A set of texts as binds, and the condition that an expression is none of them. */
export interface TextList {
  readonly binds: Readonly<Record<string, string>>;
  readonly isNone: (expression: string) => string;
}

/** Makes a list of texts without the separator, given by its code; a NULL expression is none of them. */
export function listOf(name: string, texts: readonly string[], separatorCode: number): TextList {
  if (texts.length === 0) return { binds: {}, isNone: () => '1 = 1' };
  const separator = String.fromCharCode(separatorCode);
  const packs = packed(texts, separator);
  const names = Array.from({ length: paddedCount(packs.length) }, (_, index) => `${name}${index + 1}`);
  return {
    binds: Object.fromEntries(names.map((bind, index) => [bind, packs[index] ?? separator])),
    isNone: (expression) => {
      const member = `CHR(${separatorCode}) || ${expression} || CHR(${separatorCode})`;
      return `(${names.map((bind) => `INSTRB(:${bind}, ${member}) = 0`).join(' AND ')})`;
    },
  };
}
