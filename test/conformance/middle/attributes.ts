import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Fixture } from '../middle.js';
import { account, byId, claimAll, cust, longAgo, type PlantedRow } from './rows.js';

/** Two rows with one StreamingNo, one in each table, and a third; each with attributes. */
function rowsWithAttributes(columns: Partial<PlantedRow> = {}): PlantedRow[] {
  const attributes = [
    { attrId: '1', attrSpecId: '5', attrValue: 'a', state: null, stateDate: null },
    { attrId: '2', attrSpecId: '5', attrValue: 'b', state: State.Failed, stateDate: longAgo },
  ];
  return [cust('1', { ...columns, attributes }), account('1', { ...columns, attributes })];
}

/** How attribute rows follow their row. */
export function attributeRules(fixture: Fixture): void {
  describe('attribute rows', () => {
    it('follow the State and StateDate of their row at the claim, whatever they had before', async () => {
      await fixture().plant(rowsWithAttributes());
      const { rows } = await claimAll(fixture().open());
      for (const id of ['IF_BNET_CUST:1', 'IF_BNET_ACCOUNT:1']) {
        const { stateDate } = byId(rows, id);
        const { attributes } = byId(await fixture().rows(), id);
        expect(attributes.map((attribute) => [attribute.state, attribute.stateDate])).toEqual([
          [1, stateDate],
          [1, stateDate],
        ]);
      }
    });

    it('follow at the mark too, and stay with their own table', async () => {
      await fixture().plant(rowsWithAttributes());
      const middle = fixture().open();
      const { rows } = await claimAll(middle);
      const attempt = byId(rows, 'IF_BNET_CUST:1').stateDate!;
      await middle.mark([
        { source: 'CUST', streamingNo: '1', attempt, custId: null, errContent: '00403 数据格式不正确' },
      ]);
      const standing = await fixture().rows();
      const [marked, other] = [byId(standing, 'IF_BNET_CUST:1'), byId(standing, 'IF_BNET_ACCOUNT:1')];
      expect(marked.attributes).toMatchObject([
        { attrValue: 'a', state: State.Failed, stateDate: marked.stateDate },
        { attrValue: 'b', state: State.Failed, stateDate: marked.stateDate },
      ]);
      expect(other.attributes.map(({ state }) => state)).toEqual([1, 1]);
      const { stateDate } = byId(rows, 'IF_BNET_ACCOUNT:1');
      await middle.mark([
        { source: 'ACCOUNT', streamingNo: '1', attempt: stateDate!, custId: null, errContent: null },
      ]);
      const { attributes } = byId(await fixture().rows(), 'IF_BNET_ACCOUNT:1');
      expect(attributes.map(({ state }) => state)).toEqual([State.Succeeded, State.Succeeded]);
    });

    it('do not follow a row that a claim or mark left alone', async () => {
      await fixture().plant(rowsWithAttributes({ state: State.Processing, stateDate: longAgo }));
      const before = await fixture().rows();
      const middle = fixture().open();
      await claimAll(middle);
      expect(await fixture().rows()).toEqual(before);
      const late = { streamingNo: '1', attempt: '2026-01-01 00:00:00', custId: null, errContent: null };
      await middle.mark([
        { source: 'CUST', ...late },
        { source: 'ACCOUNT', ...late, errContent: '00404' },
      ]);
      expect(await fixture().rows()).toEqual(before);
    });

    it('are left alone with markAttributes false, at the claim and at the mark', async () => {
      await fixture().plant(rowsWithAttributes());
      const before = await fixture().rows();
      const middle = fixture().open({ markAttributes: false });
      const { claimed, rows } = await claimAll(middle);
      expect(claimed).toBe(2);
      expect(rows.map((row) => row.attributes.length)).toEqual([2, 2]);
      const { marked } = await middle.mark(
        rows.map(({ source, streamingNo, stateDate }) => ({
          source,
          streamingNo,
          attempt: stateDate!,
          custId: null,
          errContent: source === 'CUST' ? null : '00404 业务逻辑执行错误',
        })),
      );
      expect(marked).toBe(2);
      const after = await fixture().rows();
      expect(after.map((row) => row.state)).toEqual([State.Succeeded, State.Failed]);
      expect(after.map((row) => row.attributes)).toEqual(before.map((row) => row.attributes));
    });
  });
}
