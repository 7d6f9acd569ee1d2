import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { StoreAlarmError } from '../../src/worker/store-guard.js';
import { isAvailable, openPair, plant, statesOf, type KnexPair } from '../support/databases.js';
import { change, lossFixture, open, openOf } from '../support/loss-fixture.js';
import { operatorsOf } from '../support/operators.js';
import { toldOnce, until } from '../support/workers.js';

/*
 * The product store loses what it once held, by a copy that is put back in its place. On PostgreSQL every connection
 * breaks with it; on SQLite they go on, as with a restore into a database in use.
 */

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(`that a product store on ${kind} has lost something is noticed`, () => {
    let pair: KnexPair;
    let fixture: ReturnType<typeof lossFixture>;
    beforeEach(async () => {
      pair = await openPair(kind);
      fixture = lossFixture(pair);
    });
    afterEach(() => pair.close());

    it('in the smallest case, one change lost, by the worker that starts then: nothing is decided, and it is named', async () => {
      await fixture.loseOneChange();
      await expect(fixture.work()).rejects.toThrow(StoreAlarmError);
      await expect(fixture.work()).rejects.toThrow(/IF_BNET_CUST:2 of customer 1/);
      expect(await statesOf(pair.middle)).toEqual({ 0: 1, 2: 2 });
      expect(await fixture.doctor()).toMatchObject([
        { level: 'error', finding: expect.stringContaining('IF_BNET_CUST:2') as string },
      ]);
      expect((await fixture.statusNow()).alarms).toMatchObject([
        {
          kind: 'finishedRows',
          rows: 1,
          examples: [{ table: 'IF_BNET_CUST', streamingNo: '2', custId: '1' }],
        },
      ]);
    });

    it('by the doctor, before any worker looks', async () => {
      await plant(pair.middle, 'CUST', open);
      const older = await fixture.copy();
      await fixture.work();
      await older.putBack();
      await fixture.runInStore(
        `INSERT INTO sync_origin (product_id, middle_clock, recorded_at) VALUES ('', '2026-01-01 00:00:00', '2026-01-01T00:00:00.000Z')`,
      );
      expect(await fixture.doctor()).toMatchObject([
        { level: 'error', finding: expect.stringContaining('IF_BNET_CUST:1') as string },
      ]);
      expect(await fixture.doctor({ othersFinishRows: true })).toMatchObject([{ level: 'warning' }]);
    });

    it('where it was wiped and migrated anew: it has no origin, and wants to be told that it is new', async () => {
      await plant(pair.middle, 'CUST', open);
      await fixture.work();
      await emptyStore(pair);
      await plant(pair.middle, 'CUST', change('2', 'A'));
      await expect(fixture.work()).rejects.toThrow(/new, or was wiped/);
      expect(await fixture.stateOf('2')).toBe(0);
      expect(await fixture.doctor()).toMatchObject([
        { level: 'error', whatToDo: expect.stringContaining('migrate --new-store') as string },
      ]);
      expect((await fixture.statusNow()).alarms).toMatchObject([{ kind: 'noOrigin' }]);
      await fixture.accept('new-store');
      await fixture.work();
      expect(await fixture.stateOf('2')).toBe(3);
    });

    it('by a running worker whose own commits are gone, and by every other one: none decides anything until it is accepted', async () => {
      const { worker, told, running } = fixture.start();
      await plant(pair.middle, 'CUST', open);
      await until(async () => (await fixture.stateOf('1')) === 2);
      const older = await fixture.copy();
      await plant(pair.middle, 'CUST', change('2', 'A'));
      await until(async () => (await fixture.stateOf('2')) === 2);
      await older.putBack();
      await plant(pair.middle, 'CUST', change('3', 'B'));
      await until(() => fixture.alarm(told) !== undefined);
      expect(fixture.alarm(told)).toMatchObject({
        kind: 'ownCommits',
        rows: 1,
        examples: [{ source: 'CUST', streamingNo: '2' }],
        foundBy: null,
      });
      await until(async () => (await fixture.statusNow()).alarms.length === 1);
      await expect(fixture.work()).rejects.toThrow(/lost commits that it had acknowledged: IF_BNET_CUST:2/);
      expect([0, 1]).toContain(await fixture.stateOf('3'));
      const { rows } = await fixture.runInStore('SELECT count(*) AS n FROM sync_journal');
      expect(Number(rows[0]?.['n'])).toBe(1);
      const accepted = toldOnce(worker, 'storeAccepted');
      expect(await fixture.accept()).toMatchObject({ alarmsClosed: 1, unknownRows: 1 });
      await accepted;
      await until(async () => (await fixture.stateOf('3')) === 2);
      worker.stop();
      await running;
      expect((await operatorsOf(pair).store.records.actions({ before: null, limit: 1 }))[0]).toMatchObject({
        who: 'li',
        action: 'repair-accept',
        reason: 'ticket 4711',
      });
    });

    it('again, when the store goes back once more and the alarm with it', async () => {
      const { worker, told, running } = fixture.start();
      await plant(pair.middle, 'CUST', open);
      await until(async () => (await fixture.stateOf('1')) === 2);
      const older = await fixture.copy();
      await plant(pair.middle, 'CUST', change('2', 'A'));
      await until(async () => (await fixture.stateOf('2')) === 2);
      await older.putBack();
      await plant(pair.middle, 'CUST', change('3', 'B'));
      await until(async () => (await fixture.statusNow()).alarms.length === 1);
      await fixture.runInStore('DELETE FROM sync_guard');
      await until(async () => (await fixture.statusNow()).alarms.length === 1);
      expect(fixture.alarm(told)).toMatchObject({ kind: 'ownCommits' });
      expect([0, 1]).toContain(await fixture.stateOf('3'));
      worker.stop();
      await running;
    });

    it('by a worker that takes the shards of another one, though its own commits are there', async () => {
      const first = fixture.start();
      await plant(pair.middle, 'CUST', openOf(1));
      await until(async () => (await fixture.stateOf('1')) === 2);
      const older = await fixture.copy();
      await plant(pair.middle, 'CUST', openOf(2));
      await until(async () => (await fixture.stateOf('2')) === 2);
      first.worker.stop();
      await first.running;
      await older.putBack();
      const second = fixture.start();
      await plant(pair.middle, 'CUST', openOf(3));
      await until(() => fixture.alarm(second.told) !== undefined);
      expect(fixture.alarm(second.told)).toMatchObject({
        kind: 'finishedRows',
        examples: [{ streamingNo: '2' }],
      });
      expect(await fixture.stateOf('3')).toBe(0);
      second.worker.stop();
      await second.running;
    });

    it.skipIf(kind === 'SQLite')(
      'by a worker to which the loss gives back a lease that it had given away, and that lost nothing itself',
      async () => {
        const first = fixture.start();
        await plant(pair.middle, 'CUST', openOf(1));
        await until(async () => (await fixture.stateOf('1')) === 2);
        const older = await fixture.copy();
        const second = fixture.start();
        const owner = async (shard: number) =>
          (await fixture.runInStore(`SELECT owner FROM sync_shard WHERE shard = ${shard}`)).rows[0]?.[
            'owner'
          ];
        await until(async () => (await owner(7)) === second.worker.workerId);
        await plant(pair.middle, 'CUST', openOf(7));
        await until(async () => (await fixture.stateOf('7')) === 2);
        second.worker.stop();
        await second.running;
        await older.putBack();
        await plant(pair.middle, 'CUST', { ...openOf(15), StreamingNo: '15' });
        await until(() => fixture.alarm(first.told) !== undefined);
        expect(fixture.alarm(first.told)).toMatchObject({
          kind: 'finishedRows',
          examples: [{ streamingNo: '7' }],
        });
        expect([0, 1]).toContain(await fixture.stateOf('15'));
        first.worker.stop();
        await first.running;
      },
    );

    it('after rows that were finished by hand, which do not hide it', async () => {
      await plant(pair.middle, 'CUST', openOf(1));
      await fixture.work();
      const older = await fixture.copy();
      await plant(pair.middle, 'CUST', openOf(2));
      await fixture.work();
      await plant(pair.middle, 'CUST', openOf(3));
      await fixture.finishByHand('3', fixture.secondsAgo(0));
      await older.putBack();
      await expect(fixture.work()).rejects.toThrow(StoreAlarmError);
    });
  });
}

/** The store is wiped: its tables are dropped, and made anew. */
async function emptyStore(pair: KnexPair): Promise<void> {
  const isPostgres = pair.store.dialect.name === 'pg';
  const { rows } = await pair.store.execute({
    sql: isPostgres
      ? `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`
      : `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
    bindings: [],
  });
  for (const { name } of rows)
    await pair.store.execute({
      sql: `DROP TABLE ${String(name)}${isPostgres ? ' CASCADE' : ''}`,
      bindings: [],
    });
  await new KnexStoreAdmin(pair.store).migrate(8);
}
