import { pino } from 'pino';
import { parseConfig } from '../../src/config/parse.js';
import { createWorker } from '../../src/app/create-worker.js';
import { hashPassword } from '../../src/http/password.js';
import { startHttpServer } from '../../src/app/start-http-server.js';
import { isAvailable, openPair, plant, standing, type KnexPair } from '../support/databases.js';
import { operatorServiceOf } from '../support/operators.js';
import { until } from '../support/until.js';

/** Who may log in. */
export const people = {
  operator: { name: 'wang', password: 'correct horse 1' },
  reader: { name: 'li', password: 'correct horse 2' },
} as const;

/** A name that would run, and be seen to have run, if it were taken for HTML. */
export const hostileName = `<script>document.title='owned';alert(1)</script><img src=x onerror=alert(2)>`;

/** As long as a number may be. */
export const longNumber = '123456789012345678901234567890';

/** How many rows are refused with 00403 besides the hostile one: more than a page of the list. */
export const refusedOpens = 55;

const customer = { ProductID: '323002000', BizID: 'B-1', CustID: '990947809', AreaCode: '571' };
const open = { ...customer, OPFlag: '0101', CustAccount: 'huawang', CustName: '华望公司' };
const bind = { ...customer, OPFlag: '0201', AccType: 2, AccName: '李明' };

/** Databases with rows that a worker decided, the worker, and the server on top. */
export interface BrowserEnvironment {
  readonly url: string;
  readonly pair: KnexPair;
  /** Waits until a row stands in a State. */
  reaches(row: string, state: number): Promise<void>;
  close(): Promise<void>;
}

/** Plants good rows and refused ones, and has a worker decide them, which stays at work. */
export async function openEnvironment(): Promise<BrowserEnvironment> {
  const pair = await openPair(isAvailable('PostgreSQL') ? 'PostgreSQL' : 'SQLite', 64);
  await plantRows(pair);
  const server = await serve(pair, 64);
  const decided = () =>
    until(
      'all rows are decided',
      async () => [...(await standing(pair.middle)).values()].every(({ state }) => state > 1),
      30_000,
    );
  await decided();
  await until(
    'the worker has verified by itself',
    async () => (await operatorServiceOf(pair).verification()).last !== null,
    30_000,
  );
  await plantLaterRow(pair);
  await decided();
  return {
    url: server.url,
    pair,
    reaches: async (row, state) => {
      await until(
        `${row} is in State ${state}`,
        async () => (await standing(pair.middle)).get(row)?.state === state,
        20_000,
      );
    },
    close: async () => {
      await server.close();
      await pair.close();
    },
  };
}

/** A worker at work on a pair, and the server on top. */
export async function serve(
  pair: KnexPair,
  shards: number,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const config = parseConfig(
    {
      ...pair.connections,
      worker: {
        settleMs: 0,
        dependencyGraceMs: 0,
        pollIntervalMs: 20,
        idlePollMaxMs: 100,
        shards,
        callTimeoutMs: 120_000,
      },
      verify: { every: '6h' },
      http: { port: 0, users: await users() },
    },
    process.cwd(),
  );
  const worker = await createWorker(config);
  const ended = worker.start();
  const server = await startHttpServer(config, { logger: pino({ level: 'silent' }), worker });
  return {
    url: server.url,
    close: async () => {
      await server.close();
      await worker.stop();
      await ended;
    },
  };
}

async function users() {
  const { operator, reader } = people;
  return [
    { name: operator.name, role: 'operator', passwordHash: await hashPassword(operator.password) },
    { name: reader.name, role: 'reader', passwordHash: await hashPassword(reader.password) },
  ];
}

/** A row of the customer that is applied after another of its rows was refused. */
async function plantLaterRow({ middle }: KnexPair): Promise<void> {
  const row = { StreamingNo: '2002', UserID: 'wang@huawang', CreateDate: '2026-11-01 09:00:00' };
  await plant(middle, 'ACCOUNT', { ...bind, ...row });
}

async function plantRows({ middle }: KnexPair): Promise<void> {
  await plant(middle, 'CUST', { ...open, StreamingNo: '1001' }, [['1', '11002009001000000000', '20']]);
  await plant(middle, 'ACCOUNT', { ...bind, StreamingNo: '2001', UserID: 'li@huawang', AccName: null });
  const refused = { ...open, OPFlag: '0109' };
  await plant(middle, 'CUST', {
    ...{ ...refused, StreamingNo: longNumber, CustID: longNumber },
    CustName: hostileName,
  });
  for (let number = 1; number <= refusedOpens; number += 1)
    await plant(middle, 'CUST', { ...refused, StreamingNo: `${3000 + number}`, CustID: `${5000 + number}` });
}
