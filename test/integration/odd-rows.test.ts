import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rowFindings } from '../../src/operator/doctor/rows.js';
import { preview } from '../../src/operator/preview.js';
import { previewSettings } from '../support/builders.js';
import { isAvailable, openPair, pairKinds, plant, plantAttribute, type Pair } from '../support/databases.js';
import { operatorsOf } from '../support/operators.js';
import { testWorker, toldOnce } from '../support/workers.js';
import { bind as bindOfProduct, open as openOfProduct } from '../support/sample-rows.js';

const product = { ProductID: '323002000', BizID: '40825826451003' };
const open = { ...openOfProduct, ...product };
const ours = { productIds: [product.ProductID] };
const look = { scan: 100, examples: 5 };

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`rows that are not as they should be, on ${kind}`, () => {
    let pair: Pair;
    let now: number;
    beforeEach(async () => {
      pair = await openPair(kind);
      now = Date.parse(`${(await operatorsOf(pair).middle.now()).replace(' ', 'T')}Z`);
    });
    afterEach(() => pair.close());

    /** So many seconds ago by the middle database's clock. */
    const ago = (seconds: number): string =>
      new Date(now - seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
    const row = (streamingNo: string, columns: Record<string, string | number | null>) =>
      plant(pair.middle, 'CUST', { ...open, CustID: streamingNo, StreamingNo: streamingNo, ...columns });
    const middle = (options = {}) => operatorsOf(pair, options).middle;

    it('a State outside the specification, or none, is counted as other and named', async () => {
      const states = [0, 3, 9, -1, null];
      for (const [index, State] of states.entries()) await row(String(index + 1), { State });
      await row('6', { State: 9, ProductID: '8' });
      const counts = await middle().queries.countCapped(10);
      expect(counts.CUST).toEqual({ '0': 1, '1': 0, '2': 0, '3': 1, other: 4, stopped: [] });
      expect(counts.ACCOUNT).toEqual({ '0': 0, '1': 0, '2': 0, '3': 0, stopped: [] });
      const named = await middle(ours).otherStates(10);
      expect([...named].sort((a, b) => Number(a.streamingNo) - Number(b.streamingNo))).toEqual([
        { source: 'CUST', streamingNo: '3', state: '9' },
        { source: 'CUST', streamingNo: '4', state: '-1' },
        { source: 'CUST', streamingNo: '5', state: null },
      ]);
      expect(await middle().otherStates(2)).toHaveLength(2);
    });

    it.each([
      ['CreateDate, as it is', { CreateDate: 7000, StateDate: null }, 7000],
      ['StateDate of a row that was put back', { CreateDate: 90_000, StateDate: 500 }, 500],
      ['CreateDate of a row with an older StateDate', { CreateDate: 7000, StateDate: 9000 }, 7000],
      ['StateDate where CreateDate is ahead', { CreateDate: -28_800, StateDate: 600 }, 600],
      ['CreateDate where StateDate is ahead', { CreateDate: 600, StateDate: -28_800 }, 600],
      ['StateDate where there is no CreateDate', { CreateDate: null, StateDate: 600 }, 600],
    ] as const)('a row has been pending since its %s', async (_, dates, seconds) => {
      const dateOf = (age: number | null) => (age === null ? null : ago(age));
      await row('1', { CreateDate: dateOf(dates.CreateDate), StateDate: dateOf(dates.StateDate) });
      await row('2', { CreateDate: ago(100_000), StateDate: ago(100_000), ProductID: '8' });
      const age = await middle(ours).oldestPendingSeconds();
      expect(Math.abs((age ?? 0) - seconds)).toBeLessThan(60);
    });

    it('rows that are ahead of the clock are counted, with how far they are ahead', async () => {
      await row('1', { CreateDate: ago(60) });
      await row('2', { CreateDate: null });
      expect(await middle().createdAhead()).toEqual({ rows: 0, newest: null, seconds: 0 });
      await row('3', { CreateDate: ago(-28_800) });
      await row('4', { CreateDate: ago(-600) });
      await row('5', { CreateDate: '2099-01-01 00:00:00', ProductID: '8' });
      await row('6', { CreateDate: ago(-30_000), State: 2 });
      const ahead = await middle(ours).createdAhead();
      expect(ahead).toMatchObject({ rows: 2, newest: ago(-28_800) });
      expect(Math.abs(ahead.seconds - 28_800)).toBeLessThan(60);
      expect((await middle().createdAhead()).newest).toBe('2099-01-01 00:00:00');
      expect(await middle().oldestPendingSeconds()).toBeGreaterThan(50);
    });

    it('a preview tells how long a row that is ahead of the clock still waits', async () => {
      await row('1', { CreateDate: ago(-28_800) });
      const bind = { ...bindOfProduct, ...product };
      const key = { CustID: '2', StreamingNo: '2', CreateDate: ago(-28_800) };
      await plant(pair.middle, 'ACCOUNT', { ...bind, ...key });
      const rows = await preview(
        { poller: pair.openMiddle(), ...operatorsOf(pair) },
        { ...previewSettings, settleMs: 2000, dependencyGraceMs: 10_000 },
      );
      const notes = rows.map(({ note }) => note ?? '');
      expect(notes[0]).toMatch(
        /^left alone for (8 h|7 h 59 min) .*its CreateDate is (8 h|7 h 59 min) .*ahead/,
      );
      expect(notes[1]).toMatch(/its customer waits up to (8 h|7 h 59 min)/);
    });

    it('a worker with nothing to do warns of rows that are ahead, and of no others', async () => {
      await row('1', { CreateDate: ago(-28_800) });
      await row('2', { CreateDate: ago(-30) });
      const { worker, told } = testWorker({
        ...{ middle: pair.openMiddle(), store: pair.openStore() },
        settings: { settleMs: 60_000 },
      });
      const warned = toldOnce(worker, 'createdAhead');
      const running = worker.run();
      expect(await warned).toMatchObject({ rows: 2, newest: ago(-28_800) });
      for (let polls = 0; polls < 5; polls += 1) await toldOnce(worker, 'polled');
      worker.stop();
      await running;
      expect(told.filter(({ name }) => name === 'createdAhead')).toHaveLength(1);
    });

    it('attribute rows that came after their row was taken, or have none, are counted and named', async () => {
      const attributes = [['11', '110', 'x']] as const;
      const orphan = { State: 0, CreateDate: ago(300) };
      await row('1', { State: 2 });
      await row('2', { State: 0 });
      await row('3', { State: 3, ErrContent: '00403 附加属性超过 10000 个' });
      await row('4', { State: 1, ProductID: '8' });
      for (const no of ['1', '2', '3', '4'])
        await plantAttributes(no, attributes, { State: 0, CreateDate: ago(300) });
      await plantAttributes('1', [['12', '111', 'y']], { State: 2, CreateDate: ago(300) });
      await plantAttributes(
        '7',
        [
          ['13', '110', 'x'],
          ['14', '111', 'y'],
        ],
        orphan,
      );
      await plantAttributes('8', [['15', '110', 'x']], { State: 0, CreateDate: ago(5) });
      expect((await middle(ours).strayAttributes(look)).CUST).toEqual({
        late: { rows: 1, examples: ['1'] },
        orphaned: { rows: 2, examples: ['7'] },
      });
      expect((await middle().strayAttributes(look)).CUST.late).toEqual({ rows: 2, examples: ['1', '4'] });
      expect((await middle().strayAttributes(look)).ACCOUNT.late.rows).toBe(0);
      expect((await middle().strayAttributes({ scan: 1, examples: 5 })).CUST.orphaned.rows).toBe(0);
      const findings = rowFindings({
        ...{ duplicates: [], withoutStreamingNo: { CUST: 0, ACCOUNT: 0 }, otherStates: [] },
        ...{ tooManyAttributes: [], strays: await middle(ours).strayAttributes(look) },
      });
      expect(findings.map(({ finding }) => finding)).toEqual([
        expect.stringContaining('1 rows of IF_BNET_CUST_ATTR came after their row was taken'),
        expect.stringContaining(
          '2 rows of IF_BNET_CUST_ATTR belong to no row of IF_BNET_CUST, StreamingNo 7',
        ),
      ]);
    });

    it('a row with more attribute rows than there may be is named with their number', async () => {
      await row('1', { State: 0 });
      await row('2', { State: 0 });
      const three = ['1', '2', '3'].map((id) => [`1${id}`, '110', 'x'] as const);
      await plantAttributes('1', three, { State: 0 });
      await plantAttributes('2', three.slice(0, 2), { State: 0 });
      expect(await middle({ maxAttributes: 2 }).tooManyAttributes(5)).toEqual([
        { source: 'CUST', streamingNo: '1', count: 3 },
      ]);
    });

    async function plantAttributes(
      streamingNo: string,
      attributes: readonly (readonly [string, string, string])[],
      columns: { readonly State: number; readonly CreateDate?: string },
    ): Promise<void> {
      for (const [attrId, specId, value] of attributes)
        await plantAttribute(pair.middle, 'CUST', {
          ...{ CustAttrID: `${streamingNo}${attrId}`, StreamingNo: streamingNo, AttrSpecID: specId },
          ...{ AttrValue: value, ...columns },
        });
    }
  });
}
