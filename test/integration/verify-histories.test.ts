import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { column, isAvailable, openPair, type Pair } from '../support/databases.js';
import { clear, histories, plantHistory, rules } from '../support/model-rows.js';
import { verifyPair } from '../support/verification.js';
import { drain } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

const timeout = scaled(300_000);

const batchSizes = fc.integer({ min: 1, max: 20 });

for (const { kind, runs } of [
  { kind: 'SQLite', runs: 25 },
  { kind: 'PostgreSQL', runs: 8 },
  { kind: 'Oracle', runs: 3 },
] as const) {
  describe.runIf(isAvailable(kind))(`verify of random histories on ${kind}`, { timeout }, () => {
    let pair: Pair;
    beforeAll(async () => {
      pair = await openPair(kind);
    });
    afterAll(() => pair.close());
    const inMiddle = (sql: string) => pair.middle.execute({ sql, bindings: [] });
    const inStore = (sql: string) => pair.store.execute({ sql, bindings: [] });

    /** The platform corrects what was refused, as far as it can be, and puts back some of what succeeded. */
    async function putBack(): Promise<void> {
      const back = 'State = 0, ErrContent = NULL';
      await inMiddle(`UPDATE IF_BNET_CUST SET ${back}, CustAccount = 'k', CustName = '改正' WHERE State = 3`);
      await inMiddle(`UPDATE IF_BNET_ACCOUNT SET ${back}, UserID = 'u1', AccType = '1' WHERE State = 3`);
      await inMiddle(`UPDATE IF_BNET_ACCOUNT SET State = 0 WHERE State = 2`);
    }

    it('finds nothing after refusals, corrections and rows put back, and everything that is spoilt', async () => {
      await fc.assert(
        fc.asyncProperty(histories, rules, batchSizes, async (rows, chosen, batchSize) => {
          await clear(pair);
          await plantHistory(pair, rows);
          const settings = { batchSize, rules: chosen };
          const work = () => drain({ middle: pair.openMiddle(), store: pair.openStore(), settings });
          await work();
          await putBack();
          await work();
          const { attributes } = chosen;
          const clean = await verifyPair(pair, { attributes });
          expect(clean.differences).toEqual([]);
          expect(clean.summary.notJudgedExamples).toEqual([]);

          const tables = ['bnet_customer', 'bnet_account'];
          for (const table of tables) await inStore(`UPDATE ${table} SET area_code = 'zzzzz'`);
          const counts = tables.map((table) => column(pair.store, `SELECT count(*) FROM ${table}`));
          const records = (await Promise.all(counts)).reduce((sum, [count]) => sum + Number(count), 0);
          const { summary } = await verifyPair(pair, { attributes });
          expect(summary.byKind).toEqual(records === 0 ? {} : { different: records });
        }),
        { numRuns: runs },
      );
    });
  });
}
