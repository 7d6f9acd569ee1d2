import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import * as actions from '../../src/operator/contract/actions.js';
import * as checks from '../../src/operator/contract/checks.js';
import * as rows from '../../src/operator/contract/rows.js';
import { verificationSchema } from '../../src/operator/contract/verification.js';
import * as state from '../../src/operator/contract/state.js';
import { pauseTarget } from '../../src/operator/inputs.js';
import type { OperatorService } from '../../src/operator/operator-service.js';
import type { ProductStore } from '../../src/store/port.js';
import { commandsOn, configFor } from '../support/command.js';
import { isAvailable, openPair, pairKinds, plant, type Pair } from '../support/databases.js';
import { operatorServiceOf } from '../support/operators.js';
import { drain, quickSettings } from '../support/workers.js';

const product = { ProductID: '323002000', BizID: 'b1', CustID: '990947809' };
const open = { ...product, OPFlag: '0101', CustAccount: 'a', CustName: '企业' };
const bind = { ...product, OPFlag: '0201', UserID: 'ap', AccType: '1', AccName: '张三' };
const actor = { name: 'li', via: 'command' } as const;
const change = { dryRun: false, reason: 'ticket 4711' };
const key = { source: 'CUST', streamingNo: '1' } as const;

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`the contract of the operator service on ${kind}`, () => {
    let pair: Pair;
    let operator: OperatorService;
    let store: ProductStore;
    beforeAll(async () => {
      pair = await openPair(kind);
      operator = operatorServiceOf(pair);
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' }, [['1', '110', 'x']]);
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '2' }, [['2', '120', 'y']]);
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '3', CustName: null });
      await drain({ middle: pair.openMiddle(), store: pair.openStore() });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '4', State: 1 });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '5', UserID: 'b' });
      store = pair.openStore(5000);
      const { leases, deferrals } = store;
      await leases.register({ workerId: 'w-1', host: 'app-1', pid: 1 }, { ...quickSettings, shards: 8 });
      await leases.renewAndAcquire();
      const row = { source: 'ACCOUNT', streamingNo: '5', custId: '990947809' } as const;
      const deferral = { ...row, stage: 'claim', cause: 'locked', tries: 3, reason: 'locked' } as const;
      await deferrals.put([{ ...deferral, shard: 1, delayMs: 45_000 }]);
    });
    afterAll(() => pair.close());

    /** What a program gets is what the schema describes, and nothing besides. */
    function expectContract(schema: z.ZodType, answer: unknown): void {
      const received: unknown = JSON.parse(JSON.stringify(answer));
      expect(schema.parse(received)).toEqual(received);
    }

    it.each<[string, z.ZodType, (of: OperatorService) => Promise<unknown>]>([
      ['overview', state.overviewSchema, (of) => of.overview()],
      ['status', state.statusSchema, (of) => of.status()],
      ['failureGroups', rows.failureGroupsSchema, (of) => of.failureGroups()],
      ['failed', rows.rowListSchema, (of) => of.failed({}, { limit: 5 })],
      ['findFailed', rows.failedRowsSchema, (of) => of.findFailed({}, 5)],
      ['processing', rows.processingSchema, (of) => of.processing(5)],
      ['deferred', rows.deferredSchema, (of) => of.deferred(5)],
      ['row', rows.rowDetailsSchema, (of) => of.row(key)],
      ['preview', rows.previewSchema, (of) => of.preview(5)],
      ['workers', state.workersSchema, (of) => of.workers()],
      ['retry', actions.retryReportSchema, (of) => of.retry(actor, [key], 'r')],
      [
        'requeue',
        actions.requeueReportSchema,
        (of) => of.requeue(actor, [{ ...key, streamingNo: '3' }, key], change),
      ],
      [
        'requeueMatching',
        actions.matchReportSchema,
        (of) => of.requeueMatching(actor, { filter: {} }, change),
      ],
      [
        'purgeJournal',
        actions.purgeReportSchema,
        (of) => of.purgeJournal(actor, { olderThanMs: 0, gone: true, dryRun: true }),
      ],
      ['acceptStore', actions.acceptReportSchema, (of) => of.acceptStore(actor, 'r')],
      ['audit', actions.auditSchema, (of) => of.audit({ limit: 50 })],
    ])('%s gives what its schema describes', async (_name, schema, call) => {
      const answer = await call(operator);
      expect(Array.isArray(answer) ? answer.length : 1).toBeGreaterThan(0);
      expectContract(schema, answer);
    });

    it('an open alarm has its rows by their tables', async () => {
      const lost = { ...key, custId: '990947809', stateDate: '2026-11-01 08:00:00' };
      await store.guard.raise('a-1', { kind: 'finishedRows', rows: 1, examples: [lost] });
      expectContract(state.alarmsSchema.min(1), await operator.alarms());
      await operator.acceptStore(actor, null);
    });

    it('what the list of pauses gives is what pause and resume take', async () => {
      const targets = [{ table: 'IF_BNET_ACCOUNT' }, { productId: '7' }] as const;
      for (const target of targets)
        expect(await operator.pause(actor, pauseTarget.parse(target), null)).toBe(true);
      const pauses = await operator.pauses();
      expectContract(state.pausesSchema, pauses);
      expect(pauses.map(({ target }) => target)).toEqual(expect.arrayContaining([...targets]));
      for (const { target } of pauses)
        expect(await operator.resume(actor, pauseTarget.parse(target), null)).toBe(true);
      expect(await operator.pauses()).toEqual([]);
    });

    it('a repair has the rows that it repeats, and the customers that it leaves', async () => {
      const own = await openPair(kind);
      try {
        const worker = () => drain({ middle: own.openMiddle(), store: own.openStore() });
        const [lost, left] = ['990947811', '990947812'].map((CustID) => ({ ...open, CustID }));
        await plant(own.middle, 'CUST', { ...lost, StreamingNo: '1' });
        await plant(own.middle, 'CUST', { ...left, StreamingNo: '2' });
        await worker();
        await plant(own.middle, 'CUST', { ...left, StreamingNo: '3', OPFlag: '0102' });
        await worker();
        const forget = `DELETE FROM sync_journal WHERE streaming_no IN ('1', '2')`;
        await own.store.execute({ sql: forget, bindings: [] });
        const { repairReportSchema } = actions;
        const { shape } = repairReportSchema;
        const atLeastOne = { examples: shape.examples.min(1), left: shape.left.min(1) };
        const scope = { custId: null, productId: null, all: false, takeBack: false };
        const request = { ...change, ...scope, onProgress: () => undefined };
        const report = await operatorServiceOf(own).repair(actor, request);
        expectContract(repairReportSchema.extend(atLeastOne), report);
      } finally {
        await own.close();
      }
    });

    it('doctor and verify print what their schemas describe', async () => {
      const changed = `UPDATE bnet_customer SET cust_name = 'x'`;
      await pair.store.execute({ sql: changed, bindings: [] });
      const config = await configFor(pair);
      try {
        const { json } = commandsOn(() => config);
        expectContract(checks.findingsSchema.min(1), await json('doctor'));
        const { shape } = checks.verifyReportSchema;
        const atLeastOne = { differences: shape.differences.min(1), summary: shape.summary.unwrap() };
        expectContract(checks.verifyReportSchema.extend(atLeastOne), await json('verify'));
        const last = verificationSchema.shape.last.unwrap();
        const found = last.extend({ differences: last.shape.differences.min(1) });
        const recorded = { last: found, runs: verificationSchema.shape.runs.min(1) };
        expectContract(verificationSchema.extend(recorded), await operator.verification());
        expectContract(verificationSchema.extend(recorded), await json('verify', '--last'));
        expectContract(state.overviewSchema, await operator.overview());
        expect((await operator.overview()).verification?.last).toMatchObject({ byKind: { different: 1 } });
      } finally {
        await config.remove();
      }
    });
  });
}
