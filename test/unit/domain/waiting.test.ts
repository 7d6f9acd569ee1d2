import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareRows, rowId } from '../../../src/domain/keys.js';
import type { PolledRow } from '../../../src/domain/rows.js';
import { plus } from '../../../src/domain/loss.js';
import { dependenciesOf, planBatch, productKey, rowAgeMs, userKey } from '../../../src/domain/waiting.js';
import { identity, polledRow } from '../../support/builders.js';

const now = '2026-11-20 12:00:00';
const graceMs = 10_000;
const user = 'li@huawang';
const product = productKey(identity);

/** A CreateDate of so many seconds ago. */
const ago = (seconds: number): string => plus(now, -1000 * seconds);

let nextNo = 1;
/** A young row; its StreamingNo is higher than that of the one before. */
function young(opFlag: string, overrides: Partial<PolledRow> = {}): PolledRow {
  return polledRow(opFlag, { streamingNo: String(nextNo++), createDate: ago(4), ...overrides });
}

function plan(rows: readonly PolledRow[], seen: Iterable<string> = [], grace = graceMs) {
  return planBatch(rows, { seen: new Set(seen), now, graceMs: grace });
}

const waitsFor = (userId: string | null, remainingMs = 6000) => ({
  custId: identity.custId,
  product: identity,
  userId,
  remainingMs,
});

describe('a young row whose product the store has never seen', () => {
  it.each(['0102', '0103', '0201', '0202', '0203'])('waits unclaimed for the open: %s', (opFlag) => {
    expect(plan([young(opFlag)])).toEqual({ claim: [], waits: [waitsFor(null)] });
  });

  it('does not wait once the journal has decided its attempt: only its mark is missing', () => {
    const rows = [young('0202', { state: 1, stateDate: now }), young('0102'), young('0201')];
    const attempts = new Map([[rowId(rows[0]!), [now]]]);
    expect(planBatch(rows, { seen: new Set([product]), now, graceMs, attempts }).claim).toEqual(rows);
  });

  it('lets decided rows behind it be marked, in their order, and what it waits for among them', () => {
    const decided = ['0103', '0201'].map((opFlag) => young(opFlag, { state: 1, stateDate: now }));
    const attempts = new Map(decided.map((row) => [rowId(row), [now]]));
    const rows = [young('0202', { streamingNo: '0' }), ...decided, young('0101')];
    const planned = planBatch(rows, { seen: new Set([product]), now, graceMs, attempts });
    expect(planned).toEqual({ claim: decided, waits: [waitsFor(user)] });
  });

  it('waits where the journal does not know its attempt, or where it is to be tried again', () => {
    const claimed = young('0202', { state: 1, stateDate: now });
    const context = { seen: new Set<string>(), now, graceMs };
    expect(planBatch([claimed], context).claim).toEqual([]);
    for (const [row, attempts] of [
      [claimed, new Map()],
      [claimed, new Map([[rowId(claimed), [ago(60)]]])],
      [{ ...claimed, state: 0 }, new Map([[rowId(claimed), [now]]])],
    ] as const)
      expect(planBatch([row], { ...context, attempts }).claim).toEqual([]);
  });

  it('waits for what is left of its grace, to the millisecond', () => {
    for (const [seconds, remainingMs] of [
      [0, 10_000],
      [1, 9000],
      [9, 1000],
    ] as const) {
      expect(plan([young('0102', { createDate: ago(seconds) })]).waits).toEqual([
        waitsFor(null, remainingMs),
      ]);
    }
  });

  it('is overtaken by one open, not by a second one that the same poll returns', () => {
    const [first, second] = [young('0101'), young('0101')];
    const other = young('0101', { custId: '5' });
    const context = { seen: new Set<string>(), now, graceMs, waiting: new Set([identity.custId]) };
    expect(planBatch([first, second, other], context)).toEqual({ claim: [first, other], waits: [] });
  });

  it('does not wait any more once its grace has passed', () => {
    for (const seconds of [10, 11, 86_400]) {
      const row = young('0201', { createDate: ago(seconds) });
      expect(plan([row])).toEqual({ claim: [row], waits: [] });
    }
  });

  it('does not wait any more in the very moment in which its grace has passed, however its date is written', () => {
    const row = young('0201', { createDate: `${ago(10)}.0` });
    expect(plan([row])).toEqual({ claim: [row], waits: [] });
    expect(dependenciesOf([row], now, graceMs).products).toEqual([]);
    const other = young('0201', { createDate: `${ago(9)}.0` });
    expect(plan([other])).toEqual({ claim: [], waits: [waitsFor(null, 1000)] });
  });

  it('does not wait where the grace is 0', () => {
    const row = young('0201', { createDate: now });
    expect(plan([row], [], 0)).toEqual({ claim: [row], waits: [] });
  });

  it.each([20, 8 * 3600])('waits from its first sight where its CreateDate is %i s behind', (behind) => {
    const row = young('0201', { createDate: ago(behind) });
    const context = { seen: new Set<string>(), now, graceMs };
    const seenFor = (ms: number) => ({ ...context, seenForMs: () => ms });
    expect(planBatch([row], seenFor(0))).toEqual({ claim: [], waits: [waitsFor(null, graceMs)] });
    expect(planBatch([row], seenFor(9000))).toEqual({ claim: [], waits: [waitsFor(null, 1000)] });
    expect(planBatch([row], seenFor(graceMs))).toEqual({ claim: [row], waits: [] });
    expect(dependenciesOf([row], now, graceMs, () => 0).products).toEqual([identity]);
    expect(dependenciesOf([row], now, graceMs, () => graceMs).products).toEqual([]);
  });

  it('waits from its CreateDate where that is later than its first sight', () => {
    const rows = [young('0201', { createDate: ago(-8 * 3600) })];
    const context = { seen: new Set<string>(), now, graceMs, seenForMs: () => 60_000 };
    expect(planBatch(rows, context).waits).toEqual([waitsFor(null, 8 * 3_600_000 + graceMs)]);
  });

  it('does not wait where it has no CreateDate, or none that can be read', () => {
    for (const createDate of [null, 'yesterday', '']) {
      const row = young('0201', { createDate });
      expect(plan([row])).toEqual({ claim: [row], waits: [] });
    }
  });

  it('does not wait where it is an open itself', () => {
    const row = young('0101');
    expect(plan([row])).toEqual({ claim: [row], waits: [] });
  });

  it('waits also where the store has seen another product, customer or BizID', () => {
    const others = [{ productId: '1' }, { custId: '2' }, { bizId: 'B-2' }, { bizId: 'b-1' }].map((other) =>
      productKey({ ...identity, ...other }),
    );
    expect(plan([young('0201')], others).waits).toEqual([waitsFor(null)]);
  });
});

describe('a young row whose user the store has never seen', () => {
  it.each(['0202', '0203'])('waits unclaimed for the bind: %s', (opFlag) => {
    expect(plan([young(opFlag)], [product])).toEqual({ claim: [], waits: [waitsFor(user)] });
  });

  it('does not wait where the store has seen the user, and a bind never waits for one', () => {
    const rows = [young('0202'), young('0203')];
    expect(plan(rows, [product, userKey(identity, user)])).toEqual({ claim: rows, waits: [] });
    const bind = young('0201');
    expect(plan([bind], [product])).toEqual({ claim: [bind], waits: [] });
  });

  it('is not helped by a user whose BizID and UserID only look the same when joined', () => {
    const wanted = young('0202', { bizId: 'A/B', userId: 'C' });
    const seen = [productKey({ ...identity, bizId: 'A/B' }), userKey({ ...identity, bizId: 'A' }, 'B/C')];
    expect(plan([wanted], seen).waits).toMatchObject([{ userId: 'C' }]);
    expect(plan([wanted, young('0201', { bizId: 'A', userId: 'B/C' })], seen).claim).toEqual([]);
  });
});

describe('what a row waits for overtakes it', () => {
  it('the open, and nothing else of its customer', () => {
    const rows = [young('0201'), young('0102'), young('0103'), young('0101'), young('0202'), young('0101')];
    expect(plan(rows)).toEqual({ claim: [rows[3]], waits: [] });
  });

  it('the bind, and nothing else of its customer', () => {
    const rows = [young('0202'), young('0102'), young('0101'), young('0201'), young('0203')];
    expect(plan(rows, [product])).toEqual({ claim: [rows[3]], waits: [] });
  });

  it('not the open of another product, nor the bind of another user', () => {
    const opens = [{ productId: '1' }, { bizId: 'B-2' }].map((other) => young('0101', other));
    expect(plan([young('0201'), ...opens])).toEqual({ claim: [], waits: [waitsFor(null)] });
    const binds = [{ userId: 'wang' }, { userId: 'LI@huawang' }, { bizId: 'B-2' }].map((other) =>
      young('0201', other),
    );
    expect(plan([young('0202'), ...binds], [product])).toEqual({ claim: [], waits: [waitsFor(user)] });
  });

  it('not the bind, while the row waits for the open', () => {
    expect(plan([young('0202'), young('0201')])).toEqual({ claim: [], waits: [waitsFor(null)] });
  });

  it('not a row of the other table that bears its OPFlag', () => {
    const rows = [young('0201'), young('0101', { source: 'ACCOUNT', userId: user })];
    expect(plan(rows)).toEqual({ claim: [], waits: [waitsFor(null)] });
  });

  it('also where it comes on a later page, alone', () => {
    const [bind, open] = [young('0201'), young('0101')];
    expect(plan([bind]).waits).toEqual([waitsFor(null)]);
    expect(plan([open])).toEqual({ claim: [open], waits: [] });
    expect(plan([bind], [product])).toEqual({ claim: [bind], waits: [] });
  });
});

describe('rows earlier in a page', () => {
  it('open the product and bind the user that later ones need', () => {
    const rows = [young('0101'), young('0102'), young('0201'), young('0202'), young('0203'), young('0103')];
    expect(plan(rows)).toEqual({ claim: rows, waits: [] });
  });

  it('of the other table bring nothing', () => {
    const rows = [young('0101', { source: 'ACCOUNT', userId: user }), young('0102')];
    expect(plan(rows)).toEqual({ claim: [rows[0]], waits: [waitsFor(null)] });
  });

  it('are claimed although a later one of their customer waits', () => {
    const rows = [young('0101'), young('0202'), young('0102')];
    expect(plan(rows)).toEqual({ claim: [rows[0]], waits: [waitsFor(user)] });
  });
});

describe('a customer that waits', () => {
  it('waits with all of its rows, of other products and past their grace too', () => {
    const rows = [
      young('0201'),
      young('0101', { productId: '1' }),
      young('0102', { createDate: ago(1), bizId: 'B-2' }),
      young('0103', { opFlag: '9999' }),
    ];
    expect(plan(rows)).toEqual({ claim: [], waits: [waitsFor(null)] });
  });

  it('costs other customers nothing, nor rows without a customer', () => {
    const rows = [
      young('0201'),
      young('0101', { custId: '2' }),
      young('0102', { custId: null }),
      young('0201', { custId: '2' }),
    ];
    expect(plan(rows)).toEqual({ claim: [rows[1], rows[2], rows[3]], waits: [waitsFor(null)] });
  });

  it('waits beside others that wait', () => {
    const { claim, waits } = plan([
      young('0201'),
      young('0201', { custId: '2' }),
      young('0102', { custId: '2' }),
    ]);
    expect(claim).toEqual([]);
    expect(waits).toMatchObject([{ custId: identity.custId }, { custId: '2', product: { custId: '2' } }]);
  });
});

describe('a row that will be refused for its identity', () => {
  const broken: Partial<PolledRow>[] = [
    { productId: null },
    { productId: 'x' },
    { productId: '007' },
    { custId: null },
    { custId: '1.5' },
    { bizId: null },
    { bizId: ' ' },
    { bizId: 'a\u0000' },
    { bizId: 'x'.repeat(21) },
  ];
  const brokenUsers: Partial<PolledRow>[] = [
    { userId: null },
    { userId: ' ' },
    { userId: '\u0000' },
    { userId: 'x'.repeat(101) },
  ];

  it.each(broken)('never waits: %j', (fault) => {
    const rows = ['0102', '0103', '0201', '0202', '0203', '0104'].map((opFlag) => young(opFlag, fault));
    for (const row of rows) expect(plan([row])).toEqual({ claim: [row], waits: [] });
    expect(dependenciesOf(rows, now, graceMs)).toEqual({ products: [], users: [] });
  });

  it.each(brokenUsers)('never waits: %j', (fault) => {
    const rows = ['0201', '0202', '0203'].map((opFlag) => young(opFlag, fault));
    for (const row of rows) expect(plan([row])).toEqual({ claim: [row], waits: [] });
    expect(dependenciesOf(rows, now, graceMs)).toEqual({ products: [], users: [] });
  });

  it.each([null, '', '0204', '0101', '9999'])('never waits with such an OPFlag: %j', (opFlag) => {
    const row = young('0201', { opFlag });
    expect(plan([row])).toEqual({ claim: [row], waits: [] });
  });
});

describe('the age of a row', () => {
  it('lets no row wait when the grace time is 0, not even one dated in the future', () => {
    const ahead = polledRow('0102', { createDate: '2027-01-01 00:00:00' });
    expect(planBatch([ahead], { seen: new Set(), now, graceMs: 0 }).claim).toEqual([ahead]);
    expect(dependenciesOf([ahead], now, 0)).toEqual({ products: [], users: [] });
  });

  it('is that between two dates of one database, whatever our time zone, and for ever without one', () => {
    expect(rowAgeMs('2026-11-20 11:59:50', now)).toBe(10_000);
    expect(rowAgeMs('2026-03-29 01:30:00', '2026-03-29 03:30:00')).toBe(7_200_000);
    expect(rowAgeMs('2026-11-20 12:00:05', now)).toBe(-5000);
    expect(rowAgeMs(null, now)).toBe(Infinity);
  });
});

describe('any page', () => {
  const rows = fc
    .array(
      fc.record({
        opFlag: fc.constantFrom('0101', '0102', '0103', '0201', '0202', '0203', '9999'),
        custId: fc.constantFrom(null, '1', '2'),
        bizId: fc.constantFrom('A', 'B'),
        userId: fc.constantFrom('u', 'v'),
        createDate: fc.constantFrom(null, ago(20), ago(9), ago(3)),
      }),
      { maxLength: 20 },
    )
    .map((list) =>
      list.map(({ opFlag, ...row }) =>
        young(opFlag, opFlag.startsWith('02') ? row : { ...row, userId: null }),
      ),
    )
    .map((list) => list.sort(compareRows));
  const identities = ['1', '2'].flatMap((custId) =>
    ['A', 'B'].map((bizId) => ({ ...identity, custId, bizId })),
  );
  const seen = fc.subarray(identities.flatMap((id) => [productKey(id), userKey(id, 'u'), userKey(id, 'v')]));

  it('keeps the order of each customer, but for one open or bind that overtakes', () => {
    fc.assert(
      fc.property(rows, seen, (page, known) => {
        const { claim, waits } = plan(page, known);
        expect(page.filter((row) => claim.includes(row))).toEqual(claim);
        expect(new Set(waits.map(({ custId }) => custId)).size).toBe(waits.length);
        for (const wait of waits) expect(wait.remainingMs > 0 && wait.remainingMs <= graceMs).toBe(true);
        for (const custId of [null, '1', '2']) {
          const own = page.filter((row) => row.custId === custId);
          const claimed = claim.filter((row) => row.custId === custId);
          const inOrder = own.findIndex((row) => !claimed.includes(row));
          if (inOrder === -1) continue;
          expect(custId).not.toBeNull();
          const overtaking = claimed.slice(inOrder);
          expect(overtaking.length).toBe(waits.some((wait) => wait.custId === custId) ? 0 : 1);
          for (const { opFlag } of overtaking) expect(['0101', '0201']).toContain(opFlag);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
