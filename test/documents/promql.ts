/** What of a metric an expression is held to. */
export interface KnownMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** Labels that Prometheus adds itself, and that of a histogram's buckets. */
const always = ['job', 'instance', 'le'];

/** Metrics and labels of a PromQL expression that are not in the catalogue. */
export function unknownIn(expr: string, catalogue: readonly KnownMetric[]): string[] {
  const used = new Set(always);
  const selectors = [...expr.matchAll(/\b((?:bnet_sync|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)].flatMap(
    ([, name = '', matchers]) => {
      const metric = metricOf(name, catalogue);
      if (metric === undefined) return [`metric ${name}`];
      for (const label of metric.labels) used.add(label);
      return labelsOf(matchers ?? '')
        .filter((label) => ![...always, ...metric.labels].includes(label))
        .map((label) => `label ${label} of ${name}`);
    },
  );
  if (selectors.some((fault) => fault.startsWith('metric'))) return selectors;
  const groupings = [...expr.matchAll(/\b(?:by|without|on|ignoring) ?\(([^)]*)\)/g)]
    .flatMap(([, list = '']) => list.split(','))
    .map((label) => label.trim())
    .filter((label) => label !== '' && !used.has(label));
  return [...selectors, ...groupings.map((label) => `label ${label}`)];
}

/** A histogram is asked for by its parts, and by nothing else. */
function metricOf(name: string, catalogue: readonly KnownMetric[]): KnownMetric | undefined {
  const part = /^(.+)_(?:bucket|sum|count)$/.exec(name)?.[1];
  const histogram = catalogue.find((metric) => metric.type === 'histogram' && metric.name === part);
  return histogram ?? catalogue.find((metric) => metric.type !== 'histogram' && metric.name === name);
}

function labelsOf(matchers: string): string[] {
  return [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"[^"]*"/g)].map(([, label = '']) => label);
}
