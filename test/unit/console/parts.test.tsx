import { renderToString } from 'preact-render-to-string';
import { describe, expect, it } from 'vitest';
import { BarChart } from '../../../src/console/parts/bar-chart.js';
import { visibleText } from '../../../src/domain/foreign-text.js';
import { Foreign } from '../../../src/console/parts/foreign.js';
import { durationLabel, MiddleTime, StoreTime } from '../../../src/console/parts/times.js';
import { countLabel, operationLabel, rangesLabel } from '../../../src/console/parts/labels.js';
import { catalogues } from '../../../src/console/texts/texts.js';
import type { ActivityBar } from '../../../src/operator/contract/state.js';

const { en, zh } = catalogues;

describe('foreign text', () => {
  it('is escaped', () => {
    const html = renderToString(<Foreign text={`<script>alert("1")</script>&amp;'`} />);
    expect(html).not.toContain('<script>');
    expect(html).toContain('&lt;script');
    expect(html).toContain('&amp;amp;');
  });

  it('shows what cannot be seen, and what turns the direction of writing', () => {
    expect(visibleText('a\u0000b\nc\u202ed\ufeff')).toBe('a␀b␊c⟨U+202E⟩d⟨U+FEFF⟩');
    expect(visibleText('华望公司 🎉')).toBe('华望公司 🎉');
  });

  it('is nothing where there is none', () => {
    expect(renderToString(<Foreign text={null} />)).toBe('');
  });
});

describe('a bar chart', () => {
  const bar = (applied: number, failed: number, minute = 0): ActivityBar => ({
    from: `2026-11-22T04:${String(minute).padStart(2, '0')}:00.000Z`,
    applied,
    failed,
  });
  const chart = (bars: readonly ActivityBar[]) =>
    renderToString(<BarChart t={en} id="c" title="Last hour" bars={bars} spanMinutes={5} />);

  it('says that there is nothing where there is nothing', () => {
    for (const html of [chart([]), chart([bar(0, 0), bar(0, 0, 5)])]) {
      expect(html).toContain('Nothing was decided in this time');
      expect(html).not.toMatch(/NaN|Infinity|class="(applied|failed)"/);
    }
  });

  it('has a title, a summary and its axes named', () => {
    const html = chart([bar(3, 1)]);
    expect(html).toContain('role="img" aria-labelledby="c-title c-summary"');
    expect(html).toContain('<desc id="c-summary">3 rows applied, 1 row refused</desc>');
    expect(html).toContain('Time (UTC)');
    expect(html).toContain('04:00–04:05 UTC: 3 rows applied, 1 row refused');
  });

  it('draws a single row among many so that it is seen, within the plot', () => {
    const html = chart([bar(1_000_000, 1)]);
    const rects = [
      ...html.matchAll(/<rect class="(failed|applied)" [^>]*y="([\d.]+)"[^>]*height="([\d.]+)"/g),
    ];
    expect(rects.map(([, name]) => name)).toEqual(['failed', 'applied']);
    for (const [, , y, height] of rects) {
      expect(Number(height)).toBeGreaterThanOrEqual(2);
      expect(Number(y)).toBeGreaterThanOrEqual(20);
    }
  });

  it('carries no style of its own, which the policy would refuse', () => {
    expect(chart([bar(1, 1)])).not.toContain('style=');
  });
});

describe('times', () => {
  it('name the zone they are in', () => {
    expect(renderToString(<StoreTime t={zh} at="2026-11-22T04:48:21.123Z" />)).toMatch(
      /2026-11-22 04:48:21<small class="zone"> UTC/,
    );
    expect(renderToString(<MiddleTime t={zh} at="2026-11-22 12:48:21" />)).toMatch(
      /2026-11-22 12:48:21<small class="zone"> 中间库时间/,
    );
  });

  it('are spans of at most two units', () => {
    expect([0, 59.9, 3600, 90_061].map((seconds) => durationLabel(en, seconds))).toEqual([
      '0 s',
      '59 s',
      '1 h',
      '1 d 1 h',
    ]);
    expect(durationLabel(zh, 7503)).toBe('2 小时 5 分');
  });
});

describe('words', () => {
  it('stand beside their codes, where the specification has one', () => {
    expect(operationLabel(zh, '0101')).toBe('0101 客户新增');
    expect(operationLabel(zh, 'toString')).toBe('toString');
    expect(operationLabel(zh, null)).toBe('');
  });

  it('say where counting stopped', () => {
    expect(countLabel(en, { rows: 10_000, atLeast: true })).toBe('10,000+');
    expect(countLabel(en, { rows: 9999, atLeast: false })).toBe('9,999');
  });

  it('join shards to ranges', () => {
    expect(rangesLabel([3, 1, 2, 7, 10, 9])).toBe('1–3, 7, 9–10');
    expect(rangesLabel([])).toBe('');
  });
});
