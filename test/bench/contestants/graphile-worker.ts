import { createRequire } from 'node:module';
import { Logger, run, runMigrations } from 'graphile-worker';
import type { RowKey } from '../../../src/domain/keys.js';
import type { Arena, Contestant, Effort } from './contestant.js';
import { Countdown } from './countdown.js';
import { inSession } from './in-session.js';
import { concurrency, RowApplier } from './row-apply.js';

const { version } = createRequire(import.meta.url)('graphile-worker/package.json') as { version: string };

const silent = new Logger(() => () => undefined);

/**
 * Queues that keep a customer's rows in order. One for each customer, which the library would allow, makes each of its
 * look-ups lock all free queues: thousands of them. So a customer's rows go to one of a few, as its users do.
 */
const orderedQueues = 40;

/**
 * One job per row, added with ascending `run_at`, which is the order in which the library takes them. Where order
 * matters, a customer's rows share a named queue, of whose jobs the library never runs two at a time.
 */
export const graphileWorker: Contestant = {
  name: 'graphile-worker',
  title: `graphile-worker ${version}, one row per job, ${concurrency} at a time`,
  databases: 'one',
  prepare: async ({ middle, ordered }) => {
    await runMigrations({ connectionString: connectionString(middle), logger: silent });
    const queue = ordered ? `'customer ' || COALESCE(mod(abs(CustID), ${orderedQueues}), 0)::text` : 'NULL';
    await inSession(middle, async (client) => {
      await client.query(
        `SELECT count(graphile_worker.add_job('apply',
                  json_build_object('source', source, 'streamingNo', StreamingNo::text), ${queue},
                  now() - interval '1 day' + number * interval '1 millisecond'))
         FROM (SELECT source, StreamingNo, CustID, row_number() OVER (ORDER BY CreateDate, StreamingNo) AS number
               FROM (SELECT 'CUST' AS source, StreamingNo, CustID, CreateDate FROM IF_BNET_CUST
                     UNION ALL SELECT 'ACCOUNT', StreamingNo, CustID, CreateDate FROM IF_BNET_ACCOUNT) AS rows
               ORDER BY number) AS rows`,
      );
      await client.query('ANALYZE');
    });
  },
  run: async ({ middle, rows, onProgress }: Arena): Promise<Effort> => {
    const applier = new RowApplier(middle);
    const countdown = new Countdown(rows, onProgress);
    const startedAt = Date.now();
    const runner = await run({
      connectionString: connectionString(middle),
      concurrency,
      maxPoolSize: concurrency + 2,
      noHandleSignals: true,
      logger: silent,
      taskList: {
        apply: (payload) => countdown.count(() => applier.apply(payload as RowKey)),
      },
    });
    try {
      await countdown.done;
    } finally {
      await runner.stop();
      await applier.close();
    }
    return { startedAt };
  },
};

function connectionString({ host, port, user, password, database }: Arena['middle']): string {
  return `postgresql://${user}:${password}@${host}:${port}/${database}`;
}
