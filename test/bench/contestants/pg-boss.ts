import { createRequire } from 'node:module';
import PgBoss from 'pg-boss';
import type { RowKey } from '../../../src/domain/keys.js';
import type { Arena, Contestant, Effort } from './contestant.js';
import { Countdown } from './countdown.js';
import { inSession } from './in-session.js';
import { concurrency, RowApplier } from './row-apply.js';

const { version } = createRequire(import.meta.url)('pg-boss/package.json') as { version: string };

const queue = 'apply';

/** Jobs fetched and completed at once: so many that a batch takes longer than the least pause between two fetches. */
const batchSize = 1000;

interface Job extends RowKey {
  readonly custId: string | null;
}

/**
 * One job per row. One worker fetches them in large batches, in order; their rows are applied ten at a time. Where order
 * matters, a customer's rows of a batch follow one another. The library's own means, a singleton queue with the customer
 * as its key, would end in unique violations as soon as two batches hold the same customer.
 */
export const pgBoss: Contestant = {
  name: 'pg-boss',
  title: `pg-boss ${version}, batches of ${batchSize} jobs, ${concurrency} rows at a time`,
  databases: 'one',
  prepare: async ({ middle }) => {
    const boss = await start(middle);
    await boss.createQueue(queue);
    await insertJobs(boss, middle);
    await boss.stop({ graceful: false, wait: true });
    await inSession(middle, (client) => client.query('ANALYZE'));
  },
  run: async ({ middle, rows, ordered, onProgress }: Arena): Promise<Effort> => {
    const applier = new RowApplier(middle);
    const countdown = new Countdown(rows, onProgress);
    const boss = await start(middle);
    const startedAt = Date.now();
    await boss.work<Job>(queue, { batchSize, pollingIntervalSeconds: 0.5 }, async (jobs) => {
      const groups = ordered ? byCustomer(inOrder(jobs)) : jobs.map((job) => [job]);
      await inLanes(groups, async (group) => {
        for (const { data } of group) await countdown.count(() => applier.apply(data));
      });
    });
    try {
      await countdown.done;
    } finally {
      await boss.stop({ graceful: true, wait: true });
      await applier.close();
    }
    return { startedAt };
  },
};

async function start(access: Arena['middle']): Promise<PgBoss> {
  const { host, port, user, password, database } = access;
  const boss = new PgBoss({ host, port, user, password, database });
  boss.on('error', (error) => {
    throw error;
  });
  await boss.start();
  return boss;
}

const jobsPerInsert = 5000;

/** Ids ascend with the rows, because jobs that were inserted together are fetched by id. */
async function insertJobs(boss: PgBoss, access: Arena['middle']): Promise<void> {
  const { rows } = await inSession(access, (client) =>
    client.query<Job>(
      `SELECT source, StreamingNo::text AS "streamingNo", CustID::text AS "custId"
       FROM (SELECT 'CUST' AS source, StreamingNo, CustID, CreateDate FROM IF_BNET_CUST
             UNION ALL SELECT 'ACCOUNT', StreamingNo, CustID, CreateDate FROM IF_BNET_ACCOUNT) AS rows
       ORDER BY CreateDate, StreamingNo`,
    ),
  );
  for (let from = 0; from < rows.length; from += jobsPerInsert) {
    const page = rows.slice(from, from + jobsPerInsert);
    await boss.insert(
      page.map((data, index) => ({
        id: `00000000-0000-4000-8000-${String(from + index).padStart(12, '0')}`,
        name: queue,
        data,
      })),
    );
  }
}

/** The library fetches the right jobs, but hands them over in no order. */
function inOrder<T extends { readonly id: string }>(jobs: readonly T[]): T[] {
  return [...jobs].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function byCustomer<T extends { readonly data: Job }>(jobs: readonly T[]): T[][] {
  const groups = new Map<string | null, T[]>();
  for (const job of jobs) {
    const group = groups.get(job.data.custId);
    if (group === undefined) groups.set(job.data.custId, [job]);
    else group.push(job);
  }
  return [...groups.values()];
}

/** Works on so many groups at a time, in order of their beginning. */
async function inLanes<T>(groups: readonly T[], work: (group: T) => Promise<void>): Promise<void> {
  const waiting = groups.values();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (const group of waiting) await work(group);
    }),
  );
}
