import '../support/hostile-time-zone.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Difference } from '../../src/operator/contract/checks.js';
import { isAvailable, openPair, pairKinds, plant, type Pair } from '../support/databases.js';
import { clear } from '../support/model-rows.js';
import { verifyPair } from '../support/verification.js';
import { drain, quickSettings } from '../support/workers.js';
import { bind as bindOfProduct, open as openOfProduct } from '../support/sample-rows.js';

const customer = '123456789012345678901234567890';
const product = { ProductID: '323002000', BizID: 'b1', CustID: customer };
const open = { ...openOfProduct, ...product, AreaCode: '020' };
const bind = { ...bindOfProduct, ...product };
const longest = '999999999999999999999999999999';

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`verify on ${kind}`, () => {
    let pair: Pair;
    beforeAll(async () => {
      pair = await openPair(kind);
    });
    afterAll(() => pair.close());
    const work = (settings: Partial<typeof quickSettings> = {}) =>
      drain({ middle: pair.openMiddle(), store: pair.openStore(), settings });
    const inMiddle = (sql: string) => pair.middle.execute({ sql, bindings: [] });
    const inStore = (sql: string) => pair.store.execute({ sql, bindings: [] });

    /** An open with two attributes, two binds, one unbind; another customer's open; a refused row. */
    beforeEach(async () => {
      await clear(pair);
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: longest, CreateDate: null }, [
        ['1', '110', 'x'],
        ['2', '120', null],
      ]);
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '2' }, [['7', '210', 'y']]);
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '3', UserID: 'bp' });
      await plant(pair.middle, 'ACCOUNT', { ...product, StreamingNo: '4', OPFlag: '0203', UserID: 'bp' });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '5', CustID: '8' });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '6', CustID: '9', CustName: null });
      await work();
    });

    const brief = ({ kind: found, what, custId, userId, field, streamingNo, ...rest }: Difference) =>
      [found, what, custId, userId ?? streamingNo, field, rest.expected, rest.found] as const;
    async function expectDifferences(...expected: readonly (readonly (string | null)[])[]): Promise<void> {
      const { summary, differences } = await verifyPair(pair);
      expect(differences.map(brief)).toEqual(expected);
      expect(summary.differences).toBe(expected.length);
      expect(summary.notJudgedExamples).toEqual([]);
    }

    it('tells nothing where the rows lead to what the store holds', async () => {
      const { summary, differences } = await verifyPair(pair);
      expect(differences).toEqual([]);
      expect(summary).toMatchObject({ rows: 5, customers: 3, differences: 0, customersWithDifferences: 0 });
      expect(Object.values(summary.notJudged)).toEqual([0, 0, 0, 0, 0]);
    });

    describe('finds', () => {
      it('a customer and a user that are missing', async () => {
        await inStore(`DELETE FROM bnet_customer WHERE cust_id = '8'`);
        await inStore(`DELETE FROM bnet_account WHERE user_id = 'ap'`);
        await expectDifferences(
          ['missing', 'customer', '8', null, null, 'active', null],
          ['missing', 'user', customer, 'ap', null, 'bound', null],
        );
      });

      it('a customer and a user that no row leads to', async () => {
        await inStore(`INSERT INTO bnet_customer (product_id, cust_id, biz_id, status, opened_at, last_streaming_no)
          VALUES ('323002000', '77', 'b1', 'cancelled', '2026-11-01T00:00:00.000Z', '1')`);
        await inStore(`INSERT INTO bnet_account (product_id, cust_id, biz_id, user_id, status, bound_at, last_streaming_no)
          VALUES ('323002000', '8', 'b1', 'nobody', 'bound', '2026-11-01T00:00:00.000Z', '1')`);
        await expectDifferences(
          ['surplus', 'user', '8', 'nobody', null, null, 'bound'],
          ['surplus', 'customer', '77', null, null, null, 'cancelled'],
        );
        const since = await verifyPair(pair, { journalSince: '2026-11-02T00:00:00.000Z' });
        expect([since.differences, since.summary.notJudged.olderThanJournal]).toEqual([[], 2]);
      });

      it('changed values of a customer and of a user, NULL among them', async () => {
        await inStore(`UPDATE bnet_customer SET cust_name = '别的', area_code = NULL WHERE cust_id = '8'`);
        await inStore(`UPDATE bnet_account SET acc_type = '2', last_streaming_no = '1' WHERE user_id = 'ap'`);
        await expectDifferences(
          ['different', 'customer', '8', null, 'area_code', '020', null],
          ['different', 'customer', '8', null, 'cust_name', '企业', '别的'],
          ['different', 'user', customer, 'ap', 'acc_type', '1', '2'],
          ['different', 'user', customer, 'ap', 'last_streaming_no', '2', '1'],
        );
      });

      it('a wrong status: active, cancelled, bound, unbound', async () => {
        await inStore(`UPDATE bnet_customer SET status = 'cancelled' WHERE cust_id = '8'`);
        await inStore(
          `UPDATE bnet_account SET status = CASE WHEN user_id = 'ap' THEN 'unbound' ELSE 'bound' END`,
        );
        await expectDifferences(
          ['different', 'customer', '8', null, 'status', 'active', 'cancelled'],
          ['different', 'user', customer, 'ap', 'status', 'bound', 'unbound'],
          ['different', 'user', customer, 'bp', 'status', 'unbound', 'bound'],
        );
      });

      it('attributes that are missing, surplus, changed, or have another id', async () => {
        await inStore(`UPDATE bnet_customer_attr SET attr_value = 'z' WHERE attr_spec_id = '110'`);
        await inStore(`UPDATE bnet_customer_attr SET attr_id = '3' WHERE attr_spec_id = '120'`);
        await inStore(`DELETE FROM bnet_account_attr`);
        await inStore(`INSERT INTO bnet_account_attr (product_id, cust_id, biz_id, user_id, attr_spec_id, attr_id, attr_value)
          VALUES ('323002000', '${customer}', 'b1', 'bp', '210', '9', 'v')`);
        const { differences } = await verifyPair(pair);
        expect(
          differences.map((each) => [each.kind, each.attrSpecId, each.attrId, each.expected, each.found]),
        ).toEqual([
          ['different', '110', '1', 'x', 'z'],
          ['missing', '120', '2', null, null],
          ['surplus', '120', '3', null, null],
          ['missing', '210', '7', 'y', null],
          ['surplus', '210', '9', null, 'v'],
        ]);
      });

      it('a finished row whose journal entry is missing, without calling its effect a difference', async () => {
        await inStore(`DELETE FROM sync_journal WHERE streaming_no = '3'`);
        await expectDifferences(['notInJournal', 'row', customer, '3', null, '2', null]);
      });

      it('rows that were set to State 2 by hand: never applied, or refused', async () => {
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: '20', CustID: '10', State: 2 });
        await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '21', CustID: '11', State: 2 });
        await inMiddle(`UPDATE IF_BNET_CUST SET State = 2 WHERE StreamingNo = 6`.replace('= 6', `= '6'`));
        const { differences } = await verifyPair(pair);
        expect(differences.map(brief)).toEqual([
          ['refusedInJournal', 'row', '9', '6', null, '2', '00401 关键数据项不能为空: CustName'],
          ['notInJournal', 'row', '10', '20', null, '2', null],
          ['missing', 'customer', '10', null, null, 'active', null],
          ['notInJournal', 'row', '11', '21', null, '2', null],
          ['impossible', 'row', '11', '21', null, null, expect.stringContaining('00402')],
        ]);
      });

      it('a finished row that was changed since, and what its present content would lead to', async () => {
        await inMiddle(`UPDATE IF_BNET_CUST SET CustName = '改' WHERE CustID = '8'`);
        await inMiddle(`DELETE FROM IF_BNET_ACCOUNT_ATTR`);
        await expectDifferences(
          ['changedSince', 'row', '8', '5', null, '2', 'applied'],
          ['different', 'customer', '8', null, 'cust_name', '改', '企业'],
          ['changedSince', 'row', customer, '2', null, '2', 'applied'],
          ['surplus', 'attribute', customer, 'ap', 'attr_value', null, 'y'],
        );
      });

      it('an applied row that was set to State 3 by hand', async () => {
        await inMiddle(`UPDATE IF_BNET_CUST SET State = 3 WHERE CustID = '8'`);
        await expectDifferences(['appliedInJournal', 'row', '8', '5', null, '3', 'applied']);
      });
    });

    describe('takes for no difference', () => {
      it('an applied row whose mark is still to come, or that was put back as it is', async () => {
        await inMiddle(`UPDATE IF_BNET_CUST SET State = 1 WHERE CustID = '8'`);
        await inMiddle(`UPDATE IF_BNET_ACCOUNT SET State = 0 WHERE UserID = 'ap'`);
        await expectDifferences();
      });

      it('a row that was refused, corrected later than its successors, and applied after them', async () => {
        await plant(pair.middle, 'CUST', {
          ...open,
          ...{ StreamingNo: '30', OPFlag: '0102', CustID: '8', CustName: '早', AreaCode: '0'.repeat(5) },
        });
        await plant(pair.middle, 'CUST', {
          ...open,
          ...{
            StreamingNo: '31',
            OPFlag: '0102',
            CustID: '8',
            CustName: '晚',
            CreateDate: '2026-11-02 08:00:00',
          },
        });
        await inMiddle(`UPDATE IF_BNET_CUST SET ProductID = NULL WHERE StreamingNo = '30'`);
        await work();
        await inMiddle(
          `UPDATE IF_BNET_CUST SET ProductID = '323002000', State = 0, ErrContent = NULL WHERE StreamingNo = '30'`,
        );
        await work();
        await expectDifferences();
      });

      it('rows that were applied under rules that have been changed since', async () => {
        const rules = {
          ...quickSettings.rules,
          onDuplicateOpen: 'update',
          onCancelWithUsers: 'unbind',
        } as const;
        const later = { CreateDate: '2026-11-02 08:00:00' };
        await plant(pair.middle, 'CUST', { ...open, ...later, StreamingNo: '40', CustName: '又开' });
        await plant(pair.middle, 'CUST', { ...product, ...later, StreamingNo: '41', OPFlag: '0103' });
        await work({ rules });
        await expectDifferences();
      });
    });

    describe('does not judge', () => {
      const notJudged = async () => {
        const { summary, differences } = await verifyPair(pair);
        const { notJudged: counts, notJudgedExamples: examples } = summary;
        expect(differences).toEqual([]);
        expect(Object.values(counts).reduce((sum, each) => sum + each, 0)).toBe(1);
        return examples;
      };

      it('a customer whose applied rows have left the middle database', async () => {
        await inMiddle(`DELETE FROM IF_BNET_CUST WHERE CustID = '8'`);
        await inStore(`UPDATE bnet_customer SET cust_name = '别的' WHERE cust_id = '8'`);
        expect(await notJudged()).toEqual([{ custId: '8', reason: 'rowsLeft' }]);
      });

      it('a customer of whose history the journal was purged as well', async () => {
        await inMiddle(`DELETE FROM IF_BNET_CUST WHERE CustID = '${customer}'`);
        await inStore(`DELETE FROM sync_journal WHERE source = 'CUST' AND cust_id = '${customer}'`);
        expect(await notJudged()).toEqual([{ custId: customer, reason: 'historyIncomplete' }]);
      });

      it('a customer whose applied row was given other content and put back, decided or not', async () => {
        await inMiddle(`UPDATE IF_BNET_CUST SET State = 0, CustName = '改' WHERE CustID = '8'`);
        expect(await notJudged()).toEqual([{ custId: '8', reason: 'rowsRewritten' }]);
        await work();
        expect(await notJudged()).toEqual([{ custId: '8', reason: 'rowsRewritten' }]);
      });
    });

    it('narrows to a customer, to a product, and to the products that are ours', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '50', CustID: '8', ProductID: '4' });
      await work();
      await inStore(`UPDATE bnet_customer SET cust_name = '别的'`);
      const found = async (settings: Parameters<typeof verifyPair>[1]) =>
        (await verifyPair(pair, settings)).differences.map(({ custId, productId }) => [custId, productId]);
      expect(await found({})).toEqual([
        ['8', '323002000'],
        ['8', '4'],
        [customer, '323002000'],
      ]);
      expect(await found({ custId: customer })).toEqual([[customer, '323002000']]);
      expect(await found({ productId: '4' })).toEqual([['8', '4']]);
      expect(await found({ productIds: ['4'] })).toEqual([['8', '4']]);
      expect(await found({ custId: '8', productIds: ['323002000'] })).toEqual([['8', '323002000']]);
      expect(await found({ custId: '404' })).toEqual([]);
    });
  });
}
