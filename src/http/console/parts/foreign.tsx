import type { VNode } from 'preact';
import type { Cell } from '../../../domain/rows.js';

/**
 * A text with its control characters as pictures: they would be lost in HTML, or hide what a text holds. Marks that
 * turn the direction of writing are named, so that no text can dress itself up as another.
 */
export function visibleText(text: string): string {
  return text.replaceAll(invisible, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? '\u2421' : `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}

/** Control characters, line separators, characters without width, and marks of direction. */
const invisible = /[\p{Cc}\p{Zl}\p{Zp}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** A value that others wrote, shown as it is and set apart from the text around it; nothing for NULL. */
export function Foreign({ text }: { readonly text: Cell }): VNode | null {
  return text === null ? null : <bdi>{visibleText(text)}</bdi>;
}

/** A text in the platform's Chinese: ErrContent and standard texts. */
export function ChineseText({ text }: { readonly text: Cell }): VNode | null {
  return text === null ? null : <bdi lang="zh-CN">{visibleText(text)}</bdi>;
}

/** A number or key: digits of equal width, and broken anywhere rather than pushing the page wide. */
export function KeyText({ text }: { readonly text: Cell }): VNode | null {
  return text === null ? null : <bdi class="key">{visibleText(text)}</bdi>;
}
