import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';
import { ScriptedEnvironment } from './scripted-environment.js';
import { scaled } from '../support/time-factor.js';

const rows = 12;

// A worker sleeps past its lease with rows in flight, another one takes them over, and then the first one wakes.
describe.runIf(hasPostgres)('fault suite: a worker that wakes after its lease, on PostgreSQL', () => {
  let environment: ScriptedEnvironment;
  beforeEach(async () => {
    // Calls may take long, so that a sleeper takes up where it was.
    environment = await ScriptedEnvironment.open({
      worker: { callTimeoutMs: scaled(30_000), leaseTtlMs: scaled(2000) },
    });
  });
  afterEach(() => environment.close());

  const decisions = () =>
    environment.queryStore('SELECT DISTINCT worker, count(*) AS count FROM fault_decision GROUP BY worker');
  const effects = () =>
    environment.queryStore('SELECT xid, source, streaming_no FROM fault_call ORDER BY seq');
  const stored = () =>
    environment.queryStore(
      'SELECT cust_id, opened_at, xmin::text AS written FROM bnet_customer ORDER BY cust_id',
    );

  async function start(name: string) {
    const worker = await environment.worker(name);
    worker.start();
    const workerId = await until(
      `${name} works`,
      async () => {
        const started = worker.log().find(({ event }) => event === 'started');
        return started === undefined ? null : String(started['workerId']);
      },
      30_000,
    );
    return { worker, workerId };
  }

  it(
    'with claimed rows in flight: its fence fails, it writes nothing and says that it lost the lease',
    { timeout: scaled(90_000) },
    async () => {
      const sleeper = await start('sleeper');
      await environment.untilShared(1);
      // The answer with the rows' content comes when it wakes.
      sleeper.worker.proxies.middle?.loseAnswerTo('"CustAccount"', 'hold');
      await environment.plantOpens(1, rows);
      await environment.untilInState(1, rows);
      await until('its rows are read', async () => sleeper.worker.proxies.middle?.sprung === true);
      sleeper.worker.signal('SIGSTOP');
      const other = await start('other');
      await environment.untilInState(2, rows);
      const before = [await decisions(), await effects(), await stored()];
      sleeper.worker.proxies.middle?.clear();
      sleeper.worker.signal('SIGCONT');
      await until(
        'it knows',
        async () => sleeper.worker.log().some(({ event }) => event === 'leaseLost'),
        20_000,
      );
      await environment.untilShared(2);
      expect([await decisions(), await effects(), await stored()]).toEqual(before);
      expect(await decisions()).toEqual([{ worker: other.workerId, count: String(rows) }]);
      expect(await effects()).toHaveLength(rows);
      expect(await environment.inState(2)).toBe(rows);
    },
  );

  it(
    'in the middle of a transaction: the server ends it, and nothing of it is written',
    { timeout: scaled(90_000) },
    async () => {
      const sleeper = await start('sleeper');
      await environment.untilShared(1);
      const held = environment.store.run((query) => query('SELECT pg_advisory_lock(4711)'));
      await held;
      await environment.plantOpens(1, rows, 'WAIT');
      await until('a handler waits', async () => {
        const waiting =
          await environment.queryStore(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
        return waiting.length > 0;
      });
      sleeper.worker.signal('SIGSTOP');
      await environment.store.run((query) => query('SELECT pg_advisory_unlock_all()'));
      const other = await start('other');
      await environment.untilInState(2, rows);
      const before = [await decisions(), await effects(), await stored()];
      sleeper.worker.signal('SIGCONT');
      await until(
        'it knows',
        async () => sleeper.worker.log().some(({ event }) => event === 'outage'),
        20_000,
      );
      await environment.untilShared(2);
      expect([await decisions(), await effects(), await stored()]).toEqual(before);
      expect(await decisions()).toEqual([{ worker: other.workerId, count: String(rows) }]);
      expect(await effects()).toHaveLength(rows);
    },
  );
});
