import type { VNode } from 'preact';
import type { Cell } from '../../domain/rows.js';
import type { Texts } from '../texts/texts.js';
import { visibleText } from '../../domain/foreign-text.js';

interface TimeProps {
  readonly t: Texts;
  /** Leaves out the zone: the column's head names it. */
  readonly bare?: boolean;
}

/** A date of the middle database, `YYYY-MM-DD HH:MM:SS` by its clock: the zone is that server's, whatever it is. */
export function MiddleTime({ t, bare, at }: TimeProps & { readonly at: Cell }): VNode | null {
  if (at === null) return null;
  return (
    <time class="time" title={t.time.middleHint}>
      {visibleText(at)}
      {bare === true ? null : <small class="zone"> {t.time.middle}</small>}
    </time>
  );
}

/** An instant of the product store or of this process, ISO 8601 in UTC. */
export function StoreTime({ t, bare, at }: TimeProps & { readonly at: string | null }): VNode | null {
  if (at === null) return null;
  return (
    <time class="time" dateTime={at} title={t.time.storeHint}>
      {instantText(at)}
      {bare === true ? null : <small class="zone"> {t.time.utc}</small>}
    </time>
  );
}

/** `2026-11-22 04:48:21` of an ISO instant in UTC. */
function instantText(at: string): string {
  return at.slice(0, 19).replace('T', ' ');
}

/** A column's head with the zone of its times. */
export function ZonedHead(props: {
  readonly t: Texts;
  readonly name: string;
  readonly zone: 'utc' | 'middle';
}): VNode {
  const { t, name, zone } = props;
  return (
    <th scope="col" title={zone === 'utc' ? t.time.storeHint : t.time.middleHint}>
      {name} <small class="zone">{t.time[zone]}</small>
    </th>
  );
}

/** The two largest units of a time span: `5 h 45 min`. */
export function durationLabel(t: Texts, seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const { units } = t.time;
  const parts = [
    { count: Math.floor(whole / 86_400), unit: units.d },
    { count: Math.floor(whole / 3600) % 24, unit: units.h },
    { count: Math.floor(whole / 60) % 60, unit: units.min },
    { count: whole % 60, unit: units.s },
  ];
  const first = parts.findIndex(({ count }) => count > 0);
  if (first === -1) return `0 ${units.s}`;
  const shown = parts.slice(first, first + 2).filter(({ count }) => count > 0);
  return t.time.joined(shown.map(({ count, unit }) => `${count} ${unit}`));
}
