import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreScan } from '../../src/store/admin-port.js';
import { isAvailable, openPair, plant, type Pair } from '../support/databases.js';
import { verifySourcesOf, verifyThrough } from '../support/verification.js';
import { drain } from '../support/workers.js';
import { open } from '../support/sample-rows.js';

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(`verify while a worker is at work, on ${kind}`, () => {
    let pair: Pair;
    let streamingNo = 10;
    beforeEach(async () => {
      pair = await openPair(kind);
      for (const CustID of ['1', '2'])
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: CustID, CustID });
      await work();
    });
    afterEach(() => pair.close());
    const work = () => drain({ middle: pair.openMiddle(), store: pair.openStore() });

    /** A change of customer 1 that is applied before the call ends. */
    async function change(): Promise<void> {
      streamingNo += 1;
      await plant(pair.middle, 'CUST', {
        ...{ ProductID: '323002000', BizID: 'b1', OPFlag: '0102', CustID: '1' },
        ...{ StreamingNo: String(streamingNo), CustName: `企业 ${streamingNo}` },
      });
      await work();
    }

    /** The ports, with something that happens before the first page of customers is read: after the journal was. */
    function disturbed(before: (reading: number) => Promise<void>): {
      databases: ReturnType<typeof verifySourcesOf>;
      readings: () => number;
    } {
      const plain = verifySourcesOf(pair);
      let readings = 0;
      const scan: StoreScan = {
        journalPage: (...args) => plain.store.scan.journalPage(...args),
        accountsPage: (...args) => plain.store.scan.accountsPage(...args),
        customersPage: async (scope, after, limit) => {
          if (after === null) await before((readings += 1));
          return plain.store.scan.customersPage(scope, after, limit);
        },
      };
      return { databases: { ...plain, store: { ...plain.store, scan } }, readings: () => readings };
    }

    it('what was applied between two readings is read anew, and is no difference', async () => {
      const { databases, readings } = disturbed((reading) => (reading === 1 ? change() : Promise.resolve()));
      const { summary, differences } = await verifyThrough(databases);
      expect([differences, readings()]).toEqual([[], 2]);
      expect(summary.notJudgedExamples).toEqual([]);
    });

    it('a customer that moves at each reading is not judged, after three more', async () => {
      const { databases, readings } = disturbed(change);
      const { summary, differences } = await verifyThrough(databases);
      expect([differences, readings()]).toEqual([[], 4]);
      expect(summary.notJudgedExamples).toEqual([{ custId: '1', reason: 'busy' }]);
    });

    it('another customer’s difference is told all the same', async () => {
      await pair.store.execute({
        sql: `UPDATE bnet_customer SET cust_name = 'x' WHERE cust_id = '2'`,
        bindings: [],
      });
      const { summary, differences } = await verifyThrough(disturbed(change).databases);
      expect(differences).toMatchObject([{ custId: '2', field: 'cust_name', found: 'x' }]);
      expect(summary.notJudged.busy).toBe(1);
    });
  });
}
