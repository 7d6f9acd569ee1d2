import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../src/database/errors.js';
import { acceptStore } from '../../src/operator/accept.js';
import { NotTakenError } from '../../src/operator/audit.js';
import { type MatchTarget } from '../../src/operator/requests.js';
import { requeueMatching } from '../../src/operator/requeue-matching.js';
import { purgeJournal } from '../../src/operator/purge.js';
import {
  column,
  retryWhileBusy,
  isAvailable,
  openPair,
  pairKinds,
  plant,
  standing,
  statesOf,
  type Pair,
} from '../support/databases.js';
import { finishedRows, nothingLost } from '../support/operations.js';
import { operatorServiceOf, operatorsOf } from '../support/operators.js';
import { sqlOf } from '../support/plain-access.js';
import { quickSettings, testWorker, until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';
import { open } from '../support/sample-rows.js';

const actor = { name: 'li', via: 'command' } as const;
const key = { source: 'CUST', streamingNo: '1' } as const;
const failed = { State: 3, ErrContent: '00402 甲', StateDate: '2026-11-01 08:00:05' };
/** More than one set. */
const rows = 620;
const patienceMs = scaled(90_000);

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`actions and their record on ${kind}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await openPair(kind);
    });
    afterEach(() => pair.close());

    /** Rows in State 3 that a worker refuses again, with the latest StateDate one second apart. */
    const plantFailed = async (): Promise<void> => {
      const { date } = sqlOf(pair.middle);
      await pair.middle.transaction(async (transaction) => {
        for (let number = 1; number <= rows; number += 1)
          await transaction.execute({
            sql: `INSERT INTO IF_BNET_CUST (StreamingNo, ProductID, BizID, CustID, OPFlag, State, ErrContent, CreateDate, StateDate)
                  VALUES (?, ?, ?, ?, '0101', 3, '00401', ${date}, ${number === 1 ? 'NULL' : date})`,
            bindings: [
              ...[String(number), open.ProductID, open.BizID, String(number), '2026-11-01 08:00:00'],
              ...(number === 1 ? [] : [`2026-11-0${1 + (number % 9)} 09:00:00`]),
            ],
          });
      });
    };

    /** Goes on until nothing is left, a set at a time; SQLite's one writer may be busy at any statement. */
    const putBackAll = async (begin: MatchTarget, each?: () => Promise<void>): Promise<void> => {
      const parts = operatorsOf(pair);
      let target = begin;
      for (let steps = 0; steps < 500; steps += 1) {
        try {
          const request = { target, dryRun: false, reason: null, isOver: () => true };
          const { action, matched } = await requeueMatching(parts, actor, request);
          if (!matched.atLeast) return;
          target = { continues: action ?? '' };
        } catch (error) {
          if (!isBusy(error)) throw error;
          const [last] = await retryWhileBusy(() => parts.store.records.actions({ before: null, limit: 1 }));
          if (last !== undefined) target = { continues: last.id };
        }
        await each?.();
      }
      throw new Error('there is no end to it');
    };

    const whileWorking = async (work: () => Promise<void>): Promise<void> => {
      const middle = pair.openMiddle();
      const store = pair.openStore();
      const { worker } = testWorker({ middle, store, settings: { batchSize: 200 } });
      const running = worker.run();
      try {
        await work();
      } finally {
        worker.stop();
        await running;
      }
    };

    const allFailedAgain = () =>
      until(async () => (await retryWhileBusy(() => statesOf(pair.middle)))[3] === rows, 60_000);

    /** How often rows were decided: each was put back once for each time. */
    const timesDecided = () =>
      retryWhileBusy(() =>
        column(
          pair.store,
          'SELECT CAST(n AS TEXT) FROM (SELECT count(*) AS n FROM sync_journal GROUP BY streaming_no) AS t',
        ),
      );

    it(
      'put each failed row back once beside a worker that fails it again, ended after any set and gone on with',
      async () => {
        await plantFailed();
        await whileWorking(async () => {
          await putBackAll({ filter: {} }, allFailedAgain);
          await allFailedAgain();
        });
        expect(await timesDecided()).toEqual(Array<string>(rows).fill('1'));
        const entries = await operatorsOf(pair).store.records.actions({ before: null, limit: 500 });
        expect(entries.length).toBeGreaterThan(1);
        expect(new Set(entries.map(({ action }) => action))).toEqual(new Set(['requeue-matching']));
      },
      patienceMs,
    );

    it(
      'put each failed row back once where two go on with the same action at once',
      async () => {
        await plantFailed();
        const { records } = operatorsOf(pair).store;
        await whileWorking(async () => {
          const what = `{"filter":{},"failedUntil":"${await pair.testMiddle.operations().now()}"}`;
          const intent = {
            who: 'li',
            via: 'command',
            action: 'requeue-matching',
            what,
            reason: null,
          } as const;
          const continues = await retryWhileBusy(() => records.intend(intent));
          await Promise.all([1, 2].map(() => putBackAll({ continues })));
          await allFailedAgain();
        });
        expect(await timesDecided()).toEqual(Array<string>(rows).fill('1'));
      },
      patienceMs,
    );

    it('leave a row alone that failed after the action began, and make none fail before it', async () => {
      const middle = pair.testMiddle.operations();
      const until = '2026-11-01 08:00:05';
      await plant(pair.middle, 'CUST', { ...open, ...failed, CustID: '1', StreamingNo: '1' });
      await plant(pair.middle, 'CUST', {
        ...{ ...open, ...failed, CustID: '2', StreamingNo: '2', StateDate: '2026-11-01 08:00:06' },
      });
      await plant(pair.middle, 'CUST', {
        ...open,
        ...failed,
        CustID: '3',
        StreamingNo: '3',
        StateDate: null,
      });
      const keys = ['1', '2', '3'].map((streamingNo) => ({ source: 'CUST' as const, streamingNo }));
      const moved = await middle.requeue(keys, until);
      expect(moved.map(({ streamingNo }) => streamingNo).sort()).toEqual(['1', '3']);
      // The clock was set back since the action began.
      const ahead = new Date(Date.parse(`${(await middle.now()).replace(' ', 'T')}Z`) + 3_600_000);
      const later = ahead.toISOString().slice(0, 19).replace('T', ' ');
      expect(await middle.requeue(keys, later)).toHaveLength(1);
      const stands = await standing(pair.middle);
      expect([stands.get('CUST:1')?.state, stands.get('CUST:2')?.state]).toEqual([0, 0]);
      expect(stands.get('CUST:2')?.stateDate).toBe(later);
    });

    it('do nothing where the store refuses their record', async () => {
      const parts = operatorsOf(pair);
      await plant(pair.middle, 'CUST', { ...open, ...failed, CustID: '1', StreamingNo: '1' });
      const operator = operatorServiceOf(pair);
      await operator.pause(actor, { productId: '8' }, null);
      const { leases, deferrals } = pair.openStore(5000);
      await leases.register({ workerId: 'w-1', host: 'app-1', pid: 1 }, { ...quickSettings, shards: 8 });
      await leases.renewAndAcquire();
      const row = { ...key, custId: '1', stage: 'claim', cause: 'locked', tries: 3 } as const;
      await deferrals.put([{ ...row, reason: 'locked', shard: 1, delayMs: 45_000 }]);
      await refuseRecords(pair);
      const middle = {
        ...parts.middle,
        finished: finishedRows(nothingLost().middle),
        now: () => parts.middle.now(),
      };
      const accept = { action: 'repair-accept', productIds: [], shards: 8, reason: null } as const;
      const purge = { olderThanMs: 0, gone: false, productIds: [], dryRun: false };
      const actions: readonly (() => Promise<unknown>)[] = [
        () => operator.pause(actor, { source: 'CUST' }, null),
        () => operator.resume(actor, { productId: '8' }, null),
        () => operator.retry(actor, [key], null),
        () => operator.requeue(actor, [key], { dryRun: false, reason: null }),
        () => operator.requeueMatching(actor, { filter: {} }, { dryRun: false, reason: null }),
        () => purgeJournal(parts, actor, purge),
        () => acceptStore({ ...parts, middle }, actor, accept),
      ];
      for (const action of actions) {
        await expect(action()).rejects.toThrow(NotTakenError);
        await expect(action()).rejects.toThrow('nothing was changed');
      }
      expect(await statesOf(pair.middle)).toEqual({ 3: 1 });
      expect(await operator.pauses()).toMatchObject([{ target: { productId: '8' } }]);
      expect(await operator.deferred(5)).toMatchObject([{ streamingNo: '1' }]);
      expect(await parts.store.guard.origins()).toEqual([]);
      expect(await operator.audit({ limit: 5 })).toMatchObject([{ action: 'pause' }]);
    });
  });
}

function isBusy(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.kind === 'conflict';
  return error instanceof Error && error.cause !== undefined && isBusy(error.cause);
}

/** From now on nothing is recorded, as where INSERT on sync_audit is revoked. */
async function refuseRecords({ store }: Pair): Promise<void> {
  const statements =
    store.dialect.name === 'pg'
      ? [
          `CREATE FUNCTION refuse_record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             RAISE EXCEPTION 'permission denied for table sync_audit' USING ERRCODE = '42501'; END $$`,
          'CREATE TRIGGER refuse_record BEFORE INSERT ON sync_audit EXECUTE FUNCTION refuse_record()',
        ]
      : [
          `CREATE TRIGGER refuse_record BEFORE INSERT ON sync_audit
             BEGIN SELECT RAISE(ABORT, 'permission denied for table sync_audit'); END`,
        ];
  for (const sql of statements) await store.execute({ sql, bindings: [] });
}
