import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../../../src/database/database.js';
import { initMiddle } from '../../../src/middle/knex/init.js';
import { sqliteFunctions } from '../../../src/middle/knex/sqlite.js';
import { connectAsOwner } from '../../support/oracle/driver.js';
import { OracleStandIn } from '../../support/oracle/stand-in.js';
import { statementsIn } from '../../support/sql-files.js';
import { drain } from '../contestants/bnet-sync.js';
import { closing, createStore, loadMessages, migrate, openForLoading } from '../loads/build.js';
import { opensMix } from '../loads/mixes.js';
import { median, spread } from '../measure/statistics.js';
import { decimal, whole } from '../report/tables.js';
import { scenario, type Bench } from './scenario.js';

/** One run on other databases than PostgreSQL. */
interface EndRun {
  readonly seconds: number;
  /** Requests to the Oracle stand-in that the worker waited for; null elsewhere. */
  readonly roundTrips: number | null;
}

interface EndsData {
  readonly rows: number;
  readonly ends: readonly { readonly title: string; readonly runs: readonly EndRun[] }[];
}

const fullRows = 10_000;
const quickRows = 300;

/** bnet-sync alone, on SQLite and through the Oracle stand-in. */
export const endsScenario = scenario<EndsData>({
  name: 'ends',
  about: `bnet-sync alone on SQLite, and with the Oracle stand-in before PostgreSQL: ${fullRows} opens`,
  when: 'quick',
  run: async (bench) => {
    const rows = bench.rows ?? (bench.quick ? quickRows : fullRows);
    const sqlite: EndRun[] = [];
    const oracle: EndRun[] = [];
    const progress = bench.showProgress('ends', 2 * bench.rounds);
    for (let round = 0; round < bench.rounds; round += 1) {
      progress.show(2 * round, 'SQLite');
      sqlite.push(await onSqlite(bench, rows));
      progress.show(2 * round + 1, 'the Oracle stand-in');
      oracle.push(await onOracle(bench, rows));
    }
    progress.end();
    return {
      rows,
      ends: [
        { title: 'SQLite for both', runs: sqlite },
        { title: 'Oracle stand-in and PostgreSQL', runs: oracle },
      ],
    };
  },
  tables: ({ rows, ends }) => [
    {
      title: `bnet-sync on other databases, ${whole(rows)} opens with 3 attributes`,
      head: ['databases', 'rows/s', 'least … most', 'round trips to the middle per 1,000 rows'],
      rows: ends.map(({ title, runs }) => {
        const speed = spread(runs.map(({ seconds }) => rows / seconds));
        const trips = runs.map(({ roundTrips }) => roundTrips).filter((each) => each !== null);
        return [
          title,
          whole(speed.median),
          `${whole(speed.least)} … ${whole(speed.most)}`,
          decimal((median(trips) / rows) * 1000),
        ];
      }),
      notes: [
        'The stand-in translates every statement for a PostgreSQL on the same machine: its rows/s say nothing of an Oracle, its round trips do.',
      ],
    },
  ],
});

async function onSqlite({ worker }: Bench, rows: number): Promise<EndRun> {
  const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-bench-'));
  try {
    const end = (name: string) => ({
      client: 'better-sqlite3' as const,
      connection: { filename: join(folder, `${name}.sqlite`) },
    });
    await closing(openSqlite(end('middle')), async (database) => {
      await initMiddle(database);
      await loadMessages(database, opensMix.messages(rows));
    });
    await closing(openSqlite(end('store')), migrate);
    const { startedAt, endedAt } = await drain({ middle: end('middle'), store: end('store'), worker });
    return { seconds: (endedAt - startedAt) / 1000, roundTrips: null };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function openSqlite({ connection }: { readonly connection: { readonly filename: string } }): Database {
  return new Database({
    client: 'better-sqlite3',
    connection,
    applicationName: 'bench loading',
    maxConnections: 1,
    callTimeoutMs: 600_000,
    serverTimeoutMs: 600_000,
    functions: sqliteFunctions,
  });
}

async function onOracle({ server, worker }: Bench, rows: number): Promise<EndRun> {
  const behind = await server.copyOf(await server.template('nothing', () => Promise.resolve()));
  const store = await server.copyOf(await server.template('store', createStore));
  const standIn = new OracleStandIn({ postgres: server.access(behind) });
  try {
    await standIn.start();
    await createOracleIndexes(standIn);
    await closing(openForLoading(server.access(behind)), (database) =>
      loadMessages(database, opensMix.messages(rows), { schema: 'ismp' }),
    );
    await server.inDatabase(behind, (client) => client.query('VACUUM ANALYZE'));
    standIn.counters.reset();
    const { connectString, user, password } = standIn;
    const { startedAt, endedAt } = await drain({
      middle: { client: 'oracledb', connection: { connectString, user, password } },
      store: { client: 'pg', connection: { ...server.access(store) } },
      worker,
    });
    return { seconds: (endedAt - startedAt) / 1000, roundTrips: standIn.counters.roundTrips };
  } finally {
    await standIn.stop();
    await server.drop([behind, store]);
  }
}

async function createOracleIndexes(standIn: OracleStandIn): Promise<void> {
  const owner = await connectAsOwner(standIn);
  for (const { sql } of await statementsIn('oracle/indexes.sql')) await owner.execute(sql);
  await owner.close();
}
