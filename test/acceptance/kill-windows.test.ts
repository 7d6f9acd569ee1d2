import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bnetSync, configFor } from '../support/command.js';
import { column, openPair, plant, standing, statesOf, type Pair } from '../support/databases.js';
import { hasPostgres } from '../support/postgres.js';
import { until } from '../support/workers.js';
import { bind, open } from '../support/sample-rows.js';

/** A transaction that holds locks until it is let go. */
class Gate {
  private constructor(private readonly client: pg.Client) {}

  static async close(connection: Record<string, unknown>, lock: string): Promise<Gate> {
    const client = new pg.Client(connection);
    await client.connect();
    await client.query('BEGIN');
    await client.query(lock);
    return new Gate(client);
  }

  async open(): Promise<void> {
    await this.client.query('ROLLBACK');
    await this.client.end();
  }
}

// Each window is held open by a lock that the process waits for, so that the kill falls into it and nowhere else.
describe.runIf(hasPostgres)('acceptance: kill -9 of the worker process on PostgreSQL', () => {
  let pair: Pair;
  let config: Awaited<ReturnType<typeof configFor>>;
  beforeEach(async () => {
    pair = await openPair('PostgreSQL');
    config = await configFor(pair);
    for (let n = 1; n <= 40; n += 1) {
      await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) }, [
        [`${n}`, '11002001000000000000', 'x'],
      ]);
      await plant(pair.middle, 'ACCOUNT', { ...bind, CustID: String(n), StreamingNo: String(n) });
      if (n % 10 === 0)
        await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(100 + n) });
    }
  });
  afterEach(async () => {
    await config.remove();
    await pair.close();
  });

  const run = (...more: string[]) => bnetSync(['run', '--config', config.file, ...more]);
  const journalled = async () => Number((await column(pair.store, 'SELECT count(*) FROM sync_journal'))[0]);
  const storeGate = (lock: string) => Gate.close(pair.connections.store.connection, lock);
  const middleGate = (lock: string) => Gate.close(pair.connections.middle.connection, lock);

  async function expectAllDone(): Promise<void> {
    const once = await run('--once');
    expect(once.exitCode, once.all).toBe(0);
    expect(await statesOf(pair.middle)).toEqual({ 2: 80, 3: 4 });
    expect(await journalled()).toBe(84);
    expect(await column(pair.store, 'SELECT count(*) FROM bnet_account')).toEqual(['40']);
    expect(await column(pair.store, 'SELECT count(*) FROM bnet_customer_attr')).toEqual(['40']);
    expect(await column(pair.middle, 'SELECT DISTINCT State FROM IF_BNET_CUST_ATTR')).toEqual(['2']);
    for (const row of (await standing(pair.middle)).values()) {
      if (row.state === 3) expect(row.errContent).toMatch(/^00404 /);
      else expect(row.errContent).toBeNull();
    }
  }

  it('after the claim: nothing is lost', async () => {
    const gate = await storeGate('LOCK TABLE bnet_customer IN ACCESS EXCLUSIVE MODE');
    const worker = run();
    await until(async () => ((await statesOf(pair.middle))[1] ?? 0) > 0);
    expect(await journalled()).toBe(0);
    worker.kill('SIGKILL');
    await worker;
    await gate.open();
    await expectAllDone();
  });

  it('inside the apply transaction, everything written and not committed: nothing is applied', async () => {
    const gate = await storeGate('LOCK TABLE sync_journal IN SHARE MODE');
    const worker = run();
    await until(async () => {
      const waiting = `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO sync_journal%'`;
      return Number((await column(pair.store, waiting))[0]) > 0;
    });
    worker.kill('SIGKILL');
    await worker;
    await gate.open();
    await until(
      async () =>
        Number(
          (
            await column(
              pair.store,
              `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bnet-sync worker' AND datname = current_database()`,
            )
          )[0],
        ) === 0,
    );
    expect(await journalled()).toBe(0);
    expect(await column(pair.store, 'SELECT count(*) FROM bnet_customer')).toEqual(['0']);
    await expectAllDone();
  });

  it('after the apply, before the mark: nothing is applied twice', async () => {
    const storeFirst = await storeGate('LOCK TABLE bnet_customer IN ACCESS EXCLUSIVE MODE');
    const worker = run();
    await until(async () => (await statesOf(pair.middle))[1] === 84);
    const markGate = await middleGate('SELECT 1 FROM IF_BNET_CUST FOR UPDATE');
    await storeFirst.open();
    await until(async () => (await journalled()) === 84);
    worker.kill('SIGKILL');
    await worker;
    await markGate.open();
    expect((await statesOf(pair.middle))[1]).toBeGreaterThan(0);
    await expectAllDone();
  });

  it('after the mark: nothing is left to do', async () => {
    const worker = run();
    await until(async () => {
      const states = await statesOf(pair.middle);
      return (states[2] ?? 0) + (states[3] ?? 0) === 84;
    });
    worker.kill('SIGKILL');
    await worker;
    await expectAllDone();
  });

  it('at random moments, again and again: every row ends in 2 or 3 and none is applied twice', async () => {
    for (const milliseconds of [150, 250, 320, 400, 480, 600]) {
      const worker = run();
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      worker.kill('SIGKILL');
      await worker;
    }
    await expectAllDone();
  });
});
