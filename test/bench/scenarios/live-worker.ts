import { startProcess, type Diary, type DrainOptions, type Poll } from '../contestants/bnet-sync.js';
import { createMiddle, createStore } from '../loads/build.js';
import { until } from '../../support/until.js';
import type { Bench } from './scenario.js';

/** The longest pause between two polls by default (`worker.idlePollMaxMs`). */
const idlePollMaxMs = 5000;

const waitLimitMs = 120_000;

/** A worker that waits for rows, and its empty databases. */
export interface LiveWorker {
  readonly middle: string;
  readonly store: string;
  readonly diary: Diary;
}

/** Starts a worker on empty databases, waits until it polls as seldom as it ever will, and works with it. */
export async function withIdleWorker<T>(
  { server }: Bench,
  worker: object,
  work: (live: LiveWorker) => Promise<T>,
): Promise<T> {
  const middle = await server.copyOf(await server.template('empty', createMiddle));
  const store = await server.copyOf(await server.template('store', createStore));
  const options: DrainOptions = {
    middle: { client: 'pg', connection: { ...server.access(middle) } },
    store: { client: 'pg', connection: { ...server.access(store) } },
    worker,
  };
  const started = await startProcess(options);
  try {
    await untilIdle(started.diary);
    return await work({ middle, store, diary: started.diary });
  } finally {
    started.child.kill('SIGTERM');
    await started.child;
    await started.remove();
    await server.drop([middle, store]);
  }
}

function untilIdle(diary: Diary): Promise<Poll> {
  return until(
    'the worker polls as seldom as it ever will',
    async () => {
      if (diary.complaints.length > 0) throw new Error(diary.complaints.join('\n'));
      const last = diary.polls.at(-1);
      return last !== undefined && last.delayMs >= idlePollMaxMs ? last : null;
    },
    waitLimitMs,
  );
}
