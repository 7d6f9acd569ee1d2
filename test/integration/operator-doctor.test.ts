import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../src/database/errors.js';
import type { MiddleAdmin } from '../../src/middle/admin-port.js';
import { deferredFindings } from '../../src/operator/doctor/deferred.js';
import { runChecks } from '../../src/operator/doctor/doctor.js';
import { preview } from '../../src/operator/preview.js';
import { requeue } from '../../src/operator/requeue.js';
import { rowPage } from '../../src/operator/row-page.js';
import type { StoreAdmin } from '../../src/store/admin-port.js';
import { previewSettings } from '../support/builders.js';
import { column, openPair, plant, standing, type KnexPair } from '../support/databases.js';
import { isAboutTestServer } from '../support/operations.js';
import { operatorsOf, type OperationsOptions } from '../support/operators.js';
import { hasPostgres } from '../support/postgres.js';
import { drain, quickSettings } from '../support/workers.js';
import { customerBind as bind, customerOpen as open } from '../support/sample-rows.js';

const actor = { name: 'li', via: 'command' } as const;
const longest = '123456789012345678901234567890';
const failure = (errContent: string, stateDate: string) => ({
  State: 3,
  ErrContent: errContent,
  StateDate: stateDate,
});
const at = (second: number) => `2026-11-01 08:00:${String(second).padStart(2, '0')}`;

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(kind === 'SQLite' || hasPostgres)(`preview, doctor and migrations on ${kind}`, () => {
    let pair: KnexPair;
    let middle: MiddleAdmin;
    let store: StoreAdmin;
    beforeEach(async () => {
      pair = await openPair(kind);
      ({ middle, store } = operatorsOf(pair));
    });
    afterEach(() => pair.close());
    const work = () => drain({ middle: pair.openMiddle(), store: pair.openStore() });
    const run = (sql: string) => pair.middle.execute({ sql, bindings: [] });
    const asOperator = (options: OperationsOptions) => operatorsOf(pair, options).middle;

    describe('preview', () => {
      const previewed = () => {
        const poller = pair.openMiddle();
        return preview({ poller, middle, store }, previewSettings);
      };

      it('foretells what a worker then does, and changes nothing', async () => {
        await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '1', CreateDate: null });
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', CreateDate: at(1) }, [
          ['1', '110', 'x'],
        ]);
        await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '3', CreateDate: at(2) });
        await plant(pair.middle, 'ACCOUNT', {
          ...bind,
          StreamingNo: '4',
          CreateDate: at(3),
          AccType: '3',
          UserID: 'b',
        });
        await plant(pair.middle, 'CUST', { ...open, OPFlag: '0103', StreamingNo: '5', CreateDate: at(4) });
        await plant(pair.middle, 'CUST', {
          ...open,
          StreamingNo: longest,
          CustID: longest,
          CreateDate: at(4),
        });
        const before = await standing(pair.middle);
        const rows = await previewed();
        expect(await standing(pair.middle)).toEqual(before);
        expect((await column(pair.store, 'SELECT count(*) FROM sync_journal')).map(Number)).toEqual([0]);
        expect((await rowPage({ middle, store }, { source: 'CUST', streamingNo: '2' })).journal).toEqual([]);

        await work();
        const after = await standing(pair.middle);
        expect(rows).toHaveLength(6);
        for (const { table, streamingNo, outcome, errContent } of rows) {
          const row = after.get(`${table.replace('IF_BNET_', '')}:${streamingNo}`);
          expect({ streamingNo, outcome, errContent }).toEqual({
            streamingNo,
            outcome: row?.state === 2 ? 'applied' : 'failed',
            errContent: row?.errContent,
          });
        }
        expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['applied', 'failed']));
      });

      it('knows a success that was put back by its journal', async () => {
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
        await work();
        await run('UPDATE IF_BNET_CUST SET State = 0');
        expect(await previewed()).toMatchObject([
          { outcome: 'applied', note: expect.stringContaining('without a second effect') as string },
        ]);
      });
    });

    describe('the doctor', () => {
      const examined = (clock = () => new Date()) =>
        runChecks({
          middle: () => Promise.resolve(middle),
          store: () => Promise.resolve(store),
          clock,
          settings: { settleMs: 2000, shards: 8, productIds: [], othersFinishRows: false },
        });
      const problems = async () =>
        (await examined()).findings
          .filter(({ area, level }) => level !== 'ok' && area !== 'clock' && area !== 'workers')
          .filter((finding) => !isAboutTestServer(finding))
          .map(({ level, finding }) => `${level}: ${finding}`);

      it('finds tables of init-middle and a migrated store in order', async () => {
        expect(await problems()).toEqual([]);
      });

      it('finds a missing index, column and table', async () => {
        await run('DROP INDEX if_bnet_account_poll');
        await run('ALTER TABLE IF_BNET_CUST DROP COLUMN Remark');
        await run('DROP TABLE IF_BNET_CUST_ATTR');
        const found = await problems();
        expect(found).toEqual([
          'error: IF_BNET_CUST.Remark is missing',
          'error: IF_BNET_CUST_ATTR is missing, or this user may not see it',
          expect.stringContaining('SELECT ON IF_BNET_CUST_ATTR is refused'),
          expect.stringContaining('UPDATE (State) ON IF_BNET_CUST_ATTR is refused'),
          expect.stringContaining('UPDATE (StateDate) ON IF_BNET_CUST_ATTR is refused'),
          expect.stringContaining('IF_BNET_CUST_ATTR has no index on (StreamingNo)'),
          expect.stringContaining('IF_BNET_ACCOUNT has no index on (State, CreateDate'),
        ]);
      });

      it('finds shared and missing StreamingNos in tables without a key', async () => {
        await run('ALTER TABLE IF_BNET_CUST RENAME TO keyed');
        await run('CREATE TABLE IF_BNET_CUST AS SELECT * FROM keyed');
        for (const no of ['7', '7', '8', null])
          await plant(pair.middle, 'CUST', { ...open, StreamingNo: no });
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: null, State: 2 });
        expect(await middle.duplicates(10)).toEqual([{ source: 'CUST', streamingNo: '7', count: 2 }]);
        expect(await middle.withoutStreamingNo()).toEqual({ CUST: 1, ACCOUNT: 0 });
        expect(await asOperator({ productIds: ['8'] }).duplicates(10)).toEqual([]);
        expect(await problems()).toEqual(
          expect.arrayContaining([
            'error: a StreamingNo stands more than once: IF_BNET_CUST:7 (2 rows)',
            'error: 1 open rows of IF_BNET_CUST have no StreamingNo',
          ]),
        );
        const duplicates = await requeue({ middle, store }, actor, [{ source: 'CUST', streamingNo: '7' }], {
          ...{ dryRun: false, reason: null },
        });
        expect(duplicates.notRequeued).toMatchObject([{ reason: 'several rows' }]);
      });

      it('finds the deferred rows, by where and why, with what to do', async () => {
        const { leases, deferrals } = pair.openStore();
        await leases.register({ workerId: 'w-1', host: 'app-1', pid: 1 }, { ...quickSettings, shards: 8 });
        await leases.renewAndAcquire();
        const put = { source: 'CUST', custId: '7', tries: 2, shard: 7, delayMs: 5000 } as const;
        await deferrals.put([
          { ...put, streamingNo: '1', stage: 'claim', cause: 'locked', reason: 'locked by 17' },
          { ...put, streamingNo: '2', stage: 'mark', cause: 'locked', reason: 'locked by 17' },
          { ...put, streamingNo: longest, stage: 'mark', cause: 'refused', reason: 'check "x" [23514]' },
        ]);
        expect(await problems()).toEqual([
          expect.stringMatching(
            /^warning: 2 rows are deferred with their customers \(claim 1, mark 1\): .*IF_BNET_CUST 1: locked by 17$/,
          ),
          expect.stringMatching(
            new RegExp(
              `^error: 1 row is .* refuses the update.* IF_BNET_CUST ${longest}: check "x" \\[23514\\]$`,
            ),
          ),
        ]);
      });

      it.runIf(kind === 'PostgreSQL')(
        'gives statements that name the session that holds a lock, and the triggers',
        async () => {
          const summary = (cause: 'locked' | 'refused') => ({
            ...{ rows: 1, customers: 1, oldestSeconds: 1, oldest: [] },
            byStage: [{ stage: 'claim' as const, cause, rows: 1 }],
          });
          const statement = async (cause: 'locked' | 'refused') => {
            const [finding] = await deferredFindings(async () => summary(cause), 'postgresql');
            return /SELECT [^;]+/.exec(finding?.whatToDo ?? '')?.[0] ?? '';
          };
          await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
          await run(`CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'`);
          await run('CREATE TRIGGER undoes BEFORE DELETE ON IF_BNET_CUST FOR EACH ROW EXECUTE FUNCTION no()');
          const holders = await statement('locked');
          await pair.middle.transaction(async (editor) => {
            const [{ pid } = {}] = (
              await editor.execute({ sql: 'SELECT pg_backend_pid() AS pid', bindings: [] })
            ).rows;
            await editor.execute({ sql: 'SELECT 1 FROM IF_BNET_CUST FOR UPDATE', bindings: [] });
            expect((await editor.execute({ sql: holders, bindings: [] })).rows).toMatchObject([{ pid }]);
          });
          expect((await run(holders)).rows).toEqual([]);
          expect((await run(await statement('refused'))).rows).toMatchObject([{ tgname: 'undoes' }]);
        },
      );

      it('finds that the store does not let it read them, and which grant is missing', async () => {
        const denied = new DatabaseError('schema', 'permission denied for table sync_deferral', {
          code: '42501',
        });
        const findings = await deferredFindings(() => Promise.reject(denied), null);
        expect(findings.at(-1)).toMatchObject({ area: 'privileges', level: 'error' });
        expect(findings.at(-1)?.whatToDo).toContain('grants-store.sql');
      });

      it('changes nothing', async () => {
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', ...failure('00402', at(1)) }, [
          ['1', '110', 'x'],
        ]);
        const before = await standing(pair.middle);
        await examined();
        expect(await standing(pair.middle)).toEqual(before);
        expect((await column(pair.middle, 'SELECT State FROM IF_BNET_CUST_ATTR')).map(Number)).toEqual([0]);
      });
    });

    describe('migrations', () => {
      it('run once, and set up the shards at the first time only', async () => {
        expect((await store.setup()).pending).toEqual([]);
        expect(await store.migrate(16)).toEqual([]);
        expect(await store.shards()).toBe(8);
      });

      it('are pending in an empty database, which looking does not change', async () => {
        const empty = operatorsOf({ ...pair, store: pair.middle }).store;
        expect((await empty.setup()).pending).toContain('0001_initial');
        await expect(column(pair.middle, 'SELECT count(*) FROM sync_migration')).rejects.toMatchObject({
          kind: 'schema',
        });
      });
    });
  });
}
