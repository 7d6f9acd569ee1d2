import { setTimeout as sleep } from 'node:timers/promises';
import type { Poll } from '../contestants/bnet-sync.js';
import type { Database } from '../../../src/database/database.js';
import { Random } from '../../../src/demo/platform/random.js';
import { TableStatements, type NumberedMessage } from '../../../src/demo/platform/knex/statements.js';
import { closing, openForLoading } from '../loads/build.js';
import { opensMix } from '../loads/mixes.js';
import { quantile } from '../measure/statistics.js';
import { decimal } from '../report/tables.js';
import { until } from '../../support/until.js';
import { withIdleWorker } from './live-worker.js';
import { scenario, type Bench } from './scenario.js';

/** One row's way: from its commit to the commit of its State 2, and the pause the worker was in at that moment. */
interface Latency {
  readonly ms: number;
  readonly delayMs: number;
}

interface LatencyRun {
  readonly title: string;
  readonly latencies: readonly Latency[];
}

const seed = 7;
const fullRows = 200;
const quickRows = 10;
const marginMs = 20;
const patienceMs = 30_000;

/** How long a single row takes when the worker is idle. */
export const latencyScenario = scenario<readonly LatencyRun[]>({
  name: 'latency',
  about: `from a row's commit to State 2 in an idle worker, settleMs 0, ${fullRows} rows`,
  when: 'full',
  run: async (bench) => [
    { title: 'default polling', latencies: await measure(bench, {}, 4000) },
    { title: 'pollIntervalMs 50', latencies: await measure(bench, { pollIntervalMs: 50 }, 1000) },
  ],
  tables: (runs) => [
    {
      title: `From a row's commit to State 2, settleMs 0, ${runs[0]?.latencies.length ?? 0} rows at random moments`,
      head: [
        '',
        'p50 ms',
        'p99 ms',
        'delay in force, p50 … most',
        'within delay + 20 ms',
        'within twice that',
      ],
      rows: runs.map(({ title, latencies }) => [title, ...figures(latencies)]),
      notes: ['Goals: half of the rows within the delay then in force + 20 ms, 99 % within twice that.'],
    },
  ],
});

function figures(latencies: readonly Latency[]): string[] {
  const ms = latencies.map((latency) => latency.ms);
  const delays = latencies.map(({ delayMs }) => delayMs);
  const within = (factor: number): number =>
    latencies.filter((latency) => latency.ms <= factor * (latency.delayMs + marginMs)).length /
    latencies.length;
  const judged = (share: number, goal: number): string =>
    `${decimal(share * 100)} % ${share >= goal ? 'reached' : 'NOT reached'}`;
  return [
    decimal(quantile(ms, 0.5), 0),
    decimal(quantile(ms, 0.99), 0),
    `${decimal(quantile(delays, 0.5), 0)} … ${decimal(Math.max(...delays), 0)}`,
    judged(within(1), 0.5),
    judged(within(2), 0.99),
  ];
}

async function measure(bench: Bench, worker: object, mostPauseMs: number): Promise<Latency[]> {
  const rows = bench.rows ?? (bench.quick ? quickRows : fullRows);
  const random = new Random(seed);
  const progress = bench.showProgress('latency', rows);
  return withIdleWorker(bench, { ...bench.worker, ...worker, settleMs: 0 }, async ({ middle, diary }) =>
    closing(openForLoading(bench.server.access(middle)), async (database) => {
      const sent: Sent[] = [];
      let number = 0n;
      for (const message of opensMix.messages(rows)) {
        await sleep(random.between(0, mostPauseMs));
        number += 1n;
        const attributes = message.attributes.map((attribute, index) => ({
          ...attribute,
          attrId: String(10n * number + BigInt(index)),
        }));
        sent.push(await send(database, { ...message, streamingNo: String(number), attributes }));
        progress.show(sent.length, JSON.stringify(worker));
      }
      await until('all rows are done', () => isDone(database, rows), patienceMs);
      progress.end();
      return latenciesOf(database, sent, diary.polls);
    }),
  );
}

/** A row with the transaction that inserted it. */
interface Sent {
  readonly streamingNo: string;
  readonly transactionId: string;
}

async function send(database: Database, message: NumberedMessage): Promise<Sent> {
  const tables = new TableStatements('CUST', database.dialect, undefined);
  return database.transaction(async (transaction) => {
    const { rows } = await transaction.execute({
      sql: `SELECT pg_current_xact_id()::text AS id, to_char(localtimestamp, 'YYYY-MM-DD HH24:MI:SS') AS now`,
      bindings: [],
    });
    const now = String(rows[0]?.['now']);
    const attributes = tables.insertAttributes([message], now);
    if (attributes !== null) await transaction.execute(attributes);
    await transaction.execute(tables.insertRows([message], ({ remark }) => remark, now));
    return { streamingNo: message.streamingNo, transactionId: String(rows[0]?.['id']) };
  });
}

async function isDone(database: Database, count: number): Promise<boolean> {
  const { rows } = await database.execute({
    sql: 'SELECT count(*) AS done FROM IF_BNET_CUST WHERE State = 2',
    bindings: [],
  });
  return Number(rows[0]?.['done']) === count;
}

/** Both commits by the server's clock, which is ours too. */
async function latenciesOf(
  database: Database,
  sent: readonly Sent[],
  polls: readonly Poll[],
): Promise<Latency[]> {
  const { rows } = await database.execute({
    sql: `SELECT extract(epoch FROM pg_xact_commit_timestamp(s.id::text::xid)) * 1000 AS committed,
                 extract(epoch FROM pg_xact_commit_timestamp(c.xmin)) * 1000 AS marked
          FROM unnest(?::numeric[], ?::text[]) AS s (streaming_no, id) JOIN IF_BNET_CUST AS c ON c.StreamingNo = s.streaming_no`,
    bindings: [sent.map(({ streamingNo }) => streamingNo), sent.map(({ transactionId }) => transactionId)],
  });
  return rows.map((row) => {
    const committed = Number(row['committed']);
    const before = polls.findLast(({ at }) => at <= committed);
    return { ms: Number(row['marked']) - committed, delayMs: before?.delayMs ?? 0 };
  });
}
