import { setTimeout as sleep } from 'node:timers/promises';
import { startMeter, statementsSent } from '../measure/meter.js';
import { decimal } from '../report/tables.js';
import { withIdleWorker } from './live-worker.js';
import { scenario } from './scenario.js';

interface IdleData {
  readonly seconds: number;
  readonly polls: number;
  readonly middleStatements: number;
  readonly storeStatements: number;
  /** Every statement, for who wants to know what an idle worker asks. */
  readonly texts: Readonly<Record<'middle' | 'store', Awaited<ReturnType<typeof statementsSent>>>>;
}

const fullSeconds = 60;
const quickSeconds = 11;

/** What a worker costs that has nothing to do. */
export const idleScenario = scenario<IdleData>({
  name: 'idle',
  about: `statements of a worker that has nothing to do, default settings, ${fullSeconds} s`,
  when: 'full',
  run: (bench) =>
    withIdleWorker(bench, bench.worker, async ({ middle, store, diary }) => {
      const seconds = bench.quick ? quickSeconds : fullSeconds;
      const progress = bench.showProgress('idle', seconds);
      const readMeter = await startMeter(bench.server, [middle, store]);
      const before = diary.polls.length;
      for (let second = 0; second < seconds; second += 1) {
        progress.show(second, 'a worker waits');
        await sleep(1000);
      }
      const polls = diary.polls.length - before;
      const { byDatabase } = await readMeter();
      const texts = {
        middle: await statementsSent(bench.server, middle),
        store: await statementsSent(bench.server, store),
      };
      progress.end();
      return {
        seconds,
        polls,
        middleStatements: byDatabase[middle]?.statements ?? 0,
        storeStatements: byDatabase[store]?.statements ?? 0,
        texts,
      };
    }),
  tables: ({ seconds, polls, middleStatements, storeStatements }) => [
    {
      title: `An idle worker after backing off, default settings, ${seconds} s`,
      head: ['', 'measured', 'goal'],
      rows: [
        ['polls per minute', decimal((polls / seconds) * 60), '12 (one per idlePollMaxMs)'],
        ['statements on the middle per poll', decimal(middleStatements / polls, 2), 'at most 1'],
        ['statements on the store per second', decimal(storeStatements / seconds, 2), 'at most 1'],
      ],
      notes: [],
    },
  ],
});
