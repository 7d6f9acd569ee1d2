import type { BenchServer } from '../bench-server.js';
import type { Contestant } from '../contestants/contestant.js';
import type { Mix } from '../loads/mixes.js';
import { differences, type Content } from '../measure/content.js';
import type { Progress } from '../../../src/cli/progress.js';
import { runOnce, templatesOf, UnequalWorkError, type Copies, type RunResult } from './one-run.js';

/** The runs of all contestants with one mix. */
export interface Comparison {
  readonly mix: string;
  readonly title: string;
  readonly rows: number;
  readonly rounds: number;
  readonly contestants: readonly {
    readonly name: string;
    readonly title: string;
    readonly runs: readonly RunResult[];
  }[];
}

/** What to compare. */
export interface CompareOptions {
  readonly mix: Mix;
  readonly rows: number;
  readonly rounds: number;
  readonly contestants: readonly Contestant[];
  /** Looks at the databases after each run, before they are deleted; `startedAt` in ms since the epoch. */
  readonly look?: (copies: Copies, startedAt: number) => Promise<void>;
  readonly showProgress: (what: string, total: number) => Progress;
}

/** Runs the contestants one after another, round after round, and compares what they leave behind. */
export async function compare(server: BenchServer, options: CompareOptions): Promise<Comparison> {
  const { mix, rows, rounds, contestants } = options;
  const loading = options.showProgress(`${mix.name}: loading`, rows);
  const templates = await templatesOf(server, mix, {
    rows,
    onProgress: (done) => loading.show(done, ''),
  });
  loading.end();
  const runs = new Map<string, RunResult[]>(contestants.map(({ name }) => [name, []]));
  let expected: { by: string; content: Content } | undefined;
  const progress = options.showProgress(mix.name, rounds * contestants.length * rows);
  let before = 0;
  for (let round = 1; round <= rounds; round += 1) {
    for (const contestant of contestants) {
      const note = `${contestant.name}, round ${round} of ${rounds}`;
      progress.show(before, note);
      const { result, content } = await runOnce(server, contestant, {
        templates,
        mix,
        rows,
        onProgress: (done) => progress.show(before + done, note),
        ...(options.look === undefined ? {} : { look: options.look }),
      });
      before += rows;
      runs.get(contestant.name)?.push(result);
      expected ??= { by: contestant.name, content };
      requireEqual(expected, { by: contestant.name, content });
    }
  }
  progress.end();
  await server.drop([templates.one, templates.middle]);
  return {
    mix: mix.name,
    title: mix.title,
    rows,
    rounds,
    contestants: contestants.map(({ name, title }) => ({ name, title, runs: runs.get(name) ?? [] })),
  };
}

interface Left {
  readonly by: string;
  readonly content: Content;
}

function requireEqual(expected: Left, found: Left): void {
  const different = differences(expected.content, found.content);
  if (different.length === 0) return;
  throw new UnequalWorkError(
    `${found.by} left other rows behind than ${expected.by}: ${different.join('; ')}`,
  );
}
