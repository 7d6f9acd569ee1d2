import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';
import { SmallScene } from './small-scene.js';

const rows = 12;

// A worker sleeps past its lease with rows in flight, another one takes them over, and then the first one wakes.
describe.runIf(hasPostgres)('fault suite: a worker that wakes after its lease, on PostgreSQL', () => {
  let scene: SmallScene;
  beforeEach(async () => {
    // Calls may take long, so that a sleeper takes up where it was.
    scene = await SmallScene.open({ worker: { callTimeoutMs: 30_000, leaseTtlMs: 2000 } });
  });
  afterEach(() => scene.close());

  const decisions = () =>
    scene.ask('SELECT DISTINCT worker, count(*) AS count FROM fault_decision GROUP BY worker');
  const effects = () => scene.ask('SELECT xid, source, streaming_no FROM fault_call ORDER BY seq');
  const stored = () =>
    scene.ask('SELECT cust_id, opened_at, xmin::text AS written FROM bnet_customer ORDER BY cust_id');

  async function start(name: string) {
    const place = await scene.place(name);
    place.start();
    const workerId = await until(
      `${name} works`,
      async () => {
        const started = place.log().find(({ event }) => event === 'started');
        return started === undefined ? null : String(started['workerId']);
      },
      30_000,
    );
    return { place, workerId };
  }

  it('with claimed rows in flight: its fence fails, it writes nothing and says that it lost the lease', async () => {
    const sleeper = await start('sleeper');
    await scene.untilShared(1);
    // The answer with the rows' content comes when it wakes.
    sleeper.place.proxies.middle?.loseAnswerTo('"CustAccount"', 'hold');
    await scene.plantOpens(1, rows);
    await scene.untilInState(1, rows);
    await until('its rows are read', async () => sleeper.place.proxies.middle?.sprung === true);
    sleeper.place.signal('SIGSTOP');
    const other = await start('other');
    await scene.untilInState(2, rows);
    const before = [await decisions(), await effects(), await stored()];
    sleeper.place.proxies.middle?.clear();
    sleeper.place.signal('SIGCONT');
    await until(
      'it knows',
      async () => sleeper.place.log().some(({ event }) => event === 'leaseLost'),
      20_000,
    );
    await scene.untilShared(2);
    expect([await decisions(), await effects(), await stored()]).toEqual(before);
    expect(await decisions()).toEqual([{ worker: other.workerId, count: String(rows) }]);
    expect(await effects()).toHaveLength(rows);
    expect(await scene.inState(2)).toBe(rows);
  }, 90_000);

  it('in the middle of a transaction: the server ends it, and nothing of it is written', async () => {
    const sleeper = await start('sleeper');
    await scene.untilShared(1);
    const held = scene.store.run((query) => query('SELECT pg_advisory_lock(4711)'));
    await held;
    await scene.plantOpens(1, rows, 'WAIT');
    await until('a handler waits', async () => {
      const waiting = await scene.ask(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
      return waiting.length > 0;
    });
    sleeper.place.signal('SIGSTOP');
    await scene.store.run((query) => query('SELECT pg_advisory_unlock_all()'));
    const other = await start('other');
    await scene.untilInState(2, rows);
    const before = [await decisions(), await effects(), await stored()];
    sleeper.place.signal('SIGCONT');
    await until('it knows', async () => sleeper.place.log().some(({ event }) => event === 'outage'), 20_000);
    await scene.untilShared(2);
    expect([await decisions(), await effects(), await stored()]).toEqual(before);
    expect(await decisions()).toEqual([{ worker: other.workerId, count: String(rows) }]);
    expect(await effects()).toHaveLength(rows);
  }, 90_000);
});
