import { describe, expect, it } from 'vitest';
import { interruptedPurge, purgeIntent } from '../../../src/operator/purge-record.js';
import type { AuditEntry } from '../../../src/store/admin-port.js';

const scope = { olderThanMs: 400, productIds: ['2', '1'] };
const now = '2026-11-20T01:00:00.000Z';
const after = { source: 'ACCOUNT', streamingNo: '123456789012345678901234567890' } as const;

interface Made {
  readonly id: string;
  readonly at?: string;
  readonly action?: AuditEntry['action'];
  readonly intent?: object;
  /** Undefined: it is open. */
  readonly outcome?: object;
}

const entry = ({ id, at = now, action = 'journal-purge', intent, outcome }: Made): AuditEntry => ({
  ...{ id, at, who: 'li', via: 'command', action, rows: null, reason: null },
  what: JSON.stringify(intent ?? purgeIntent(scope, { before: now, after: null, continues: null })),
  status: outcome === undefined ? 'open' : 'done',
  outcome: outcome === undefined ? null : { at, what: JSON.stringify(outcome) },
});

/** Looks in actions, newest first. */
const lookIn = (made: readonly Made[], of = scope) => {
  const actions = made.map(entry);
  const page = async ({ before, limit }: { before: string | null; limit: number }) => {
    const from = before === null ? 0 : actions.findIndex(({ id }) => id === before) + 1;
    return actions.slice(from, from + limit);
  };
  return interruptedPurge({ actions: page }, of, now);
};
const ended = { superseded: 1, goneRows: 2, left: null };
const stopped = { ...ended, left: `IF_BNET_ACCOUNT ${after.streamingNo}` };

describe('an interrupted purge', () => {
  it('is gone on with after the last row of its outcome', async () => {
    expect(await lookIn([{ id: '7', outcome: stopped }])).toEqual({ action: '7', after });
  });

  it('that was killed is gone on with after the row that its last part began with', async () => {
    const intent = purgeIntent(scope, { before: now, after, continues: '6' });
    expect(
      await lookIn([
        { id: '7', intent },
        { id: '6', outcome: stopped },
      ]),
    ).toEqual({ action: '7', after });
    // Its first part: nothing is known to be done.
    expect(await lookIn([{ id: '7' }, { id: '6', outcome: stopped }])).toBeNull();
  });

  it('is none once the same purge came to its end', async () => {
    expect(
      await lookIn([
        { id: '8', outcome: ended },
        { id: '7', outcome: stopped },
      ]),
    ).toBeNull();
  });

  it.each([
    ['of another age', { ...scope, olderThanMs: 401 }, null],
    ['of other products', { ...scope, productIds: ['1'] }, null],
    ['of the same products in another order', { ...scope, productIds: ['1', '2'] }, { action: '7', after }],
  ])('%s', async (_case, of, found) => {
    expect(await lookIn([{ id: '7', outcome: stopped }], of)).toEqual(found);
  });

  it('is found behind any number of other actions, also of a purge without --gone and of an older version', async () => {
    const others = Array.from({ length: 1203 }, (_, index) => ({
      id: String(9000 - index),
      action: 'login' as const,
      intent: {},
    }));
    const plain = { id: '9', intent: { before: now, gone: false }, outcome: { superseded: 1, goneRows: 0 } };
    const older = { id: '8', intent: { before: now, gone: true }, outcome: { superseded: 1, goneRows: 0 } };
    expect(await lookIn([...others, plain, older, { id: '7', outcome: stopped }])).toEqual({
      action: '7',
      after,
    });
  });

  it('of more than seven days ago is done anew', async () => {
    expect(await lookIn([{ id: '7', at: '2026-11-13T01:00:00.000Z', outcome: stopped }])).not.toBeNull();
    expect(await lookIn([{ id: '7', at: '2026-11-13T00:59:59.000Z', outcome: stopped }])).toBeNull();
  });

  it.each(['IF_BNET_ACCOUNT', 'IF_BNET_OTHER 7', 'IF_BNET_CUST 7 8', "IF_BNET_CUST 7'", ''])(
    'whose place cannot be read is done anew: "%s"',
    async (left) => {
      expect(await lookIn([{ id: '7', outcome: { ...ended, left } }])).toBeNull();
    },
  );
});
