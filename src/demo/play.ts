import { setTimeout as sleep } from 'node:timers/promises';
import { createWorker, type SyncWorker } from '../app/create-worker.js';
import { badRowKinds } from './platform/bad-row.js';
import { Platform } from './platform/platform.js';
import { simulate, type SimulationProgress, type SimulationSummary } from './platform/simulate.js';
import { specExamples } from './platform/spec-examples.js';
import { openMiddleDatabase } from '../app/open-databases.js';
import type { Progress } from '../cli/progress.js';
import type { DemoFolder } from './demo-folder.js';

/** How much the platform sends. */
export interface DemoPlan {
  readonly rows: number;
  readonly customers: number;
  readonly badShare: number;
  readonly ratePerSecond: number;
  readonly seed: number;
  /** After this time the demo ends, whatever is unanswered. */
  readonly limitMs: number;
}

/** What happened. */
export interface DemoRun {
  readonly summary: SimulationSummary;
  /** Rows still in State 0 or 1 at the end. */
  readonly unanswered: number;
  /** Worker events that should not happen in a demo; it may have recovered. */
  readonly troubles: readonly string[];
  readonly seconds: number;
}

const millisecondsBetweenLooks = 50;

/**
 * Plays both sides in this process: a worker, and the platform, which sends the specification's examples, a random
 * history with every kind of fault, and the corrections of what is refused. Ends when every row is answered.
 */
export async function play(
  { config }: DemoFolder,
  programme: DemoPlan,
  progress: Progress,
): Promise<DemoRun> {
  const startedAt = performance.now();
  const database = openMiddleDatabase(config, { applicationName: 'bnet-sync demo' });
  const platform = new Platform(database);
  const worker = await createWorker(config);
  const watch = watchAnswers(progress, programme.rows + specExamples.length);
  worker.on('marked', watch.marked);
  const troubles = troublesOf(worker);
  const broken = new AbortController();
  const signal = AbortSignal.any([AbortSignal.timeout(programme.limitMs), broken.signal]);
  worker.start().catch((error: unknown) => {
    troubles.push(`the worker gave up: ${error instanceof Error ? error.message : String(error)}`);
    broken.abort();
  });
  try {
    await platform.send(specExamples);
    const { userLimitAttrSpecId } = config.rules;
    const summary = await simulate(
      platform,
      {
        ...programme,
        faults: badRowKinds(database.dialect.name, config.rules),
        userLimitAttrSpecId,
        batchSize: 100,
        correct: true,
        patience: { toBeginMs: programme.limitMs, toGoOnMs: programme.limitMs },
        signal,
      },
      watch.sent,
    );
    let unanswered = await platform.countOpen();
    while (unanswered > 0 && !signal.aborted) {
      await sleep(millisecondsBetweenLooks);
      unanswered = await platform.countOpen();
    }
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    return { summary, unanswered, troubles, seconds };
  } finally {
    await worker.stop();
    await database.close();
  }
}

/** Collects worker events that should not happen in a demo. */
function troublesOf(worker: SyncWorker): string[] {
  const troubles: string[] = [];
  worker
    .on('outage', ({ database, error }) => troubles.push(`outage of the ${database} database: ${error}`))
    .on('breakerOpened', ({ error }) => troubles.push(`claiming stopped: ${error}`))
    .on('rowErrored', ({ streamingNo, error }) =>
      troubles.push(`unexpected error at ${streamingNo}: ${error}`),
    )
    .on('markConflict', ({ mark }) => troubles.push(`${mark.streamingNo} was changed by others`));
  return troubles;
}

/** Shows how many rows are answered, of those sent in all as far as known. */
function watchAnswers(progress: Progress, planned: number) {
  let answered = 0;
  let refused = 0;
  let total = planned;
  let corrected = 0;
  const show = (): void => {
    progress.show(
      answered,
      `rows answered, ${refused} refused, ${corrected} corrected and sent again`,
      total,
    );
  };
  return {
    marked: (event: { readonly succeeded: number; readonly failed: number }): void => {
      answered += event.succeeded + event.failed;
      refused += event.failed;
      show();
    },
    sent: (progressed: SimulationProgress): void => {
      corrected = progressed.corrected;
      total = planned + progressed.correctionRows;
      show();
    },
  };
}
