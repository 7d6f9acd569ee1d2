import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Fixture } from '../middle.js';
import { account, byId, claimAll, cust, everything, longAgo, requestsFor } from './rows.js';

const thirtyDigits = '123456789012345678901234567890';

/** What a claim reads: each value exactly as it stands after the claim. */
export function contentRules(fixture: Fixture): void {
  describe('the content of claimed rows', () => {
    it('is what stands there after the claim, not what stood there at the poll', async () => {
      await fixture().plant([cust('1'), account('2', { attributes: [{ attrId: '1', attrValue: 'old' }] })]);
      const middle = fixture().open();
      const { rows } = await middle.poll(everything());
      const corrected = {
        custId: '2000',
        custName: '更正后',
        opFlag: '0102',
        productId: '43',
        bizId: 'BIZ9',
      };
      await fixture().change({ source: 'CUST', streamingNo: '1' }, corrected);
      await fixture().change(
        { source: 'ACCOUNT', streamingNo: '2' },
        { accName: '李四', userId: 'U9', areaCode: '010' },
      );
      const result = await middle.claim(requestsFor(rows));
      expect(byId(result.rows, 'IF_BNET_CUST:1')).toMatchObject(corrected);
      expect(byId(result.rows, 'IF_BNET_ACCOUNT:2')).toMatchObject({
        accName: '李四',
        userId: 'U9',
        areaCode: '010',
      });
    });

    it('is every column of a customer row as text, exactly', async () => {
      const columns = {
        productId: thirtyDigits,
        bizId: '业务-BIZ 1',
        areaCode: '00571',
        custId: '9'.repeat(30),
        custAccount: 'a@b.cn',
        custName: '中国电信股份有限公司𠀀😀 "分公司" \\ %_?',
        opFlag: '0101',
        createDate: longAgo,
      };
      await fixture().plant([cust(thirtyDigits, columns)]);
      const { rows } = await claimAll(fixture().open());
      expect(rows).toEqual([
        {
          source: 'CUST',
          streamingNo: thirtyDigits,
          ...columns,
          userId: null,
          accType: null,
          accName: null,
          state: State.Processing,
          stateDate: (await fixture().rows())[0]!.stateDate,
          attributes: [],
        },
      ]);
    });

    it('is every column of an account row as text, exactly', async () => {
      const columns = {
        productId: '1',
        bizId: 'B',
        areaCode: ' 10 ',
        custId: '2',
        userId: '用户😀',
        accType: '1',
        accName: '  前后空格  ',
        opFlag: '0202',
        createDate: null,
      };
      await fixture().plant([account('1', columns)]);
      const { rows } = await claimAll(fixture().open());
      expect(rows).toEqual([
        {
          source: 'ACCOUNT',
          streamingNo: '1',
          ...columns,
          custAccount: null,
          custName: null,
          state: State.Processing,
          stateDate: (await fixture().rows())[0]!.stateDate,
          attributes: [],
        },
      ]);
    });

    it('is null for a missing value and for an empty text alike', async () => {
      const empty = { bizId: '', areaCode: '', opFlag: '' };
      const missing = { productId: null, bizId: null, areaCode: null, custId: null, opFlag: null };
      await fixture().plant([
        cust('1', { ...missing, custAccount: null, custName: null }),
        cust('2', { ...empty, custAccount: '', custName: '' }),
        account('3', { ...missing, userId: null, accType: null, accName: null }),
        account('4', { ...empty, userId: '', accName: '' }),
      ]);
      const { rows } = await claimAll(fixture().open());
      const noCust = { custAccount: null, custName: null };
      expect(byId(rows, 'IF_BNET_CUST:1')).toMatchObject({ ...missing, ...noCust });
      expect(byId(rows, 'IF_BNET_CUST:2')).toMatchObject({
        bizId: null,
        areaCode: null,
        opFlag: null,
        ...noCust,
      });
      expect(byId(rows, 'IF_BNET_ACCOUNT:3')).toMatchObject({
        ...missing,
        userId: null,
        accType: null,
        accName: null,
      });
      expect(byId(rows, 'IF_BNET_ACCOUNT:4')).toMatchObject({ bizId: null, userId: null, accName: null });
    });

    it('comes with the attributes in the numeric order of their ids', async () => {
      const idsInOrder = ['9', '10', '99', '100', thirtyDigits, `${thirtyDigits.slice(0, -1)}1`];
      const shuffled = [4, 1, 5, 0, 3, 2].map((index) => idsInOrder[index]!);
      const attributes = shuffled.map((attrId) => ({ attrId, attrSpecId: '7', attrValue: `值${attrId}` }));
      await fixture().plant([cust('1', { attributes }), account('1', { attributes })]);
      const { rows } = await claimAll(fixture().open());
      const expected = idsInOrder.map((attrId) => ({ attrId, attrSpecId: '7', attrValue: `值${attrId}` }));
      expect(rows.map((row) => row.attributes)).toEqual([expected, expected]);
    });

    it('holds attribute values exactly, an empty one as null', async () => {
      const attributes = [
        { attrId: '1', attrSpecId: thirtyDigits, attrValue: '' },
        { attrId: '2', attrSpecId: null, attrValue: null },
        { attrId: '3', attrSpecId: '1', attrValue: '𠀀😀中文 ' },
        { attrId: '4', attrSpecId: '1', attrValue: '同一规格' },
      ];
      await fixture().plant([account('1', { attributes })]);
      const { rows } = await claimAll(fixture().open());
      expect(rows[0]!.attributes).toEqual([{ ...attributes[0], attrValue: null }, ...attributes.slice(1)]);
    });

    it('has the attributes of its own row and table alone', async () => {
      await fixture().plant([
        cust('1', { attributes: [{ attrId: '1', attrValue: 'customer 1' }] }),
        cust('11', { attributes: [{ attrId: '2', attrValue: 'customer 11' }] }),
        account('1', { attributes: [{ attrId: '1', attrValue: 'account 1' }] }),
        account('11'),
      ]);
      const { rows } = await claimAll(fixture().open());
      const valuesOf = (id: string) => byId(rows, id).attributes.map(({ attrValue }) => attrValue);
      expect(valuesOf('IF_BNET_CUST:1')).toEqual(['customer 1']);
      expect(valuesOf('IF_BNET_CUST:11')).toEqual(['customer 11']);
      expect(valuesOf('IF_BNET_ACCOUNT:1')).toEqual(['account 1']);
      expect(valuesOf('IF_BNET_ACCOUNT:11')).toEqual([]);
    });
  });
}
