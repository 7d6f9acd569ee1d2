import type { VNode } from 'preact';
import { visibleText } from '../../domain/foreign-text.js';
import type { Cell } from '../../domain/rows.js';

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
