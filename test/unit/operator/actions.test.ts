import { describe, expect, it } from 'vitest';
import { createDesk } from '../../../src/operator/create-desk.js';
import { InvalidCursorError } from '../../../src/operator/desk.js';
import type { StoreRecords } from '../../../src/store/records-port.js';
import { failedRows, recording } from '../../support/failed-rows.js';
import { failedCustomer, lossLookup, storeOperations } from '../../support/operations.js';

const actor = { name: 'li', via: 'console' } as const;

function deskWith(more: Partial<StoreRecords> = {}) {
  const { records, audit } = recording(more);
  const { middle, search } = failedRows([failedCustomer({ streamingNo: '1' })]);
  const store = storeOperations({ appliedSince: async () => [] });
  const clock = () => 0;
  return {
    desk: createDesk({ middle, search, store, records, guard: lossLookup(), wallClock: clock, clock }),
    audit,
  };
}

describe('what operators do is recorded', () => {
  it('with who, by which way, what and why, when rows were put back', async () => {
    const { desk, audit } = deskWith();
    const keys = ['1', '2'].map((streamingNo) => ({ source: 'CUST' as const, streamingNo }));
    await desk.requeue(actor, keys, { dryRun: false, reason: 'name corrected' });
    expect(audit).toEqual([
      {
        who: 'li',
        via: 'console',
        action: 'requeue',
        what: '{"rows":["IF_BNET_CUST 1"]}',
        rows: 1,
        reason: 'name corrected',
      },
    ]);
  });

  it('not where nothing was changed', async () => {
    const { desk, audit } = deskWith({ pause: async () => false, resume: async () => false });
    const key = { source: 'CUST', streamingNo: '1' } as const;
    await desk.requeue(actor, [key], { dryRun: true, reason: null });
    await desk.requeue(actor, [{ ...key, streamingNo: '2' }], { dryRun: false, reason: null });
    expect(await desk.pause(actor, { source: 'CUST' }, null)).toBe(false);
    expect(await desk.resume(actor, { source: 'CUST' }, null)).toBe(false);
    expect(audit).toEqual([]);
  });

  it('when something is paused or goes on', async () => {
    const paused: unknown[] = [];
    const { desk, audit } = deskWith({
      pause: async (target, by) => {
        paused.push([target, by]);
        return true;
      },
      resume: async () => true,
    });
    expect(await desk.pause(actor, { productId: '8' }, 'wrong prices')).toBe(true);
    expect(await desk.resume(actor, { source: 'ACCOUNT' }, null)).toBe(true);
    expect(paused).toEqual([[{ productId: '8' }, { who: 'li', reason: 'wrong prices' }]]);
    expect(audit.map(({ action, what, rows, reason }) => [action, what, rows, reason])).toEqual([
      ['pause', '{"productId":"8"}', null, 'wrong prices'],
      ['resume', '{"table":"IF_BNET_ACCOUNT"}', null, null],
    ]);
  });
});

describe('rows that are put off', () => {
  const key = { source: 'CUST', streamingNo: '1' } as const;

  it('are tried at once, each on record in its own transaction, and none twice', async () => {
    const asked: unknown[] = [];
    const { desk, audit } = deskWith({
      retry: async (...call) => {
        asked.push(call);
        return call[0].streamingNo === '1';
      },
    });
    const keys = [key, { ...key, streamingNo: '2' }, key];
    expect(await desk.retry(actor, keys, 'unlocked')).toEqual({
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
});

describe('the list of actions', () => {
  it('goes on before an id, and refuses what is none', async () => {
    const asked: unknown[] = [];
    const { desk } = deskWith({
      actions: async (page) => {
        asked.push(page);
        return [];
      },
    });
    await desk.audit({ limit: 5 });
    await desk.audit({ limit: 5, before: '1200' });
    expect(asked).toEqual([
      { limit: 5, before: null },
      { limit: 5, before: '1200' },
    ]);
    await expect(desk.audit({ limit: 5, before: '1; DROP' })).rejects.toThrow(InvalidCursorError);
  });
});
