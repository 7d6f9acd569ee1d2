import type { VNode } from 'preact';
import type { ActivityBar } from '../../operator/contract/state.js';
import type { Texts } from '../texts/texts.js';
import { counted } from '../texts/pluralise.js';

/** Measures of a chart in its own units; the style sheet gives its size on the page. */
const width = 420;
const height = 156;
const edge = { left: 44, right: 4, top: 20, bottom: 32 };
const plot = { width: width - edge.left - edge.right, height: height - edge.top - edge.bottom };
/** A bar of a single row is still to be seen. */
const leastHeight = 2;

interface ChartProps {
  readonly t: Texts;
  /** Tells this chart from others on the page. */
  readonly id: string;
  readonly title: string;
  readonly bars: readonly ActivityBar[];
  readonly spanMinutes: number;
}

/** What was applied and refused in each span, as stacked bars, with the same as a table for those who want it. */
export function BarChart({ t, id, title, bars, spanMinutes }: ChartProps): VNode {
  const applied = bars.reduce((sum, bar) => sum + bar.applied, 0);
  const failed = bars.reduce((sum, bar) => sum + bar.failed, 0);
  const top = roundedUp(Math.max(1, ...bars.map((bar) => bar.applied + bar.failed)));
  const empty = applied + failed === 0;
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <p class="legend">
        <span class="swatch applied" /> {t.charts.applied} {counted(applied)} <span class="swatch failed" />{' '}
        {t.charts.failed} {counted(failed)}
      </p>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-labelledby={`${id}-title ${id}-summary`}>
        <title id={`${id}-title`}>{title}</title>
        <desc id={`${id}-summary`}>{empty ? t.charts.empty : t.charts.summary(applied, failed)}</desc>
        <Axes t={t} top={top} />
        {bars.map((bar, index) => (
          <Bar key={bar.from} {...{ t, bar, index, top, spanMinutes, of: bars.length }} />
        ))}
        {empty ? (
          <text
            class="empty"
            x={edge.left + plot.width / 2}
            y={edge.top + plot.height / 2}
            text-anchor="middle"
          >
            {t.charts.empty}
          </text>
        ) : null}
      </svg>
      {empty ? null : <ChartTable {...{ t, bars, spanMinutes }} />}
    </figure>
  );
}

function Axes({ t, top }: { readonly t: Texts; readonly top: number }): VNode {
  const steps = top % 2 === 0 ? [0, top / 2, top] : [0, top];
  return (
    <g class="axes" aria-hidden="true">
      {steps.map((value) => {
        const y = edge.top + plot.height * (1 - value / top);
        return (
          <g key={value}>
            <line x1={edge.left} x2={width - edge.right} y1={y} y2={y} />
            <text x={edge.left - 4} y={y + 3} text-anchor="end">
              {counted(value)}
            </text>
          </g>
        );
      })}
      <text x={edge.left + plot.width / 2} y={height - 3} text-anchor="middle">
        {t.charts.xAxis}
      </text>
      <text x={edge.left - 4} y={9} text-anchor="end">
        {t.charts.yAxis}
      </text>
    </g>
  );
}

interface BarProps {
  readonly t: Texts;
  readonly bar: ActivityBar;
  readonly index: number;
  readonly of: number;
  readonly top: number;
  readonly spanMinutes: number;
}

function Bar({ t, bar, index, of, top, spanMinutes }: BarProps): VNode {
  const step = plot.width / of;
  const x = edge.left + index * step;
  const gap = Math.min(3, step / 5);
  const base = edge.top + plot.height;
  const failed = barHeight(bar.failed, top);
  const applied = Math.min(barHeight(bar.applied, top), plot.height - failed);
  // Every third or fourth span is named, so that names do not meet.
  const named = index % Math.max(1, Math.ceil(of / 6)) === 0;
  return (
    <g>
      <title>{t.charts.bar(spanText(bar, spanMinutes), bar.applied, bar.failed)}</title>
      <rect class="reach" x={x} y={edge.top} width={step} height={plot.height} />
      {failed === 0 ? null : (
        <rect class="failed" x={x + gap / 2} y={base - failed} width={step - gap} height={failed} />
      )}
      {applied === 0 ? null : (
        <rect
          class="applied"
          x={x + gap / 2}
          y={base - failed - applied}
          width={step - gap}
          height={applied}
        />
      )}
      {named ? (
        <text x={x + step / 2} y={base + 13} text-anchor="middle" aria-hidden="true">
          {clockText(bar.from)}
        </text>
      ) : null}
    </g>
  );
}

function ChartTable({ t, bars, spanMinutes }: Pick<ChartProps, 't' | 'bars' | 'spanMinutes'>): VNode {
  return (
    <details>
      <summary>{t.charts.data}</summary>
      <table class="narrow">
        <thead>
          <tr>
            <th scope="col">{t.charts.span}</th>
            <th scope="col" class="number">
              {t.charts.applied}
            </th>
            <th scope="col" class="number">
              {t.charts.failed}
            </th>
          </tr>
        </thead>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.from}>
              <td>{spanText(bar, spanMinutes)}</td>
              <td class="number">{counted(bar.applied)}</td>
              <td class="number">{counted(bar.failed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function barHeight(rows: number, top: number): number {
  return rows === 0 ? 0 : Math.max(leastHeight, Math.round((rows / top) * plot.height * 10) / 10);
}

/** The next of 1, 2, 5, 10, 20, 50, … */
function roundedUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10;
  return step * power;
}

function spanText(bar: ActivityBar, minutes: number): string {
  const end = Date.parse(bar.from) + minutes * 60_000;
  return Number.isNaN(end) ? bar.from : `${clockText(bar.from)}–${clockText(new Date(end).toISOString())}`;
}

function clockText(instant: string): string {
  return instant.slice(11, 16);
}
