import { beforeEach, describe, expect, it } from 'vitest';
import type { PolledRow } from '../../../src/domain/rows.js';
import { State } from '../../../src/domain/states.js';
import type { Lease } from '../../../src/store/port.js';
import { ClaimRegister } from '../../../src/worker/claim-register.js';
import { polledRow } from '../../support/builders.js';

const claimedAt = '2026-11-20 08:00:05';
const id = 'IF_BNET_CUST:1';
/** Customer 3 falls into shard 3, no customer into shard 0. */
const leases = [
  { shard: 0, term: 9, server: '' },
  { shard: 3, term: 5, server: '' },
];
const later = [
  { shard: 0, term: 9, server: '' },
  { shard: 3, term: 7, server: '' },
];

let claims: ClaimRegister;
beforeEach(() => {
  claims = new ClaimRegister(8);
});

function fresh(overrides: Partial<PolledRow> = {}): PolledRow {
  return polledRow('0101', { streamingNo: '1', custId: '3', ...overrides });
}

function processing(overrides: Partial<PolledRow> = {}): PolledRow {
  return fresh({ state: State.Processing, stateDate: claimedAt, ...overrides });
}

/** Notes rows of which the journal knows these attempts of the first. */
function note(rows: readonly PolledRow[], leases: readonly Lease[], ...attempts: string[]): string[] {
  return [...claims.add(rows, new Map([[id, attempts]]), leases)];
}

describe('a row in State 0', () => {
  it('is never taken over, whatever was claimed before', () => {
    expect(note([fresh()], leases)).toEqual([]);
    expect(note([fresh()], later, claimedAt)).toEqual([]);
  });
});

describe('a row in State 1', () => {
  it('is taken over where this process did not claim it', () => {
    expect(note([processing()], leases)).toEqual([id]);
  });

  it('is taken over again as long as it is open: a trial does not make it ours', () => {
    note([processing()], leases);
    expect(note([processing()], leases)).toEqual([id]);
  });

  it('is not taken over where this process claimed it and has held the shard ever since', () => {
    note([fresh()], leases);
    expect(note([processing()], leases)).toEqual([]);
    expect(note([processing()], leases)).toEqual([]);
  });

  it('is taken over where the shard was lost and came back since the claim', () => {
    note([fresh()], leases);
    expect(note([processing()], later)).toEqual([id]);
  });

  it('is not taken over where it was claimed anew under the present term', () => {
    note([fresh()], leases);
    note([fresh()], later);
    expect(note([processing()], later)).toEqual([]);
  });

  it('is not taken over where the journal knows this very attempt: it is only marked', () => {
    expect(note([processing()], leases, claimedAt)).toEqual([]);
  });

  it.each([null, '2026-11-20 08:00:04'])('is taken over where the journal knows the attempt %s', (newest) => {
    expect(note([processing()], leases, ...(newest === null ? [] : [newest]))).toEqual([id]);
  });

  it('is not taken over where the journal knows this attempt as a superseded one: it is only marked', () => {
    expect(note([processing()], leases, claimedAt, '2026-11-20 08:00:06')).toEqual([]);
  });

  it('is not taken over where its StreamingNo is no number: it is refused whatever it says', () => {
    expect(note([processing({ streamingNo: 'abc' })], leases)).toEqual([]);
  });

  it('is taken over without a StateDate too', () => {
    expect(note([processing({ stateDate: null })], leases)).toEqual([id]);
  });

  it('is taken over where it was answered and somebody put it back', () => {
    note([fresh()], leases);
    claims.remove([{ source: 'CUST', streamingNo: '1' }]);
    expect(note([processing()], leases)).toEqual([id]);
  });

  it('is ours without a customer too, under the term of shard 0', () => {
    note([fresh({ custId: null })], leases);
    expect(note([processing({ custId: null })], leases)).toEqual([]);
    expect(note([processing({ custId: null })], [{ shard: 0, term: 10, server: '' }])).toEqual([id]);
  });
});

describe('rows with the same StreamingNo', () => {
  it('of the two tables are two rows', () => {
    note([fresh()], leases);
    const bind = polledRow('0201', { streamingNo: '1', custId: '3', state: State.Processing });
    expect(note([processing(), bind], leases)).toEqual(['IF_BNET_ACCOUNT:1']);
    claims.remove([{ source: 'ACCOUNT', streamingNo: '1' }]);
    expect(note([processing()], leases)).toEqual([]);
  });
});
