import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bnetSync, commandsOn, configFor, listening } from '../support/command.js';
import { isAvailable, openPair, plant, statesOf, type Pair } from '../support/databases.js';
import { copyStore } from '../support/store-copy.js';
import { until } from '../support/until.js';
import { scaled } from '../support/time-factor.js';

const open = (custId: number) => ({
  ...{ ProductID: '323002000', BizID: 'b1', OPFlag: '0101', CustAccount: 'a', CustName: '企业' },
  ...{ CustID: String(custId), StreamingNo: String(custId) },
});

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(
    `acceptance: a product store on ${kind} that has lost something`,
    { timeout: scaled(120_000) },
    () => {
      let pair: Pair;
      let config: { file: string; remove(): Promise<void> };
      beforeEach(async () => {
        pair = await openPair(kind);
        config = await configFor(pair, { http: { port: 0 } });
      });
      afterEach(async () => {
        await config.remove();
        await pair.close();
      });
      const { run, json } = commandsOn(() => config);
      const once = () => run('run', '--once');
      const lose = async () => {
        await plant(pair.middle, 'CUST', open(1));
        expect((await once()).exitCode).toBe(0);
        const older = await copyStore(pair.connections.store);
        await plant(pair.middle, 'CUST', open(2));
        expect((await once()).exitCode).toBe(0);
        await older.putBack();
        await plant(pair.middle, 'CUST', open(3));
      };

      it('stops run --once with 1, which names it; status and doctor say it, and repair --accept ends it', async () => {
        await lose();
        const stopped = await once();
        expect(stopped.exitCode, stopped.all).toBe(1);
        expect(stopped.stderr).toMatch(/does not know 1 finished row: IF_BNET_CUST:2 of customer 2.*doctor/);
        expect(await statesOf(pair.middle)).toEqual({ 0: 1, 2: 2 });

        expect(await json('status')).toMatchObject({ alarms: [{ kind: 'finishedRows', rows: 1 }] });
        expect((await run('status')).stdout).toMatch(/^ALARM: .*IF_BNET_CUST:2.*No row is processed/);
        const doctor = await run('doctor');
        expect(doctor.exitCode).toBe(1);
        expect(doctor.stdout).toMatch(/error +product store +.*IF_BNET_CUST:2/);

        const refused = await run('repair', '--accept', '--all');
        expect([refused.exitCode, refused.stdout]).toEqual([2, '']);
        expect(refused.stderr).toContain('--accept is about the whole store');
        expect(await json('repair', '--accept', '--reason', 'ticket 4711')).toMatchObject({
          alarmsClosed: 1,
          unknownRows: 1,
        });
        expect(await json('audit')).toMatchObject([{ action: 'repair-accept', reason: 'ticket 4711' }]);
        expect((await once()).exitCode).toBe(0);
        expect(await statesOf(pair.middle)).toEqual({ 2: 3 });
        expect((await run('repair', '--accept')).stdout).toContain('No alarm was open.');
      });

      it('is put right by repair: a dry run shows it, and the next run goes on', async () => {
        await lose();
        expect((await once()).exitCode).toBe(1);
        const shown = await run('repair', '--dry-run');
        expect(shown.exitCode, shown.all).toBe(0);
        expect(shown.stdout).toMatch(
          /CUST +│ 2 +│ 2 +│ 0101[\s\S]*1 lost row of 1 customer would take effect once more/,
        );
        const ofOne = await run('repair', '--customer', '1');
        expect(ofOne.exitCode, ofOne.all).toBe(0);
        expect(ofOne.stdout).toMatch(/Alarms still open: 1: a repair without --customer and --product/);
        expect(await json('repair', '--reason', 'ticket 4711')).toMatchObject({
          rows: 1,
          left: [],
          alarmsClosed: 1,
        });
        expect((await once()).exitCode).toBe(0);
        expect(await statesOf(pair.middle)).toEqual({ 2: 3 });
        expect((await run('verify')).stdout).toContain('No difference.');
        // Newest first: the repair of one customer found nothing, and is on record all the same.
        expect(await json('audit')).toMatchObject([
          { action: 'repair', rows: 1, reason: 'ticket 4711' },
          { action: 'repair', rows: 0, reason: null },
        ]);
        expect((await run('repair')).stdout).toContain('No lost row was found.');
      });

      it('keeps a serving worker alive and not ready, in the log, the metrics and the console, until it is accepted', async () => {
        await lose();
        const worker = await listening(['run', '--config', config.file]);
        const get = (path: string) =>
          fetch(`${worker.url}${path}`, { headers: { 'accept-language': 'zh-CN' } });
        await until('it is told', async () => worker.said().includes('"event":"storeWentBack"'), 30_000);
        expect((await get('/healthz')).status).toBe(200);
        const ready = await get('/readyz');
        expect(ready.status).toBe(503);
        expect(await ready.json()).toMatchObject({ ready: false, worker: { storeWentBack: true } });
        await until(
          'the metrics have it',
          async () => (await (await get('/metrics')).text()).includes('\nbnet_sync_store_alarms 1\n'),
          30_000,
        );
        for (const page of ['/', '/failed', '/workers'])
          expect(await (await get(page)).text(), page).toContain('产品库数据丢失');
        expect(await statesOf(pair.middle)).toEqual({ 0: 1, 2: 2 });
        expect((await run('repair', '--accept')).exitCode).toBe(0);
        await until('it goes on', async () => (await statesOf(pair.middle))[2] === 3, 30_000);
        expect((await get('/readyz')).status).toBe(200);
        worker.process.kill('SIGTERM');
        expect((await worker.process).exitCode).toBe(0);
      });

      it('where it is new beside finished rows, waits for migrate --new-store, which is said once', async () => {
        await plant(pair.middle, 'CUST', { ...open(1), State: 2, StateDate: '2026-11-01 08:00:00' });
        await plant(pair.middle, 'CUST', open(2));
        const migrated = await run('migrate');
        expect(migrated.exitCode, migrated.all).toBe(1);
        expect(migrated.stdout).toContain('migrate --new-store');
        const stopped = await once();
        expect([stopped.exitCode, stopped.stderr]).toEqual([
          1,
          expect.stringMatching(/is new, or was wiped/),
        ]);
        expect(await json('migrate', '--new-store')).toEqual({ migrations: [], origin: 'recorded' });
        expect((await once()).exitCode).toBe(0);
        expect(await statesOf(pair.middle)).toEqual({ 2: 2 });
        const again = await run('migrate', '--new-store');
        expect(again.exitCode).toBe(1);
        expect(again.stdout).toContain('The store is not new');
        expect(await json('migrate')).toEqual({ migrations: [], origin: 'present' });
      });

      it('migrates while the middle database is away, and says what was not recorded', async () => {
        const away = { ...config, file: `${config.file}.away.json` };
        const settings = JSON.parse(await readFile(config.file, 'utf8')) as { middle: object };
        const nowhere = { client: 'better-sqlite3', connection: { filename: '/nowhere/middle.sqlite' } };
        await writeFile(away.file, JSON.stringify({ ...settings, middle: nowhere }));
        const migrated = await bnetSync(['migrate', '--config', away.file]);
        expect(migrated.exitCode, migrated.all).toBe(0);
        expect(migrated.stdout).toContain('there is no file /nowhere/middle.sqlite');
        expect(migrated.stdout).toContain('Workers do it when they start');
        expect((await bnetSync(['migrate', '--new-store', '--config', away.file])).exitCode).toBe(3);
        await plant(pair.middle, 'CUST', open(1));
        expect((await once()).exitCode).toBe(0);
      });
    },
  );
}
