import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { metricCatalogue } from '../../src/telemetry/metric-catalogue.js';
import { anchorsOf, readMarkdown, root } from './markdown-file.js';
import { unknownIn } from './promql.js';
import { processMetrics } from './reference/metrics-page.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const alertsFile = 'config/prometheus/alerts.yml';
const { groups } = parse(text(alertsFile)) as { groups: readonly { rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const runbook = readMarkdown('docs/operations.md');
const known = [...metricCatalogue, ...processMetrics()];
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

describe('config/prometheus/alerts.yml', () => {
  it.each(rules)('$alert uses only metrics and labels that exist', ({ expr }) => {
    expect(unknownIn(expr, known)).toEqual([]);
  });

  it.each(rules)('$alert says in English and Chinese what it means, and where to read on', (rule) => {
    const { summary, description, summary_zh, description_zh, runbook: link = '' } = rule.annotations;
    for (const words of [summary, description]) expect(words).toMatch(/^[^\p{Script=Han}]+$/u);
    for (const words of [summary_zh, description_zh]) expect(words).toMatch(/\p{Script=Han}/u);
    expect(['warning', 'critical']).toContain(rule.labels.severity);
    const [path, anchor = ''] = link.split('#');
    expect(path).toBe(runbook.path);
    expect(anchor).toBe(rule.alert.toLowerCase());
    expect(anchorsOf(runbook)).toContain(anchor);
  });

  it('and the runbook know the same alerts', () => {
    const described = runbook.headings
      .map((heading) => heading.text)
      .filter((name) => /^BnetSync/.test(name));
    expect(described.sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });

  it.skipIf(!hasPromtool)('fires when it should, and not before, as promtool finds', () => {
    const file = fileURLToPath(new URL('alerts.promtool.yml', import.meta.url));
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
    expect(stdout + stderr).toContain('SUCCESS');
    expect(status).toBe(0);
  });
});

describe('config/grafana/dashboard.json', () => {
  const dashboard = JSON.parse(text('config/grafana/dashboard.json')) as { panels: readonly Panel[] };
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');

  it.each(panels)('$title uses only metrics and labels that exist', ({ targets = [] }) => {
    expect(targets).not.toEqual([]);
    expect(targets.flatMap(({ expr }) => unknownIn(expr, known))).toEqual([]);
  });

  it('shows every metric of ours', () => {
    const shown = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n');
    expect(metricCatalogue.map(({ name }) => name).filter((name) => !shown.includes(name))).toEqual([]);
  });

  it('has panels beside and below one another, each with a number of its own', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}:${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });
});

describe('what checks the expressions', () => {
  it('finds a metric, a label and a grouping that do not exist', () => {
    const wrong = [
      'sum(bnet_sync_rows_lost)',
      'bnet_sync_rows_pending{colour="red"}',
      'sum by (colour) (bnet_sync_rows_pending)',
      'bnet_sync_rows_pending_bucket',
      'process_resident_memory_kilobytes',
    ];
    expect(wrong.flatMap((expr) => unknownIn(expr, known))).toEqual([
      'metric bnet_sync_rows_lost',
      'label colour of bnet_sync_rows_pending',
      'label colour',
      'metric bnet_sync_rows_pending_bucket',
      'metric process_resident_memory_kilobytes',
    ]);
  });
});
