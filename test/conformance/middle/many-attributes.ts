import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Fixture } from '../middle.js';
import { account, byId, claimAll, cust, everything, longAgo, requestsFor, type PlantedRow } from './rows.js';

const most = 3;

/** Attribute rows that nobody has marked, so many. */
function attributes(count: number, first = 1) {
  return Array.from({ length: count }, (_, index) => ({
    attrId: String(first + index),
    attrValue: 'a',
    state: null,
    stateDate: null,
  }));
}

/** A row of each table with as many attribute rows as there may be, and one of each with more. */
function rowsWith(columns: Partial<PlantedRow> = {}): PlantedRow[] {
  return [
    cust('1', { ...columns, attributes: attributes(most) }),
    cust('2', { ...columns, attributes: attributes(most + 2, 100) }),
    account('1', { ...columns, attributes: attributes(most) }),
    account('2', { ...columns, attributes: attributes(most + 2, 100) }),
  ];
}

/** Rows with more attribute rows than there may be: they are to be refused, whatever the rows say. */
export function manyAttributesRules(fixture: Fixture): void {
  describe('of rows with more attribute rows than there may be', () => {
    const open = (maxAttributes = most) => fixture().open({ maxAttributes });

    it('a poll counts one more than there may be, of all others how many there are', async () => {
      await fixture().plant([...rowsWith(), cust('3')]);
      const { rows } = await open().poll(everything());
      const counts = rows.map(({ source, streamingNo, attributes: count }) => [source, streamingNo, count]);
      expect(counts).toEqual([
        ['CUST', '1', most],
        ['ACCOUNT', '1', most],
        ['CUST', '2', most + 1],
        ['ACCOUNT', '2', most + 1],
        ['CUST', '3', 0],
      ]);
    });

    it('a poll need not count those of a page that has no more of them than one row may have', async () => {
      await fixture().plant([
        cust('1', { attributes: attributes(most - 1) }),
        account('2'),
        account('3', { attributes: attributes(1) }),
      ]);
      const { rows } = await open().poll(everything());
      const [first, , third] = rows.map((row) => row.attributes);
      expect(rows[1]!.attributes).toBe(0);
      expect(first === 0 || first === most - 1, `${first}`).toBe(true);
      expect(third === 0 || third === 1, `${third}`).toBe(true);
    });

    it('a claim moves the row alone: its attribute rows are neither changed nor read in full', async () => {
      await fixture().plant(rowsWith());
      const before = await fixture().rows();
      const { claimed, rows, left } = await claimAll(open());
      expect([claimed, left]).toEqual([4, []]);
      const after = await fixture().rows();
      for (const source of ['IF_BNET_CUST', 'IF_BNET_ACCOUNT']) {
        const { stateDate, attributes: followed } = byId(after, `${source}:1`);
        expect(byId(rows, `${source}:1`).attributes).toHaveLength(most);
        expect(followed.every((row) => row.state === 1 && row.stateDate === stateDate)).toBe(true);
        expect(byId(rows, `${source}:2`).attributes).toEqual([]);
        expect(byId(after, `${source}:2`)).toMatchObject({ state: State.Processing });
        expect(byId(after, `${source}:2`).attributes).toEqual(byId(before, `${source}:2`).attributes);
      }
    });

    it('a claim reads those that came after the poll: whoever decides the row sees that there are too many', async () => {
      await fixture().plant([cust('1', { attributes: attributes(most + 4) }), account('1')]);
      const middle = open();
      const { rows: polled } = await middle.poll(everything());
      const { rows } = await middle.claim(requestsFor(polled.map((row) => ({ ...row, attributes: 0 }))));
      expect(byId(rows, 'IF_BNET_CUST:1').attributes).toHaveLength(most + 4);
    });

    it('a mark answers the row alone, and lets those of the others follow', async () => {
      await fixture().plant(rowsWith({ state: State.Processing, stateDate: longAgo }));
      const before = await fixture().rows();
      const result = await open().mark(
        (['CUST', 'ACCOUNT'] as const).flatMap((source) => [
          { source, streamingNo: '1', attempt: longAgo, custId: '1000', errContent: null },
          {
            source,
            streamingNo: '2',
            attempt: longAgo,
            custId: '1000',
            errContent: '00403',
            attributesStay: true,
          },
        ]),
      );
      expect(result).toEqual({ marked: 4, conflicts: [], left: [], heldBack: [] });
      const after = await fixture().rows();
      for (const source of ['IF_BNET_CUST', 'IF_BNET_ACCOUNT']) {
        const states = byId(after, `${source}:1`).attributes.map(({ state }) => state);
        expect(states).toEqual(Array.from({ length: most }, () => State.Succeeded));
        expect(byId(after, `${source}:2`)).toMatchObject({ state: State.Failed, errContent: '00403' });
        expect(byId(after, `${source}:2`).attributes).toEqual(byId(before, `${source}:2`).attributes);
      }
    });
  });
}
