import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/errors.js';
import { rowId, type RowKey } from '../../../src/domain/keys.js';
import { MiddleEmptyError, purgeJournal } from '../../../src/operator/purge.js';
import type { JournalLine, StoreRecords } from '../../../src/store/admin-port.js';
import { recording } from '../../support/failed-rows.js';
import { failedAccount, journalLine, middleOperations, middleSearch } from '../../support/operations.js';

const actor = { name: 'li@host', via: 'command' } as const;
const none = { '0': 0, '1': 0, '2': 0, '3': 0, stopped: [] };
const request: Parameters<typeof purgeJournal>[2] = {
  olderThanMs: 400 * 86_400_000,
  gone: false,
  productIds: [],
  dryRun: false,
};

interface Situation {
  /** How many superseded entries there are. */
  readonly superseded?: number;
  /** Current entries that are old enough. */
  readonly current?: readonly JournalLine[];
  /** StreamingNos of accounts that are still in the middle database. */
  readonly present?: readonly string[];
  readonly records?: Partial<StoreRecords>;
}

function scene({ superseded = 0, current = [], present = [], records: more = {} }: Situation) {
  const forgotten: RowKey[] = [];
  let left = superseded;
  const { store, audit } = recording(
    {
      // One in ten is evidence: it is looked at and stays.
      supersededBefore: async (_before, { after, scan }) => {
        const start = after === null ? 0 : Number(after.streamingNo);
        const looked = lines(superseded).slice(start, start + scan);
        const last = looked.at(-1);
        return {
          entries: looked.filter(({ streamingNo }) => !streamingNo.endsWith('0')),
          next: last === undefined || looked.length < scan ? null : last,
        };
      },
      forgetSuperseded: async (entries) => {
        left -= entries.length;
        return entries.length;
      },
      currentBefore: async (_before, { after, scan }) => {
        const start = after === null ? 0 : current.findIndex((line) => rowId(line) === rowId(after)) + 1;
        const lines = current.slice(start, start + scan);
        return { lines, next: start + scan < current.length ? (lines.at(-1) ?? null) : null };
      },
      actions: async () => [],
      forget: async (keys) => {
        forgotten.push(...keys);
        return keys.length * 2;
      },
      ...more,
    },
    { now: async () => '2026-11-20T01:00:00.000Z' },
  );
  const parts = {
    middle: middleOperations({
      find: async (keys) =>
        present
          .map((streamingNo) => failedAccount({ streamingNo }))
          .filter((row) => keys.some((key) => rowId(key) === rowId(row))),
      queries: middleSearch({
        countCapped: async () => ({ CUST: none, ACCOUNT: { ...none, '2': Math.min(1, present.length) } }),
      }),
    }),
    store,
  };
  return { parts, audit, forgotten, leftOver: () => left };
}

const lines = (count: number, more: Partial<JournalLine> = {}) =>
  Array.from({ length: count }, (_, number) => journalLine({ streamingNo: String(number + 1), ...more }));

describe('a purge of the journal', () => {
  it('deletes superseded entries in sets, past those that stay, by the clock of the store, and is recorded', async () => {
    const { parts, audit, leftOver } = scene({ superseded: 1300, current: lines(3) });
    expect(await purgeJournal(parts, actor, request)).toEqual({
      dryRun: false,
      ended: true,
      before: '2025-10-16T01:00:00.000Z',
      ...{ continues: null, after: null },
      superseded: 1170,
      gone: null,
    });
    expect(leftOver()).toBe(130);
    expect(audit).toEqual([
      {
        who: 'li@host',
        via: 'command',
        action: 'journal-purge',
        what: '{"before":"2025-10-16T01:00:00.000Z","gone":false}',
        reason: null,
        outcome: { what: '{"superseded":1170,"goneRows":0}', rows: 1170 },
      },
    ]);
  });

  it('forgets rows that have left the middle database, and no others, set by set', async () => {
    const { parts, forgotten, audit } = scene({ current: lines(1200), present: ['1', '700'] });
    const report = await purgeJournal(parts, actor, { ...request, gone: true });
    expect(report.gone).toEqual({ rows: 1198, entries: 2396 });
    expect(forgotten.map(({ streamingNo }) => streamingNo)).not.toContain('700');
    expect(new Set(forgotten.map(rowId)).size).toBe(1198);
    expect(audit).toMatchObject([{ outcome: { rows: 2396 } }]);
  });

  it('knows nothing of rows of other products: they are not gone because they do not exist for us', async () => {
    const current = [
      journalLine({ streamingNo: '2', productId: '8' }),
      journalLine({ streamingNo: '3', productId: null }),
      journalLine({ streamingNo: '4', productId: '323002000' }),
    ];
    const { parts, forgotten } = scene({ current, present: ['1'] });
    await purgeJournal(parts, actor, { ...request, gone: true, productIds: ['323002000'] });
    expect(forgotten.map(({ streamingNo }) => streamingNo)).toEqual(['4']);
  });

  it('refuses a middle database without any row: it is more likely the wrong one', async () => {
    const { parts, forgotten, leftOver } = scene({ superseded: 5, current: lines(3) });
    await expect(purgeJournal(parts, actor, { ...request, gone: true })).rejects.toThrow(MiddleEmptyError);
    expect([forgotten, leftOver()]).toEqual([[], 5]);
  });

  it('only counts in a dry run', async () => {
    const { parts, forgotten, leftOver, audit } = scene({ superseded: 7, current: lines(3), present: ['1'] });
    const report = await purgeJournal(parts, actor, { ...request, gone: true, dryRun: true });
    expect(report).toMatchObject({ dryRun: true, superseded: 7, gone: { rows: 2, entries: null } });
    expect([forgotten, leftOver(), audit]).toEqual([[], 7, []]);
  });

  it('records what was deleted before an error ended it', async () => {
    let calls = 0;
    const forgetSuperseded = async (): Promise<number> => {
      calls += 1;
      if (calls === 2) throw new DatabaseError('connectionLost', 'terminated');
      return 500;
    };
    const { parts, audit } = scene({ superseded: 1300, records: { forgetSuperseded } });
    await expect(purgeJournal(parts, actor, request)).rejects.toThrow('terminated');
    expect(audit).toMatchObject([{ outcome: { rows: 500 } }]);
  });

  it('deletes nothing where it cannot be put on record', async () => {
    const intend = () => Promise.reject(new DatabaseError('schema', 'permission denied', { code: '42501' }));
    const { parts, leftOver } = scene({ superseded: 7, records: { intend } });
    await expect(purgeJournal(parts, actor, request)).rejects.toThrow('nothing was changed');
    expect(leftOver()).toBe(7);
  });

  it('ends after the set in flight where it is to end, with what it deleted on record, and says so', async () => {
    const { parts, audit, leftOver } = scene({ superseded: 1300, current: lines(3), present: ['1'] });
    const report = await purgeJournal(parts, actor, { ...request, gone: true, isOver: () => true });
    expect(report).toMatchObject({ ended: false, superseded: 450, gone: { rows: 0 } });
    expect([leftOver(), audit]).toMatchObject([850, [{ outcome: { rows: 450 } }]]);
  });
});
