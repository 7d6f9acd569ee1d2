import { describe, expect, it } from 'vitest';
import { plus, unknownRows, type FinishedRow, type LossContext } from '../../../src/domain/loss.js';

const noon = '2026-11-01 12:00:00';
const at = (seconds: number) => plus(noon, seconds * 1000);
const finished = (streamingNo: string, seconds: number, custId = '1'): FinishedRow => {
  return { source: 'CUST', streamingNo, custId, productId: '1', stateDate: at(seconds) };
};
const applied = (seconds: number) => ({ outcome: 'applied', attempt: at(seconds), repaired: false }) as const;

/** Two shards, compared at noon an hour later; the leases were renewed last at noon. */
function context(change: Partial<LossContext> = {}): LossContext {
  return {
    shards: 2,
    journal: new Map(),
    heldUntil: new Map([
      [0, noon],
      [1, noon],
    ]),
    originOf: () => '2026-01-01 00:00:00',
    now: at(3600),
    ...change,
  };
}

const lost = (rows: readonly FinishedRow[], change?: Partial<LossContext>) =>
  unknownRows(rows, context(change)).lost.map(({ streamingNo }) => streamingNo);
const byOthers = (rows: readonly FinishedRow[], change?: Partial<LossContext>) =>
  unknownRows(rows, context(change)).byOthers.map(({ streamingNo }) => streamingNo);

describe('a finished row', () => {
  it('that the journal knows as applied is fine, whenever it was finished', () => {
    const rows = [finished('1', -9999), finished('2', 1800)];
    const journal = new Map([
      ['IF_BNET_CUST:1', applied(-9999)],
      ['IF_BNET_CUST:2', applied(1799)],
    ]);
    expect(unknownRows(rows, context({ journal }))).toEqual({ lost: [], byOthers: [] });
  });

  it('that the journal does not know, or knows as refused, is lost where its shard was not renewed since', () => {
    const journal = new Map([
      ['IF_BNET_CUST:2', { outcome: 'failed', attempt: at(-1), repaired: false } as const],
    ]);
    expect(lost([finished('1', 5), finished('2', 5)], { journal })).toEqual(['1', '2']);
  });

  it.each([
    [-61, []],
    [-60, ['1']],
    [0, ['1']],
  ])(
    'of %i s beside the last renewal: in doubt within a minute, for the clocks may differ',
    (seconds, expected) => {
      expect(lost([finished('1', seconds)])).toEqual(expected);
    },
  );

  it('is lost whenever it was finished, where the shard was never renewed', () => {
    const heldUntil = new Map([[1, null]]);
    expect(lost([finished('1', -9999)], { heldUntil })).toEqual(['1']);
    expect(lost([finished('1', -9999)], { heldUntil: new Map() })).toEqual(['1']);
  });

  it('was finished by others where the journal knows a row of its shard that was taken later', () => {
    const rows = [finished('1', 5), finished('3', 20), finished('2', 5, '2')];
    const journal = new Map([['IF_BNET_CUST:3', applied(8)]]);
    expect(byOthers(rows, { journal })).toEqual(['1']);
    expect(lost(rows, { journal })).toEqual(['2']);
    expect(byOthers([...rows].reverse(), { journal })).toEqual(['1']);
  });

  it('was finished by others where any row of its shard was taken later, whichever of them was taken last', () => {
    const rows = [finished('1', 5), finished('3', 20), finished('5', 20)];
    const journal = new Map([
      ['IF_BNET_CUST:3', applied(8)],
      ['IF_BNET_CUST:5', applied(6)],
    ]);
    for (const order of [rows, [...rows].reverse()]) expect(byOthers(order, { journal })).toEqual(['1']);
  });

  it('stays lost where what came after it was recorded by a repair, which may not have come to it yet', () => {
    const rows = [finished('1', 0), finished('2', 900)];
    const entry = applied(900);
    const finds = (repaired: boolean) => {
      const journal = new Map([['IF_BNET_CUST:2', { ...entry, repaired }]]);
      return unknownRows(rows, context({ journal })).lost.map(({ streamingNo }) => streamingNo);
    };
    expect([finds(true), finds(false)]).toEqual([['1'], []]);
  });

  it('stays lost where the later claim is within two seconds, or its row was only answered later', () => {
    const rows = [finished('1', 5), finished('3', 20)];
    expect(lost(rows, { journal: new Map([['IF_BNET_CUST:3', applied(7)]]) })).toEqual(['1']);
    expect(lost(rows, { journal: new Map([['IF_BNET_CUST:3', applied(-500)]]) })).toEqual(['1']);
  });

  it('is left alone where it was finished before the origin of its product, or in its very second', () => {
    const originOf = (productId: string | null) => (productId === '1' ? at(5) : at(-9999));
    const other = { ...finished('3', 4), productId: '2' };
    expect(lost([finished('1', 5), finished('2', 6), other], { originOf })).toEqual(['2', '3']);
  });

  it('counts without an origin: nothing says that it is not ours', () => {
    expect(lost([finished('1', 5)], { originOf: () => null })).toEqual(['1']);
  });

  it('is left alone where its StateDate is more than a day ahead: no mark of ours is', () => {
    const now = noon;
    expect(lost([{ ...finished('1', 0), stateDate: '9999-12-31 23:59:59' }], { now })).toEqual([]);
    expect(lost([finished('1', 86_401)], { now })).toEqual([]);
    expect(lost([finished('1', 86_400)], { now })).toEqual(['1']);
  });

  it('without a CustID belongs to shard 0', () => {
    const row = { ...finished('1', -200), custId: null };
    expect(lost([row], { heldUntil: new Map([[0, null]]) })).toEqual(['1']);
    expect(lost([row], { heldUntil: new Map([[0, noon]]) })).toEqual([]);
  });
});

describe('a date', () => {
  it('is moved over midnight and back, and stays as it is where it is none', () => {
    expect(plus('2026-12-31 23:59:59', 1000)).toBe('2027-01-01 00:00:00');
    expect(plus('2027-01-01 00:00:00', -1000)).toBe('2026-12-31 23:59:59');
    expect(plus('infinity', 1000)).toBe('infinity');
  });
});
