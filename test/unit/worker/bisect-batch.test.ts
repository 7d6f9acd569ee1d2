import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DatabaseError, type DatabaseErrorKind } from '../../../src/database/errors.js';
import type { DeferralCause } from '../../../src/domain/deferral.js';
import { LeaseLostError } from '../../../src/store/port.js';
import { CircuitBreaker, BreakerOpenError } from '../../../src/worker/circuit-breaker.js';
import { bisectBatch, partsByDeferral, type BisectResult } from '../../../src/worker/bisect-batch.js';
import { CredentialsRefusedError } from '../../../src/worker/database-health.js';

interface Row {
  readonly id: string;
  readonly custId: string;
}

/** A database that refuses some rows, and writes down what it was given. */
class Refusing {
  readonly attempts: (readonly string[])[] = [];
  readonly landed: string[] = [];
  readonly breaker: CircuitBreaker;
  /** Errors by row. */
  readonly errors = new Map<string, Error>();
  /** Rows that were deferred before. */
  readonly known = new Set<string>();
  /** Customers of whom a row is left though nothing is refused. */
  readonly stopping = new Set<string>();

  constructor(threshold = 5) {
    this.breaker = new CircuitBreaker(threshold);
  }

  refuse(ids: Iterable<string>, kind: DatabaseErrorKind = 'data'): this {
    for (const id of ids) this.errors.set(id, new DatabaseError(kind, `${id} is refused`));
    return this;
  }

  isolate(...parts: readonly (readonly Row[])[]): Promise<BisectResult<Row, readonly string[]>> {
    return bisectBatch<Row, readonly string[]>(parts, {
      custIdOf: ({ custId }) => custId,
      idOf: ({ id }) => id,
      attempt: async (rows) => {
        this.attempts.push(rows.map(({ id }) => id));
        const error = rows.map(({ id }) => this.errors.get(id)).find((each) => each !== undefined);
        if (error !== undefined) throw error;
        this.landed.push(...rows.map(({ id }) => id));
        this.breaker.rowApplied();
        return rows.map(({ custId }) => custId);
      },
      stoppedBy: (custIds) => custIds.filter((custId) => this.stopping.has(custId)),
      isKnown: ({ id }) => this.known.has(id),
      breaker: this.breaker,
    });
  }
}

/** Rows of so many customers, one of each unless the test says how many. */
function rowsOf(customers: number, each = 1): Row[] {
  return Array.from({ length: customers * each }, (_, index) => ({
    id: String(index),
    custId: `C${index % customers}`,
  }));
}

const idsOf = (rows: readonly Row[]): string[] => rows.map(({ id }) => id);
const refusedOf = ({ refused }: BisectResult<Row, unknown>): string[] =>
  refused.map(({ row }) => row.id).sort();

describe('rows that nothing is wrong with', () => {
  it('go through in one attempt a part, in order, and nothing is attempted without rows', async () => {
    const database = new Refusing();
    const rows = rowsOf(30);
    const result = await database.isolate(rows.slice(0, 20), [], rows.slice(20));
    expect(database.attempts).toEqual([idsOf(rows.slice(0, 20)), idsOf(rows.slice(20))]);
    expect(result).toMatchObject({ refused: [] });
    expect(result.results).toHaveLength(2);
    expect('stoppedBy' in result).toBe(false);
  });
});

describe('refused rows', () => {
  it('are all found, each with its own error, and all others go through once, in a bounded number of attempts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 400 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        async (n, places) => {
          const rows = rowsOf(n);
          const refused = [...new Set(places.map((place) => String(place % n)))].sort();
          const database = new Refusing(1000).refuse(refused);
          const result = await database.isolate(rows);
          expect(refusedOf(result)).toEqual(refused);
          for (const { row, error } of result.refused) expect(error.message).toBe(`${row.id} is refused`);
          const others = idsOf(rows).filter((id) => !refused.includes(id));
          expect([...database.landed].sort()).toEqual(others.sort());
          const depth = Math.ceil(Math.log2(n));
          expect(database.attempts.length).toBeLessThanOrEqual(1 + 2 * refused.length * depth);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of one part do not keep the next ones', async () => {
    const database = new Refusing().refuse(['1']);
    const [first, second] = [rowsOf(3), [{ id: '9', custId: 'C9' }]];
    const result = await database.isolate(first, second);
    expect(refusedOf(result)).toEqual(['1']);
    expect(database.landed).toEqual(['0', '2', '9']);
  });

  it('take only the later rows of their own customer along, in this part and in those that follow', async () => {
    const database = new Refusing().refuse(['b2']);
    const rows = ['a1', 'b1', 'b2', 'a2', 'b3'].map((id) => ({ id, custId: id[0]! }));
    const result = await database.isolate(rows, [
      { id: 'b4', custId: 'b' },
      { id: 'a3', custId: 'a' },
    ]);
    expect(refusedOf(result)).toEqual(['b2']);
    expect(database.landed.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(database.landed.filter((id) => id.startsWith('b'))).toEqual(['b1']);
  });

  it.each([1, 2, 3, 7, 8])(
    'of a single customer: the earlier rows go through in order, the later ones of %i are left',
    async (count) => {
      for (let bad = 0; bad < count; bad += 1) {
        const database = new Refusing().refuse([String(bad)]);
        const result = await database.isolate(rowsOf(1, count));
        expect(refusedOf(result)).toEqual([String(bad)]);
        expect(database.landed).toEqual(Array.from({ length: bad }, (_, index) => String(index)));
      }
    },
  );

  it('are found without ever cutting a customer, as long as there is another in the part', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 20 }),
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
        async (customers, each, places) => {
          const rows = rowsOf(customers, each);
          const database = new Refusing(1000).refuse(places.map((place) => String(place % rows.length)));
          await database.isolate(rows);
          const custIdOf = new Map(rows.map(({ id, custId }) => [id, custId]));
          for (const attempt of database.attempts) {
            const present = new Set(attempt.map((id) => custIdOf.get(id)));
            if (present.size === 1) continue;
            for (const custId of present) {
              const own = attempt.filter((id) => custIdOf.get(id) === custId);
              expect(own).toEqual(idsOf(rows.filter((row) => row.custId === custId)));
            }
          }
          // Of no customer a later row lands before, or without, an earlier one.
          for (const custId of new Set(rows.map((row) => row.custId))) {
            const landed = database.landed.filter((id) => custIdOf.get(id) === custId);
            const own = idsOf(rows.filter((row) => row.custId === custId));
            expect(landed).toEqual(own.slice(0, landed.length));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('may meet an error of the product’s own code as well', async () => {
    const database = new Refusing();
    database.errors.set('1', new TypeError('undefined is not a function'));
    const result = await database.isolate(rowsOf(3));
    expect(result.refused).toMatchObject([{ row: { id: '1' }, error: { name: 'TypeError' } }]);
  });
});

describe('a customer that stops without a refusal', () => {
  it('has no further row put through, in none of the parts', async () => {
    const database = new Refusing();
    database.stopping.add('a');
    const [a1, b1, a2, b2] = ['a1', 'b1', 'a2', 'b2'].map((id) => ({ id, custId: id[0]! }));
    const { refused } = await database.isolate([a1!, b1!], [a2!, b2!], [{ id: 'a3', custId: 'a' }]);
    expect(database.landed).toEqual(['a1', 'b1', 'b2']);
    expect(refused).toEqual([]);
  });
});

describe('the breaker', () => {
  it.each([5, 60, 1000])('opens where all of %i rows are refused, and nobody is deferred', async (n) => {
    const threshold = 5;
    const database = new Refusing(threshold).refuse(idsOf(rowsOf(n)));
    const result = await database.isolate(rowsOf(n));
    expect(result.refused).toEqual([]);
    expect(result.results).toEqual([]);
    expect(result.stoppedBy).toBeInstanceOf(BreakerOpenError);
    expect((result.stoppedBy as Error).message).toContain('is refused');
    expect(database.breaker.openings).toBe(1);
    const bound = 2 * threshold + 2 * Math.ceil(Math.log2(n)) + threshold;
    expect(database.attempts.length).toBeLessThanOrEqual(bound);
  });

  it('is not opened by fewer refused rows than its threshold, though there are no others', async () => {
    const database = new Refusing(5).refuse(['0', '1', '2', '3']);
    const result = await database.isolate(rowsOf(4));
    expect(refusedOf(result)).toEqual(['0', '1', '2', '3']);
    expect('stoppedBy' in result).toBe(false);
    expect(database.breaker.closed).toBe(true);
  });

  it('is not opened by twelve refused rows in succession at the head of sixty', async () => {
    const refused = Array.from({ length: 12 }, (_, index) => String(index));
    const database = new Refusing(5).refuse(refused);
    const result = await database.isolate(rowsOf(60));
    expect(refusedOf(result)).toEqual(refused.sort());
    expect('stoppedBy' in result).toBe(false);
    expect(database.landed).toHaveLength(48);
    expect(new Set(database.landed).size).toBe(48);
    expect(database.breaker.closed).toBe(true);
  });

  it('is opened by rows of different pages that fail one after another, each alone', async () => {
    const database = new Refusing(3).refuse(['0', '1', '2']);
    expect(refusedOf(await database.isolate([rowsOf(3)[0]!]))).toEqual(['0']);
    expect(refusedOf(await database.isolate([rowsOf(3)[1]!]))).toEqual(['1']);
    const last = await database.isolate([rowsOf(3)[2]!]);
    expect([last.refused, last.stoppedBy]).toEqual([[], expect.any(BreakerOpenError)]);
  });

  it('does not count rows that were refused before', async () => {
    const rows = rowsOf(20);
    const database = new Refusing(5).refuse(idsOf(rows));
    for (const { id } of rows) database.known.add(id);
    const result = await database.isolate(...rows.map((row) => [row]));
    expect(refusedOf(result)).toEqual(idsOf(rows).sort());
    expect(database.attempts).toHaveLength(20);
    expect(database.breaker.closed).toBe(true);
    expect(database.breaker.wouldOpen('x')).toBe(false);
  });

  it('that is open is opened again where no row of a page goes through, and all are deferred: the next ones are tried', async () => {
    const rows = rowsOf(10);
    const database = new Refusing(5).refuse(idsOf(rows));
    database.breaker.open();
    const result = await database.isolate(rows);
    expect(refusedOf(result)).toEqual(idsOf(rows).sort());
    expect(result.stoppedBy).toBeInstanceOf(BreakerOpenError);
    expect(database.breaker.openings).toBe(2);
  });

  it('that is open closes with the first row that goes through, and the refused ones are known by then', async () => {
    const database = new Refusing(5).refuse(['0', '1']);
    database.breaker.open();
    const result = await database.isolate(rowsOf(10));
    expect(refusedOf(result)).toEqual(['0', '1']);
    expect('stoppedBy' in result).toBe(false);
    expect(database.breaker.closed).toBe(true);
  });
});

describe('locked rows', () => {
  it('are told like refused ones, and do not count for the breaker', async () => {
    const locked = ['0', '3', '6', '9', '12', '15', '18'];
    const database = new Refusing(5).refuse(locked, 'locked');
    const result = await database.isolate(rowsOf(20));
    expect(refusedOf(result)).toEqual([...locked].sort());
    expect('stoppedBy' in result).toBe(false);
    expect(database.breaker.wouldOpen('x')).toBe(false);
  });

  it('in a run as long as the threshold stop it: everything is locked, and those met are deferred', async () => {
    const rows = rowsOf(40);
    const database = new Refusing(5).refuse(idsOf(rows), 'locked');
    const result = await database.isolate(rows);
    expect(refusedOf(result)).toEqual(['0', '1', '2', '3', '4']);
    expect(result.stoppedBy).toMatchObject({ kind: 'locked' });
    expect(database.breaker.closed).toBe(true);
    expect(database.attempts.length).toBeLessThanOrEqual(2 * 5 + 2 * Math.ceil(Math.log2(40)));
  });
});

describe('an error that is no row’s', () => {
  it.each([
    ['an outage', new DatabaseError('timeout', 'away')],
    ['a missing table', new DatabaseError('schema', 'no such table')],
    ['credentials that are refused', new CredentialsRefusedError('wrong password')],
    ['a lost lease', new LeaseLostError('gone')],
  ])('ends it: %s. What had gone through stays, and what was refused is told', async (_what, error) => {
    const database = new Refusing().refuse(['0']);
    database.errors.set('5', error);
    const result = await database.isolate(rowsOf(3), [{ id: '5', custId: 'C5' }], rowsOf(9).slice(8));
    expect(result.stoppedBy).toBe(error);
    expect(refusedOf(result)).toEqual(['0']);
    expect(database.landed).toEqual(['1', '2']);
    expect(database.breaker.closed).toBe(true);
  });
});

describe('a page with customers that are tried again', () => {
  const row = (id: string): Row => ({ id, custId: id[0]! });
  const parted = (ids: readonly string[], causes: Readonly<Record<string, DeferralCause>>) =>
    partsByDeferral(ids.map(row), ({ custId }) => custId, new Map(Object.entries(causes))).map(idsOf);

  it('is one part where nobody is deferred', () => {
    expect(parted(['a1', 'b1', 'a2'], {})).toEqual([['a1', 'b1', 'a2']]);
  });

  it('has them behind the others: locked ones together, each refused or ignored one for itself, in order', () => {
    const ids = ['a1', 'b1', 'c1', 'd1', 'e1', 'b2', 'c2', 'a2', 'd2'];
    expect(parted(ids, { b: 'refused', c: 'locked', d: 'ignored', e: 'locked' })).toEqual([
      ['a1', 'a2'],
      ['c1', 'e1', 'c2'],
      ['b1', 'b2'],
      ['d1', 'd2'],
    ]);
  });
});
