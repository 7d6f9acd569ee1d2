import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { bnetSync, configFor } from '../support/command.js';
import { column, plant, standing, statesOf } from '../support/databases.js';
import { openOptions } from '../support/middle-databases.js';
import type { KnexSetting } from '../support/pair-databases.js';
import { describeWithPgBouncer, LIMITS, PgBouncer } from '../support/pgbouncer.js';
import { createDatabase, type PostgresAccess } from '../support/postgres.js';
import { openSession } from '../support/postgres-session.js';
import { bind, open } from '../support/sample-rows.js';
import { scaled } from '../support/time-factor.js';
import { until } from '../support/until.js';

const stepMs = 40_000;
const timeout = scaled(4 * stepMs);
const shards = 8;
const poolSize = 4;

/** What a test arranges. */
interface Setup {
  readonly worker?: object;
  /** Of pgbouncer.ini. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The text of a module of handlers. */
  readonly handlers?: string;
}

/** Handlers that never come to an end where the environment says so. */
const hanging = `
  import { writeFileSync } from 'node:fs';
  export const onCustomer = () => {
    if (process.env.HANG === undefined) return undefined;
    writeFileSync(new URL('./called', import.meta.url), '');
    return new Promise((resolve) => setTimeout(resolve, 3_600_000));
  };`;

describeWithPgBouncer('acceptance: both databases are behind it', () => {
  let pooler: PgBouncer;
  let middle: Database;
  let store: Database;
  let accesses: readonly PostgresAccess[];
  let config: Awaited<ReturnType<typeof configFor>>;
  const removals: (() => Promise<unknown>)[] = [];

  beforeEach(() => {
    removals.length = 0;
  });
  afterEach(async () => {
    for (const remove of removals.splice(0).reverse()) await remove();
  });

  /** Two empty databases behind a pooler, tables made through it. */
  async function openBehind(
    mode: 'session' | 'transaction',
    { worker = {}, settings = {}, handlers }: Setup,
  ): Promise<void> {
    const made = [await createDatabase('middle'), await createDatabase('store')];
    const [middleAccess, storeAccess] = made.map(({ connection }) => connection) as [
      PostgresAccess,
      PostgresAccess,
    ];
    accesses = [middleAccess, storeAccess];
    removals.push(...made.map(({ drop }) => drop));
    pooler = new PgBouncer(middleAccess, { mode, settings });
    removals.push(() => pooler.remove());
    await pooler.start();
    const behind = (access: PostgresAccess): KnexSetting => {
      return { client: 'pg', connection: { ...pooler.accessTo(access) } };
    };
    const connections = { middle: behind(middleAccess), store: behind(storeAccess) };
    config = await configFor(
      { connections },
      {
        worker: { shards, ...worker },
        ...(handlers !== undefined && { store: { handlers: 'handlers.mjs' } }),
      },
    );
    if (handlers !== undefined) await writeFile(join(config.folder, 'handlers.mjs'), handlers);
    removals.push(() => config.remove());
    const plain = (access: PostgresAccess) => {
      const database = new Database({ ...openOptions, client: 'pg', connection: { ...access } });
      removals.push(() => database.close());
      return database;
    };
    middle = plain(middleAccess);
    store = plain(storeAccess);
    await succeed('init-middle');
    await succeed('migrate');
  }

  const run = (...args: string[]) => bnetSync([...args, '--config', config.file]);

  async function succeed(...args: string[]): Promise<string> {
    const ended = await run(...args);
    expect(ended.exitCode, `${args.join(' ')}: ${ended.all}`).toBe(0);
    return ended.stdout;
  }

  const owners = async () => {
    const rows = await store.execute({
      sql: 'SELECT owner, count(*)::int AS shards FROM sync_shard WHERE owner IS NOT NULL GROUP BY owner',
      bindings: [],
    });
    return rows.rows.map((row) => Number(row['shards']));
  };

  async function untilStates(states: Readonly<Record<number, number>>): Promise<void> {
    await until(
      `rows are in the States ${JSON.stringify(states)}`,
      async () => JSON.stringify(await statesOf(middle)) === JSON.stringify(states),
      stepMs,
    );
  }

  it.each([
    ['session', 'ignores', { ignore_startup_parameters: LIMITS }],
    ['transaction', 'refuses', { default_pool_size: String(poolSize) }],
  ] as const)(
    '%s pooling that %s limits: workers apply rows once and in order, and every command works',
    { timeout },
    async (mode, _does, settings) => {
      await openBehind(mode, { settings });
      const customers = 30;
      const changes = 3;
      let no = 0;
      const row = (CustID: number, columns: object) => {
        no += 1;
        return { ...columns, CustID: String(CustID), StreamingNo: String(no) };
      };
      for (let cust = 1; cust <= customers; cust += 1) {
        await plant(middle, 'CUST', row(cust, open), [[String(cust), '110', 'x']]);
        await plant(middle, 'ACCOUNT', row(cust, bind));
      }
      for (let change = 1; change <= changes; change += 1)
        for (let cust = 1; cust <= customers; cust += 1)
          await plant(middle, 'CUST', row(cust, { ...open, OPFlag: '0102', CustName: `第${change}名` }));
      await plant(middle, 'CUST', row(1, open));

      const workers = [1, 2, 3].map(() => run('run'));
      removals.push(async () => {
        for (const worker of workers) worker.kill('SIGKILL');
        await Promise.all(workers);
      });
      await untilStates({ 2: customers * (2 + changes), 3: 1 });
      await until('the shards are shared', async () => (await owners()).length === 3, stepMs);
      for (const worker of workers) worker.kill('SIGTERM');
      expect((await Promise.all(workers)).map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
      expect(await column(store, 'SELECT DISTINCT cust_name FROM bnet_customer')).toEqual([`第${changes}名`]);
      expect(await column(store, 'SELECT count(*)::int FROM sync_journal')).toEqual([no]);

      expect(await succeed('status')).toContain('IF_BNET_CUST');
      expect(await succeed('doctor')).toContain('connection pooler');
      expect(await succeed('failed')).toContain('00404');
      await middle.execute({
        sql: `UPDATE IF_BNET_CUST SET OPFlag = '0102', CustName = '最后' WHERE StreamingNo = ?`,
        bindings: [String(no)],
      });
      await succeed('requeue', 'CUST', String(no));
      await succeed('run', '--once');
      expect((await standing(middle)).get(`CUST:${no}`)?.state).toBe(2);
      await succeed('pause', '--table', 'CUST', '--reason', '维护');
      await succeed('resume', '--table', 'CUST');
      for (const command of ['verify', 'repair', 'audit', 'preview']) await succeed(command);
      await succeed('show', 'CUST', '1');
      await succeed('journal', 'purge', '--older-than', '400d');

      for (const table of ['bnet_account', 'bnet_customer_attr', 'bnet_customer', 'sync_journal'])
        await store.execute({ sql: `DELETE FROM ${table} WHERE cust_id = 7`, bindings: [] });
      expect((await run('verify')).exitCode).toBe(1);
      await succeed('repair');
      await succeed('verify');
      expect(await column(store, 'SELECT count(*)::int FROM bnet_account')).toEqual([customers]);
      if (mode === 'transaction') await expectNothingLeft();
    },
  );

  /** All sessions of the pool are as another program expects them. */
  async function expectNothingLeft(): Promise<void> {
    for (const access of accesses) {
      const sessions = await Promise.all(
        Array.from({ length: poolSize }, () => openSession(pooler.accessTo(access))),
      );
      for (const session of sessions) await session.query('BEGIN');
      const found = await Promise.all(
        sessions.map((session) =>
          session.query(
            `SELECT name, setting FROM pg_settings WHERE source = 'session' AND name <> 'application_name'`,
          ),
        ),
      );
      await Promise.all(sessions.map((session) => session.close()));
      expect(found.flat()).toEqual([]);
    }
  }

  describe('a worker that is frozen in the middle of its transactions', () => {
    it(
      'loses all of its shards within a lease time and one check, and writes nothing when it wakes',
      { timeout },
      async () => {
        const leaseTtlMs = scaled(4000);
        await openBehind('transaction', {
          worker: { leaseTtlMs, callTimeoutMs: scaled(30_000) },
          handlers: hanging,
        });
        const frozen = bnetSync(['run', '--config', config.file], { HANG: '1' });
        removals.push(async () => {
          frozen.kill('SIGKILL');
          await frozen;
        });
        await until('it holds all shards', async () => (await owners()).join() === String(shards), stepMs);
        const other = bnetSync(['run', '--config', config.file]);
        removals.push(async () => {
          other.kill('SIGKILL');
          await other;
        });
        await until('they share the shards', async () => (await owners()).join() === '4,4', stepMs);
        for (let cust = 0; cust < shards; cust += 1)
          await plant(middle, 'CUST', { ...open, CustID: String(cust + 8), StreamingNo: String(cust + 1) });
        await until('it is in a transaction', async () => existsSync(join(config.folder, 'called')), stepMs);
        frozen.kill('SIGSTOP');
        const frozenAt = performance.now();
        await until(
          'the other holds all shards',
          async () => (await owners()).join() === String(shards),
          stepMs,
        );
        const tookMs = performance.now() - frozenAt;
        console.log(
          `frozen in mid-transaction: all shards taken over after ${Math.round(tookMs)} ms of ${leaseTtlMs}`,
        );
        await untilStates({ 2: shards });
        expect(tookMs).toBeLessThan(leaseTtlMs + leaseTtlMs / 3 + scaled(1500));
        frozen.kill('SIGCONT');
        await until('they share the shards again', async () => (await owners()).join() === '4,4', stepMs);
        expect(await statesOf(middle)).toEqual({ 2: shards });
        expect(await column(store, 'SELECT count(*)::int FROM sync_journal')).toEqual([shards]);
        expect(await column(store, 'SELECT count(DISTINCT worker)::int FROM sync_journal')).toEqual([1]);
      },
    );
  });
});
