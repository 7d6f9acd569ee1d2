const grouped = new Intl.NumberFormat('en-US');
const plural = new Intl.PluralRules('en');

/** A number with its thousands set apart; a text stays as it is. */
export function counted(count: number | string): string {
  return typeof count === 'number' ? grouped.format(count) : count;
}

/** A number of things in English: `1 row`, `1,234 rows`, `10,000+ rows`. */
export function pluralise(count: number | string, one: string, many: string): string {
  const word = typeof count === 'number' && plural.select(count) === 'one' ? one : many;
  return `${counted(count)} ${word}`;
}
