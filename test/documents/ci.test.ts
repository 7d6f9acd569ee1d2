import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from './markdown-file.js';

const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const { scripts, engines } = JSON.parse(text('package.json')) as {
  scripts: Readonly<Record<string, string>>;
  engines: { readonly node: string };
};

describe('CI', () => {
  it('runs the checks of "npm run check", and its tests last', () => {
    const checked = [...(scripts['check'] ?? '').matchAll(/npm run (?:-s )?([\w:]+)/g)].map(
      ([, name]) => name,
    );
    const run = text('.ci/run');
    const checks = /^checks=\(([^)]*)\)$/m.exec(run)?.[1]?.split(' ') ?? [];
    expect(checked).toEqual([...checks, 'test']);
    for (const check of checks) expect(scripts).toHaveProperty([check]);
    expect(run).toMatch(/^ {2}npm test/m);
  });

  it('runs on the oldest release of Node that is supported, and on later ones', () => {
    const { jobs } = parse(text('.github/workflows/ci.yml')) as {
      jobs: {
        test: {
          steps: readonly { readonly run?: string; readonly uses?: string }[];
          strategy: { matrix: { node: readonly number[] } };
        };
      };
    };
    const { steps, strategy } = jobs.test;
    expect(Math.min(...strategy.matrix.node)).toBe(Number(/\d+/.exec(engines.node)?.[0]));
    expect(steps.map(({ run }) => run)).toContain('.ci/run');
    for (const { uses = 'x@v1' } of steps) expect(uses).toMatch(/@v\d+$/);
  });
});
