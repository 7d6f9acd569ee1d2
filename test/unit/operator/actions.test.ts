import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/errors.js';
import { NotTakenError } from '../../../src/operator/audit.js';
import { createOperatorService } from '../../../src/operator/create-operator-service.js';
import { InvalidCursorError } from '../../../src/operator/failed.js';
import type { StoreRecords } from '../../../src/store/admin-port.js';
import { failedRows, recording } from '../../support/failed-rows.js';
import { failedCustomer, middleDatabase } from '../../support/operations.js';
import { openStaging, operatorSettings, repairRunnerOn } from '../../support/operators.js';

const actor = { name: 'li', via: 'console' } as const;

function serviceWith(more: Partial<StoreRecords> = {}, beforeMove?: () => void) {
  const { store, audit } = recording(more);
  const { middle, moves } = failedRows([failedCustomer({ streamingNo: '1' })], beforeMove);
  const clock = () => 0;
  const operator = createOperatorService({
    databases: { middle, store },
    poller: middleDatabase({}),
    openStaging,
    repairs: repairRunnerOn({ middle, store }),
    settings: operatorSettings,
    clocks: { wallClock: clock, clock },
  });
  return { operator, audit, moves };
}

const refused = new DatabaseError('schema', 'permission denied for table sync_audit', { code: '42501' });
const refuse = () => Promise.reject(refused);

describe('what operators do is recorded', () => {
  const keys = ['1', '2'].map((streamingNo) => ({ source: 'CUST' as const, streamingNo }));

  it('before rows are put back, and after with which ones were', async () => {
    const seen: unknown[] = [];
    const { operator, audit } = serviceWith({}, () => seen.push(...structuredClone(audit)));
    await operator.requeue(actor, keys, { dryRun: false, reason: 'name corrected' });
    const what = '{"rows":["IF_BNET_CUST 1","IF_BNET_CUST 2"]}';
    const intent = { who: 'li', via: 'console', action: 'requeue', what, reason: 'name corrected' };
    expect(seen).toEqual([{ ...intent, outcome: null }]);
    expect(audit).toEqual([{ ...intent, outcome: { what: '{"rows":["IF_BNET_CUST 1"]}', rows: 1 } }]);
  });

  it('not where nothing was changed', async () => {
    const { operator, audit } = serviceWith({ pause: async () => false, resume: async () => false });
    const key = { source: 'CUST', streamingNo: '1' } as const;
    await operator.requeue(actor, [key], { dryRun: true, reason: null });
    await operator.requeue(actor, [{ ...key, streamingNo: '2' }], { dryRun: false, reason: null });
    expect(await operator.pause(actor, { source: 'CUST' }, null)).toBe(false);
    expect(await operator.resume(actor, { source: 'CUST' }, null)).toBe(false);
    expect(audit).toEqual([]);
  });

  it('with a pause, and with its end', async () => {
    const paused: unknown[] = [];
    const { operator } = serviceWith({
      pause: async (...call) => paused.push(call) > 0,
      resume: async (...call) => paused.push(call) > 0,
    });
    expect(await operator.pause(actor, { productId: '8' }, 'wrong prices')).toBe(true);
    expect(await operator.resume(actor, { source: 'ACCOUNT' }, null)).toBe(true);
    const by = { who: 'li', via: 'console', rows: null };
    expect(paused).toEqual([
      [{ productId: '8' }, { ...by, action: 'pause', what: '{"productId":"8"}', reason: 'wrong prices' }],
      [{ source: 'ACCOUNT' }, { ...by, action: 'resume', what: '{"table":"IF_BNET_ACCOUNT"}', reason: null }],
    ]);
  });

  it('or it is not done: no row is put back without its intent on record', async () => {
    const { operator, moves } = serviceWith({ intend: refuse });
    const acts = [
      operator.requeue(actor, keys, { dryRun: false, reason: null }),
      operator.requeueMatching(actor, { filter: {} }, { dryRun: false, reason: null }),
    ];
    for (const act of acts) {
      await expect(act).rejects.toThrow(NotTakenError);
      await expect(act).rejects.toThrow('nothing was changed');
    }
    expect(moves).toEqual([]);
  });

  it('with what an error left of it: the outcome names the error, which reaches whoever asked', async () => {
    const { operator, audit } = serviceWith({}, () => {
      throw new DatabaseError('connectionLost', 'terminated by\nthe administrator');
    });
    await expect(operator.requeue(actor, keys, { dryRun: false, reason: null })).rejects.toThrow(
      'terminated',
    );
    expect(audit).toMatchObject([
      { outcome: { what: '{"rows":[],"error":"terminated by the administrator"}', rows: 0 } },
    ]);
  });

  it('and says so where the outcome could not be recorded', async () => {
    const { operator, audit } = serviceWith({ conclude: refuse });
    await expect(operator.requeue(actor, keys, { dryRun: false, reason: null })).rejects.toThrow(
      'requeue: 1 rows were changed, but this could not be recorded in sync_audit beside the intent, action 1',
    );
    expect(audit).toMatchObject([{ outcome: null }]);
  });

  it('an action whose commit may have taken effect is not said to have changed nothing', async () => {
    const unknown = new DatabaseError('commitUnknown', 'the answer to a commit was lost');
    const { operator } = serviceWith({ pause: () => Promise.reject(unknown) });
    await expect(operator.pause(actor, { source: 'CUST' }, null)).rejects.toBe(unknown);
  });
});

describe('deferred rows', () => {
  const key = { source: 'CUST', streamingNo: '1' } as const;

  it('are tried at once, each on record in its own transaction, and none twice', async () => {
    const asked: unknown[] = [];
    const { operator, audit } = serviceWith({
      retry: async (...call) => {
        asked.push(call);
        return call[0].streamingNo === '1';
      },
    });
    const keys = [key, { ...key, streamingNo: '2' }, key];
    expect(await operator.retry(actor, keys, 'unlocked')).toEqual({
      retried: [{ table: 'IF_BNET_CUST', streamingNo: '1' }],
      notDeferred: [{ table: 'IF_BNET_CUST', streamingNo: '2' }],
    });
    const record = { who: 'li', via: 'console', action: 'retry', rows: 1, reason: 'unlocked' };
    expect(asked).toEqual([
      [key, { ...record, what: '{"rows":["IF_BNET_CUST 1"]}' }],
      [
        { ...key, streamingNo: '2' },
        { ...record, what: '{"rows":["IF_BNET_CUST 2"]}' },
      ],
    ]);
    expect(audit).toEqual([]);
  });

  it('are not said to be unchanged where one of them was changed before the record of another was refused', async () => {
    const { operator } = serviceWith({ retry: async ({ streamingNo }) => streamingNo === '1' || refuse() });
    await expect(operator.retry(actor, [{ ...key, streamingNo: '2' }], null)).rejects.toThrow(NotTakenError);
    await expect(operator.retry(actor, [key, { ...key, streamingNo: '2' }], null)).rejects.toBe(refused);
  });
});

describe('the list of actions', () => {
  it('goes on before an id, and refuses what is none', async () => {
    const asked: unknown[] = [];
    const { operator } = serviceWith({
      actions: async (page) => {
        asked.push(page);
        return [];
      },
    });
    await operator.audit({ limit: 5 });
    await operator.audit({ limit: 5, before: '1200' });
    expect(asked).toEqual([
      { limit: 5, before: null },
      { limit: 5, before: '1200' },
    ]);
    await expect(operator.audit({ limit: 5, before: '1; DROP' })).rejects.toThrow(InvalidCursorError);
  });
});
