import type { VNode } from 'preact';
import type { Cell } from '../../domain/rows.js';
import type { Count } from '../../operator/contract/schema.js';
import { counted } from '../texts/pluralise.js';
import type { Texts } from '../texts/texts.js';
import { visibleText } from '../../domain/foreign-text.js';

/** A State by colour and words: `3 failed`. */
export function StateMark({ t, state }: { readonly t: Texts; readonly state: number | null }): VNode | null {
  if (state === null) return null;
  const known = (['0', '1', '2', '3'] as const).find((name) => name === String(state));
  return (
    <span class={`mark state-${known ?? 'unknown'}`}>
      {state} {known === undefined ? t.common.unknown : t.states[known]}
    </span>
  );
}

/** A word with the colour of what it says. */
export function Badge(props: {
  readonly kind: 'good' | 'bad' | 'warn' | 'quiet';
  readonly text: string;
}): VNode {
  return <span class={`mark ${props.kind}`}>{props.text}</span>;
}

/** An OPFlag with its meaning: `0101 open product`. */
export function operationLabel(t: Texts, opFlag: Cell): string {
  if (opFlag === null) return '';
  const words: Readonly<Record<string, string>> = t.operations;
  const word = Object.hasOwn(words, opFlag) ? words[opFlag] : undefined;
  return word === undefined ? visibleText(opFlag) : `${opFlag} ${word}`;
}

/** A count: `12`, or `10,000+` where counting stopped. */
export function countLabel(t: Texts, { rows, atLeast }: Count): string {
  return atLeast ? t.common.atLeast(counted(rows)) : counted(rows);
}

/** Numbers as ranges: `0–31, 40`. */
export function rangesLabel(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const ranges: { from: number; to: number }[] = [];
  for (const number of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && number <= last.to + 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}

/** A table's name without the prefix all of them share. */
export function shortTable(table: string): string {
  return table.replace(/^IF_BNET_/, '');
}
