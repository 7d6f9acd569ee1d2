import '../support/hostile-time-zone.js';
import { afterEach, describe, expect, it } from 'vitest';
import { shardOf } from '../../src/domain/keys.js';
import { State } from '../../src/domain/states.js';
import { tableFindings } from '../../src/operator/doctor/tables.js';
import { everything, ids } from '../conformance/middle/rows.js';
import { openPairWithTypes, type ColumnTypes } from '../support/column-types.js';
import {
  column,
  isAvailable,
  pairKinds,
  plant,
  standing,
  statesOf,
  type Pair,
} from '../support/databases.js';
import { operatorServiceOf } from '../support/operators.js';
import { drain } from '../support/workers.js';
import { open as openOfProduct } from '../support/sample-rows.js';

const product = { ProductID: '42', BizID: 'b1' };
const open = { ...openOfProduct, ...product };
const bind = { ...product, OPFlag: '0201', UserID: 'ap', AccType: '2', AccName: '张三' };

const decimals = {
  SQLite: ['NUMERIC(32,2)', 'NUMERIC(4,2)'],
  PostgreSQL: ['numeric(32,2)', 'numeric(4,2)'],
  Oracle: ['NUMBER(32,2)', 'NUMBER(4,2)'],
} as const;

/** Every number of the tables with two decimal places. */
function withDecimals(kind: keyof typeof decimals): ColumnTypes {
  const [long, short] = decimals[kind];
  const numbers = ['StreamingNo', 'ProductID', 'CustID', 'CustAttrID', 'AccAttrID', 'AttrSpecID'];
  return { ...Object.fromEntries(numbers.map((name) => [name, long])), AccType: short, State: short };
}

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`numbers on ${kind}`, () => {
    let pair: Pair;
    afterEach(() => pair.close());

    const ends = async () => {
      const told = await drain({ middle: pair.openMiddle(), store: pair.openStore() });
      expect(told.filter(({ name }) => name === 'markConflict' || name === 'rowsDeferred')).toEqual([]);
      const rows = [...(await standing(pair.middle)).values()];
      return Object.fromEntries(
        rows.map(({ streamingNo, state, errContent }) => [Number(streamingNo), errContent ?? state]),
      );
    };

    it('in columns with decimal places are the integers that they are', async () => {
      pair = await openPairWithTypes(kind, withDecimals(kind));
      await plant(
        pair.middle,
        'CUST',
        { ...open, StreamingNo: '9', CustID: '1', State: 1, StateDate: '2026-11-01 09:00:00' },
        [['1', '7', 'x']],
      );
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '10', CustID: '1' }, [['2', '8', 'y']]);
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '11', CustID: '2', CustName: null });
      await plant(pair.middle, 'ACCOUNT', { ...bind, OPFlag: '0203', StreamingNo: '100', CustID: '1' });
      expect(await ends()).toEqual({
        9: State.Succeeded,
        10: State.Succeeded,
        11: '00401 关键数据项不能为空: CustName',
        100: State.Succeeded,
      });

      const text = (name: string) => `CAST(${name} AS TEXT)`;
      expect(
        await column(
          pair.store,
          `SELECT ${text('streaming_no')} FROM sync_journal ORDER BY length(${text('streaming_no')}), 1`,
        ),
      ).toEqual(['9', '10', '11', '100']);
      expect(await column(pair.store, `SELECT ${text('product_id')} FROM bnet_customer`)).toEqual(['42']);
      expect(await column(pair.store, `SELECT ${text('attr_spec_id')} FROM bnet_customer_attr`)).toEqual([
        '7',
      ]);
      expect(await column(pair.store, `SELECT ${text('acc_type')} FROM bnet_account`)).toEqual(['2']);
      const states = 'SELECT State AS state FROM IF_BNET_CUST_ATTR';
      expect((await column(pair.middle, states)).map(Number)).toEqual([State.Succeeded]);
    });

    it('in such columns are shown and found as integers by operators', async () => {
      pair = await openPairWithTypes(kind, withDecimals(kind));
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '11', CustID: '2', CustName: null }, [
        ['1', '7', 'x'],
      ]);
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '12', CustID: '3' });
      await ends();
      const operations = pair.testMiddle.operations();
      expect(await operations.queries.countCapped(10)).toMatchObject({
        CUST: { '0': 0, '1': 0, '2': 1, '3': 1 },
      });
      const operator = operatorServiceOf(pair, { productIds: ['42'] });
      const { rows } = await operator.failed({ custId: '2' }, { limit: 10 });
      expect(rows).toMatchObject([{ streamingNo: '11', custId: '2', productId: '42' }]);
      const [found] = await operations.find([{ source: 'CUST', streamingNo: '11' }]);
      expect(found).toMatchObject({ streamingNo: '11', attributes: [{ attrId: '1', attrSpecId: '7' }] });
      expect(await operations.requeue([{ source: 'CUST', streamingNo: '11' }])).toEqual([
        { source: 'CUST', streamingNo: '11' },
      ]);
      expect(await statesOf(pair.middle)).toEqual({ [State.Initial]: 1, [State.Succeeded]: 1 });

      const findings = tableFindings({ kind: operations.kind }, await operations.columns());
      const numbers = findings.filter(({ finding }) => finding.includes('IF_BNET_CUST.StreamingNo'));
      expect(numbers).toMatchObject(
        kind === 'SQLite'
          ? [{ level: 'error', finding: expect.stringContaining('30 digits are rounded') as string }]
          : [{ level: 'warning', finding: expect.stringContaining('has decimal places') as string }],
      );
    });

    it('that are no integers are refused with 00403, row by row, whatever shards are held', async () => {
      pair = await openPairWithTypes(kind, withDecimals(kind));
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1.5', CustID: '1' }, [['1', '7', 'x']]);
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', CustID: '2.25' });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '3', CustID: '3', ProductID: '42.5' });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '4', CustID: '4' }, [['4', '7.5', 'x']]);
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '5', CustID: '5', AccType: '1.5' });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '6', CustID: '-0.5' });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '7', CustID: '7' });
      const refused = (text: string) =>
        expect.stringMatching(new RegExp(`^00403 数据格式不正确: ${text}`)) as string;
      expect(await ends()).toEqual({
        1.5: refused('StreamingNo "1\\.50?" 不是 30 位以内的非负整数$'),
        2: refused('CustID "2\\.25" 不是 30 位以内的整数$'),
        3: refused('ProductID "42\\.50?" 不是 30 位以内的整数$'),
        4: refused('AttrSpecID \\(CustAttrID=4\\) "7\\.50?" 不是 30 位以内的整数$'),
        5: refused('AccType "1\\.50?" 不是 1'),
        6: refused('CustID "-0?\\.50?" 不是 30 位以内的整数$'),
        7: State.Succeeded,
      });
    });

    it('of customers that are none of 30 digits fall into shard 0, as the worker counts them', async () => {
      const types = { SQLite: 'TEXT', PostgreSQL: 'numeric', Oracle: 'NUMBER' };
      pair = await openPairWithTypes(kind, { CustID: types[kind] });
      const custIds = [
        '9',
        '-9',
        '2.5',
        '-9.75',
        '9'.repeat(30),
        `1${'0'.repeat(30)}`,
        `${'1'.repeat(31)}3`,
        null,
      ];
      for (const [index, CustID] of custIds.entries())
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: String(index + 1), CustID });
      const middle = pair.openMiddle();
      for (let shard = 0; shard < 8; shard += 1) {
        const { rows } = await middle.poll(everything({ shards: { count: 8, held: [shard] } }));
        const expected = custIds.flatMap((custId, index) =>
          shardOf(custId, 8) === shard ? [{ source: 'CUST' as const, streamingNo: String(index + 1) }] : [],
        );
        expect(ids(rows), `shard ${shard}`).toEqual(ids(expected));
      }
      for (const excluded of custIds.slice(0, 7)) {
        const { rows } = await middle.poll(everything({ excluded: [excluded!] }));
        expect(rows.map(({ custId }) => custId)).toEqual(custIds.filter((custId) => custId !== excluded));
      }
    });

    it('below 0 are no StreamingNo: such rows are refused, and the rest of their customers goes on', async () => {
      pair = await openPairWithTypes(kind, {});
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '-10', CustID: '1' });
      await plant(pair.middle, 'CUST', { ...open, OPFlag: '0102', StreamingNo: '-5', CustID: '1' });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '0', CustID: '1' });
      await plant(pair.middle, 'CUST', { ...open, OPFlag: '0102', StreamingNo: '5', CustID: '1' });
      await plant(pair.middle, 'ACCOUNT', {
        ...bind,
        StreamingNo: '-1',
        CustID: '2',
        State: 1,
        StateDate: '2026-11-01 09:00:00',
      });
      const refused = (no: string) => `00403 数据格式不正确: StreamingNo "${no}" 不是 30 位以内的非负整数`;
      expect(await ends()).toEqual({
        '-10': refused('-10'),
        '-5': refused('-5'),
        0: State.Succeeded,
        5: State.Succeeded,
        '-1': refused('-1'),
      });
    });
  });
}
