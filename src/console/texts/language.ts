import { languages, type Language } from './texts.js';

/** The language that a text names, in any spelling of its subtags; undefined where the console does not speak it. */
export function languageNamed(text: unknown): Language | undefined {
  const primary = typeof text === 'string' ? text.trim().toLowerCase().split(/[-_]/)[0] : undefined;
  return languages.find((language) => language === primary);
}

/** The console's language for an Accept-Language header: Chinese where it is wanted before English, else English. */
export function acceptedLanguage(header: string | undefined): Language {
  const wanted = (header ?? '')
    .split(',')
    .map((part) => {
      const [range = '', ...parameters] = part.split(';');
      const quality = parameters.map((text) => /^\s*q=([\d.]+)\s*$/i.exec(text)?.[1]).find(Boolean);
      return { language: languageNamed(range), quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return wanted.find(({ language }) => language !== undefined)?.language ?? 'en';
}
