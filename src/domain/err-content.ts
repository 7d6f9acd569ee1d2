import { namedUnseen, oneLine } from './foreign-text.js';
import type { Source } from './keys.js';
import { resultText, type ResultCode } from './result-codes.js';

/** The length of the ErrContent column: Varchar2(1024), which Oracle counts in bytes by default. */
export const errContentMaxBytes = 1024;

/** Why a row is refused: a code of the registry and what the platform's people need to correct it. */
export interface Refusal {
  readonly code: ResultCode;
  /** Field and value at fault, in Chinese; empty when the code says it all. */
  readonly detail: string;
}

/** The ErrContent of a refused row: `code standard-text: detail`, one line, at most 1024 bytes of UTF-8 (P5). */
export function errContent(source: Source, refusal: Refusal): string {
  const standard = `${refusal.code} ${resultText(source, refusal.code) ?? ''}`;
  const text = refusal.detail === '' ? standard : `${standard}: ${refusal.detail}`;
  return cutToBytes(oneLine(text), errContentMaxBytes);
}

/** Where a database says how long a text may be. */
export type Room = { readonly bytes: number } | { readonly characters: number };

/** Shorter forms of an ErrContent, for a table that does not take it: cut, the code with its standard text, the code. */
export function shorterTexts(source: Source, text: string, room?: Room): readonly string[] {
  const code = text.slice(0, 5);
  const standard = `${code} ${resultText(source, code) ?? ''}`;
  const bytes = Buffer.byteLength(text);
  const cuts = [2, 4, 8]
    .map((part) => Math.floor(bytes / part))
    .filter((size) => size > Buffer.byteLength(standard));
  const texts = [
    room === undefined ? text : cutToRoom(text, room),
    ...cuts.map((size) => cutToBytes(text, size)),
    standard,
    code,
  ];
  return [...new Set(texts)].filter(
    (shorter) => shorter.startsWith(code) && Buffer.byteLength(shorter) < bytes,
  );
}

function cutToRoom(text: string, room: Room): string {
  return 'bytes' in room ? cutToBytes(text, room.bytes) : [...text].slice(0, room.characters).join('');
}

/** Cuts a text to at most so many bytes of UTF-8, between characters. */
export function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

const quotedMaxCharacters = 60;

/** A foreign value as an ErrContent quotes it: on one line, what cannot be seen named, shortened when it is long. */
export function quoted(value: string): string {
  const characters = [...value];
  const shown =
    characters.length > quotedMaxCharacters ? `${characters.slice(0, quotedMaxCharacters).join('')}…` : value;
  return `"${namedUnseen(oneLine(shown))}"`;
}
