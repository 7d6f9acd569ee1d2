import { collectDefaultMetrics, Registry } from 'prom-client';
import { metricCatalogue } from '../../../src/telemetry/metric-catalogue.js';
import { code, oneLine, page, table } from './markdown.js';

/** A metric as `/metrics` shows it. */
export interface MetricEntry {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** The metrics about the process itself, as prom-client makes them on this platform. */
export function processMetrics(): MetricEntry[] {
  const register = new Registry();
  collectDefaultMetrics({ register });
  return register.getMetricsAsArray().map((metric) => {
    const { name, type, help, labelNames } = metric as unknown as {
      name: string;
      type: string;
      help: string;
      labelNames: readonly string[];
    };
    return { name, type, help, labels: labelNames };
  });
}

const origins = {
  worker: "Told by the process's worker, so only with `run`. Add them up over processes.",
  overview:
    'the databases, read at most once in ten seconds: the same from every process, so take the highest',
  process: 'Of the process itself.',
} as const;

/** docs/reference/metrics.md */
export async function metricsPage(): Promise<string> {
  return page('Metrics', [
    `What \`/metrics\` shows on \`http.port\`, for Prometheus. It needs no login; nothing in it is secret. Rules and a dashboard made of them:
[alerts.yml](../../config/prometheus/alerts.yml), [dashboard.json](../../config/grafana/dashboard.json); what the alerts mean: [runbook](../operations.md#alerts).`,
    ...(['worker', 'overview', 'process'] as const).flatMap((from) => [
      `## From ${from === 'overview' ? 'the databases' : `the ${from}`}`,
      origins[from],
      table(
        ['Metric', 'Type', 'Labels', 'What it tells'],
        metricCatalogue
          .filter((metric) => metric.from === from)
          .map(({ name, type, labels, help, buckets }) => [
            code(name),
            type,
            labels.map(code).join(', '),
            oneLine(buckets === undefined ? help : `${help} Buckets up to ${buckets.join(', ')}.`),
          ]),
      ),
    ]),
    `prom-client's own metrics about the process (memory, event loop, garbage collection) stand beside them under their standard
names, \`process_*\` and \`nodejs_*\`.`,
  ]);
}
