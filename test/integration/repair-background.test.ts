import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BackgroundRepair } from '../../src/operator/contract/repair.js';
import { repairStateSchema } from '../../src/operator/contract/repair.js';
import { createOperatorService } from '../../src/operator/create-operator-service.js';
import type { OperatorService } from '../../src/operator/operator-service.js';
import { RepairRunner } from '../../src/operator/repair/repair-runner.js';
import type { StagingDatabase } from '../../src/operator/verify/staging.js';
import { StoreAlarmError } from '../../src/worker/store-guard.js';
import { isAvailable, openPair, type KnexPair } from '../support/databases.js';
import { lossFixture } from '../support/loss-fixture.js';
import { openStaging, operatorSettings, operatorsOf } from '../support/operators.js';
import { until } from '../support/until.js';

const actor = { name: 'wang', via: 'console' } as const;
const whole = { custId: null, productId: null, all: false, takeBack: false, reason: 'ticket 4711' };
const dry = { ...whole, dryRun: true, reason: null };
const real = { ...whole, dryRun: false };

/* A repair that goes on in the process without whoever started it. */

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(`a repair in the background, on ${kind}`, () => {
    let pair: KnexPair;
    let fixture: ReturnType<typeof lossFixture>;
    let operator: OperatorService;
    let failures: unknown[];
    let closed: number;
    /** Set: the repair waits for it before it reads anything. */
    let gate: Promise<void>;
    let staging: () => Promise<StagingDatabase>;
    beforeEach(async () => {
      pair = await openPair(kind);
      fixture = lossFixture(pair);
      failures = [];
      closed = 0;
      gate = Promise.resolve();
      staging = openStaging;
      operator = serviceWith();
      await fixture.loseOneChange();
      await expect(fixture.work()).rejects.toThrow(StoreAlarmError);
    });
    afterEach(() => pair.close());

    function serviceWith(): OperatorService {
      const databases = operatorsOf(pair);
      const runner = new RepairRunner({
        open: () => Promise.resolve({ databases, close: () => Promise.resolve(void (closed += 1)) }),
        openStaging: async () => {
          const stage = await staging();
          await gate;
          return stage;
        },
        ...{ settings: operatorSettings, wallClock: () => Date.now() },
        onFailure: (error) => failures.push(error),
      });
      return createOperatorService({
        ...{ databases, openStaging, repairs: runner, settings: operatorSettings },
        poller: pair.openMiddle(),
        clocks: { wallClock: () => Date.now(), clock: () => performance.now() },
      });
    }

    const ended = async (of = operator): Promise<BackgroundRepair> => {
      let job: BackgroundRepair | null = null;
      await until('the repair has ended', async () => {
        ({ job } = await of.repairState());
        return typeof job?.endedAt === 'string';
      });
      return job!;
    };

    it('is dry first, then real, then all is green, for every page at once', async () => {
      expect(await operator.alarms()).toHaveLength(1);
      await operator.startRepair(actor, dry);
      expect(await ended()).toMatchObject({
        ...{ status: 'done', action: null, progress: { repaired: 1 }, error: null },
        report: { dryRun: true, rows: 1, customers: 1, alarmsOpen: 1 },
      });
      const begun = await operator.startRepair(actor, real);
      expect(begun.action).toMatch(/^\d+$/);
      expect(await ended()).toMatchObject({
        status: 'done',
        action: begun.action,
        report: { alarmsClosed: 1 },
      });
      const state = await operator.repairState();
      expect(repairStateSchema.parse(state)).toMatchObject({ alarms: [], underWay: [] });
      expect(await operator.alarms()).toEqual([]);
      expect(await operator.action(begun.action!)).toMatchObject({
        who: 'wang',
        via: 'console',
        status: 'done',
      });
      expect([closed, failures]).toEqual([2, []]);
      await fixture.work();
    });

    it('is one at a time, also while one is about to begin', async () => {
      let open: () => void = () => undefined;
      gate = new Promise((resolve) => (open = resolve));
      const first = operator.startRepair(actor, dry);
      await expect(operator.startRepair(actor, dry)).rejects.toThrow('running in this process');
      open();
      await first;
      expect((await ended()).status).toBe('done');
      await operator.startRepair(actor, dry);
      expect((await ended()).status).toBe('done');
    });

    it('is ended by whoever asks, and by name', async () => {
      expect(await operator.cancelRepair(actor)).toBeNull();
      await operator.startRepair(actor, real);
      expect(await operator.cancelRepair({ ...actor, name: 'li' })).toMatchObject({ status: 'ending' });
      const job = await ended();
      expect(job).toMatchObject({ status: 'cancelled', report: { cancelled: 'li', rows: 0, alarmsOpen: 1 } });
      expect((await operator.repairState()).underWay).toEqual([]);
    });

    it('is not begun where it cannot be recorded: nothing is changed, and the last one stays to be seen', async () => {
      await operator.startRepair(actor, dry);
      await ended();
      await fixture.runInStore('ALTER TABLE sync_audit RENAME TO sync_audit_away');
      await expect(operator.startRepair(actor, real)).rejects.toThrow('nothing was changed');
      await fixture.runInStore('ALTER TABLE sync_audit_away RENAME TO sync_audit');
      expect((await operator.repairState()).job).toMatchObject({ dryRun: true, status: 'done' });
      expect((await operator.repairState()).alarms).toHaveLength(1);
    });

    it('is refused with the words of the command where there is no origin, and goes on with all', async () => {
      await fixture.runInStore('DELETE FROM sync_origin');
      await expect(operator.startRepair(actor, dry)).rejects.toThrow(/new, or was wiped.*repair --all/);
      await operator.startRepair(actor, { ...dry, all: true });
      expect(await ended()).toMatchObject({ status: 'done', report: { rows: 1 } });
    });

    it('is refused where the staging database cannot be had, and says why', async () => {
      staging = () =>
        Promise.reject(new Error('better-sqlite3 is not installed; "npm install better-sqlite3"'));
      await expect(operator.startRepair(actor, real)).rejects.toThrow('npm install better-sqlite3');
      expect((await operator.repairState()).job).toBeNull();
      expect((await operator.audit({ limit: 5 })).map(({ action }) => action)).not.toContain('repair');
    });

    it('says what it failed for, in the log and in the audit, and can be started again', async () => {
      let stages = 0;
      staging = async () => {
        stages += 1;
        const stage = await openStaging();
        if (stages === 2) stage.putRows = () => expect.unreachable('the disk is full');
        return stage;
      };
      await operator.startRepair(actor, real);
      const job = await ended();
      expect(job).toMatchObject({
        status: 'failed',
        report: null,
        error: expect.stringMatching('disk is full') as string,
      });
      expect(failures).toHaveLength(1);
      expect((await operator.action(job.action!))?.outcome?.what).toContain('disk is full');
      await operator.startRepair(actor, real);
      expect((await ended()).status).toBe('done');
    });

    it('that ended with its process is shown as without an outcome, until a whole one has done the rest', async () => {
      const { records } = operatorsOf(pair).store;
      const what = JSON.stringify({ custId: null, productId: null, all: false });
      const id = await records.intend({ who: 'li', via: 'command', action: 'repair', what, reason: null });
      expect((await operator.repairState()).underWay).toMatchObject([{ id, who: 'li', status: 'open' }]);
      await operator.startRepair(actor, { ...real, custId: '42' });
      await ended();
      expect((await operator.repairState()).underWay).toHaveLength(1);
      await operator.startRepair(actor, real);
      expect(await ended()).toMatchObject({ report: { rows: 1, alarmsClosed: 1 } });
      expect((await operator.repairState()).underWay).toEqual([]);
    });

    it('goes on being shown while the store does not answer', async () => {
      await operator.startRepair(actor, dry);
      await ended();
      for (const table of ['sync_audit', 'sync_guard'])
        await fixture.runInStore(`ALTER TABLE ${table} RENAME TO ${table}_away`);
      expect(await operator.repairState()).toMatchObject({
        job: { status: 'done' },
        underWay: null,
        alarms: null,
      });
    });
  });
}
