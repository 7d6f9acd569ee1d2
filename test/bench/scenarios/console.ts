import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { bnetSync, configFor } from '../../support/command.js';
import type { PostgresAccess } from '../../support/postgres-database.js';
import { closing, createMiddle, createStore, openForLoading } from '../loads/build.js';
import { generateMiddle, generateStore } from '../loads/generate.js';
import { startMeter, statementsSent } from '../measure/meter.js';
import { quantile } from '../measure/statistics.js';
import { decimal } from '../report/tables.js';
import { scenario, type Bench } from './scenario.js';

/** A page of the console and how long it took, again and again. */
interface PageTimes {
  readonly page: string;
  readonly ms: readonly number[];
}

interface ConsoleData {
  readonly rows: number;
  readonly pages: readonly PageTimes[];
  readonly watch: { readonly seconds: number; readonly middle: number; readonly store: number };
  /** The dearest statements by blocks per call, for who wants to know. */
  readonly texts: Readonly<Record<'middle' | 'store', Awaited<ReturnType<typeof statementsSent>>>>;
}

const fullRows = 1_000_000;
const quickRows = 2000;
const fullLooks = 40;
const quickLooks = 3;
/** What a whole screen needs is kept so long (src/operator/create-operator-service.ts): only a look after that reads the databases. */
const keptMs = 10_100;
const coldLooks = 20;
const failedShare = 10;
const watchSeconds = 60;
const refreshMs = 15_000;

/** How quickly the console answers over large tables, and what it costs the databases while it is open. */
export const consoleScenario = scenario<ConsoleData>({
  name: 'console',
  about: `pages of the console over ${fullRows} rows, a tenth of them failed; statements while it is open`,
  when: 'full',
  run: async (bench) => {
    const { server, quick } = bench;
    const rows = bench.rows ?? (quick ? quickRows : fullRows);
    const progress = bench.showProgress('console', 4);
    progress.show(0, 'loading');
    const middle = await server.copyOf(
      await server.template(`console_${rows}_middle`, (access) => fillMiddle(access, rows)),
    );
    const store = await server.copyOf(
      await server.template(`console_${rows}_store`, (access) => fillStore(access, rows)),
    );
    try {
      return await withConsole(bench, { middle, store }, async (url) => {
        progress.show(1, 'pages');
        const pages = [...(await lookAt(url, kept, { looks: quick ? 1 : coldLooks, pauseMs: keptMs }))];
        progress.show(2, 'pages');
        const others = { looks: quick ? quickLooks : fullLooks, pauseMs: 0 };
        pages.push(...(await lookAt(url, pagesOf(rows), others)));
        progress.show(3, 'an open overview');
        const readMeter = await startMeter(server, [middle, store]);
        const seconds = quick ? 1 : watchSeconds;
        for (let past = 0; past < seconds * 1000; past += refreshMs) {
          await look(url, '/');
          await sleep(Math.min(refreshMs, seconds * 1000));
        }
        const { byDatabase } = await readMeter();
        progress.end();
        return {
          rows,
          pages,
          watch: {
            seconds,
            middle: byDatabase[middle]?.statements ?? 0,
            store: byDatabase[store]?.statements ?? 0,
          },
          texts: {
            middle: await statementsSent(server, middle),
            store: await statementsSent(server, store),
          },
        };
      });
    } finally {
      await server.drop([middle, store]);
    }
  },
  tables: ({ rows, pages, watch }) => [
    {
      title: `The console over ${rows} rows, a tenth of them failed`,
      head: ['page', 'looks', 'p50 ms', 'p95 ms', 'goal: p95 within 300 ms'],
      rows: pages.map(({ page, ms }) => [
        page,
        String(ms.length),
        decimal(quantile(ms, 0.5), 0),
        decimal(quantile(ms, 0.95), 0),
        quantile(ms, 0.95) <= 300 ? 'reached' : 'NOT reached',
      ]),
      notes: [
        'The overview and the groups are read at most once in ten seconds for everybody; the looks here are further apart.',
        `An open overview (a look every 15 s) sent ${watch.middle} statements to the middle database and ${watch.store} to the store in ${watch.seconds} s.`,
      ],
    },
  ],
});

const kept = ['/', '/failure-groups'];

function pagesOf(rows: number): readonly string[] {
  const streamingNo = String(202601010000000000000000000000n + BigInt(rows));
  const custId = String(100000000000000000000000000000n + BigInt(rows));
  return [
    '/failed',
    '/failed?code=00402',
    `/failed?customer=${custId}`,
    '/failed?text=nowhere',
    `/rows/IF_BNET_CUST/${streamingNo}`,
    '/processing',
    '/deferred',
    '/pauses',
    '/workers',
    '/audit',
  ];
}

async function fillMiddle(access: PostgresAccess, rows: number): Promise<void> {
  await createMiddle(access);
  await generateMiddle(access, { from: 1, rows }, 'finished');
  await closing(openForLoading(access), (database) =>
    database.execute({
      sql: `UPDATE IF_BNET_CUST SET State = 3, ErrContent = (ARRAY['00401 关键数据项不能为空: CustName', '00402 业务数据内容不存在: 客户已退订该产品',
              '00403 数据格式不正确: AreaCode "571020" 超过 5 位', '00404 业务逻辑执行错误: 客户已开通该产品'])[1 + mod(StreamingNo, 4)::int]
            WHERE mod(StreamingNo, ${failedShare}) = 0`,
      bindings: [],
    }),
  );
}

async function fillStore(access: PostgresAccess, rows: number): Promise<void> {
  await createStore(access);
  await generateStore(access, { from: 1, rows });
  await closing(openForLoading(access), (database) =>
    database.execute({
      sql: `INSERT INTO sync_activity (bucket, worker, source, outcome, code, rows)
            SELECT to_timestamp(floor(extract(epoch FROM now()) / 300) * 300) - n * interval '5 minutes', 'w' || w, 'CUST',
                   CASE WHEN code = '' THEN 'applied' ELSE 'failed' END, code, 100
            FROM generate_series(0, 2015) AS n, generate_series(1, 2) AS w,
                 (VALUES (''), ('00401'), ('00402'), ('00403'), ('00404')) AS c (code)`,
      bindings: [],
    }),
  );
}

async function withConsole<T>(
  { server }: Bench,
  { middle, store }: { readonly middle: string; readonly store: string },
  work: (url: string) => Promise<T>,
): Promise<T> {
  const connections = {
    middle: { client: 'pg', connection: { ...server.access(middle) } },
    store: { client: 'pg', connection: { ...server.access(store) } },
  } as const;
  const config = await configFor({ connections }, { http: { port: 0 } });
  const child = bnetSync(['console', '--config', config.file]);
  try {
    return await work(await urlOf(child));
  } finally {
    child.kill('SIGTERM');
    await child;
    await config.remove();
  }
}

async function urlOf(child: ReturnType<typeof bnetSync>): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url !== undefined) return url.replace(/\/$/, '');
  }
  throw new Error(`the console did not start: ${(await child).stderr}`);
}

/** Looks at the pages in turn, with a pause before each round. */
async function lookAt(
  url: string,
  pages: readonly string[],
  { looks, pauseMs }: { readonly looks: number; readonly pauseMs: number },
): Promise<readonly PageTimes[]> {
  const times = pages.map((page) => ({ page, ms: [] as number[] }));
  for (let n = 0; n < looks; n += 1) {
    await sleep(pauseMs);
    for (const { page, ms } of times) ms.push(await look(url, page));
  }
  return times;
}

async function look(url: string, page: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(`${url}${page}`, { headers: { 'accept-language': 'zh' } });
  const text = await response.text();
  if (response.status !== 200 || !text.includes('</html>'))
    throw new Error(`${page} answered ${response.status}`);
  return performance.now() - startedAt;
}
