import { en } from './en.js';
import { zh, type Texts } from './zh.js';

export type { Texts } from './zh.js';

/** The console's languages. */
export const languages = ['zh', 'en'] as const;
export type Language = (typeof languages)[number];

/** Every text of the console by language; the compiler holds the two catalogues to the same keys. */
export const catalogues: Readonly<Record<Language, Texts>> = { zh, en };

/** What `<html lang>` says for each language. */
export const languageTags: Readonly<Record<Language, string>> = { zh: 'zh-CN', en: 'en' };

/** How each language calls itself. */
export const languageNames: Readonly<Record<Language, string>> = { zh: '中文', en: 'English' };
