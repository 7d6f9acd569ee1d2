import { describe, expect, it } from 'vitest';
import { LostCustomers, type LossBounds } from '../../../../src/operator/repair/lost-customers.js';
import { SqliteStagingDatabase } from '../../../../src/staging/sqlite-staging.js';
import { customerRow } from '../../../support/builders.js';

const customers = 1200;
const bounds: LossBounds = {
  context: { shards: 8, heldUntil: new Map(), originOf: () => null, now: '2026-11-20 09:00:00' },
  ...{ offsetMs: 0, since: null, isNoneLost: false },
};

function stageOf(lost: number): SqliteStagingDatabase {
  const stage = new SqliteStagingDatabase();
  const rows = Array.from({ length: customers }, (_, index) =>
    customerRow({ state: 2, streamingNo: `${index}`, custId: `${1000 + index}` }),
  );
  stage.putRows(rows);
  stage.putEntries(
    rows.slice(lost).map(({ source, streamingNo, custId }) => ({
      ...{
        source,
        streamingNo,
        custId,
        attempt: '2026-11-20 08:00:00',
        decidedAt: '2026-11-20T08:00:00.000Z',
      },
      ...{ superseded: false, requeued: false, repaired: false, outcome: 'applied', code: null },
      ...{ errContent: null, digest: 'd' },
    })),
    'entry',
  );
  return stage;
}

describe('lost customers', () => {
  it.each([0, 1, customers])(
    'are found with a rest after some hundred customers, with %i lost',
    async (lost) => {
      let rests = 0;
      const rest = () => Promise.resolve(void (rests += 1));
      const found = new LostCustomers(stageOf(lost), bounds, { isAnyOurs: true, rest });
      let rows = 0;
      for await (const part of found.parts(true)) rows += part.rows.length;
      expect(rows).toBe(lost);
      expect(rests).toBeGreaterThanOrEqual(3);
    },
  );

  it('are searched for no longer once a rest fails', async () => {
    let rests = 0;
    const rest = () => {
      rests += 1;
      return Promise.reject(new Error('ended'));
    };
    const found = new LostCustomers(stageOf(1), bounds, { isAnyOurs: false, rest });
    await expect(found.parts(true).next()).rejects.toThrow('ended');
    expect(rests).toBe(1);
  });
});
