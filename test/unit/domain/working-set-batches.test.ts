import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../../../src/domain/operation.js';
import {
  accountOperation,
  attribute,
  customerOperation,
  everyRules,
  identity,
} from '../../support/builders.js';
import { contentsOf, decideBatch, memoryStore } from '../../support/memory-store.js';

const at = '2026-11-20T08:00:00.000Z';
const limitSpec = '11002009001000000000';

describe('however rows are parted into batches', () => {
  const specs = fc.constantFrom('5', '6', limitSpec);
  const values = fc.constantFrom(null, 'x', '0', '1', '2');
  const product = fc.oneof(
    { arbitrary: fc.constant(identity), weight: 5 },
    { arbitrary: fc.constant({ ...identity, bizId: 'B-2' }), weight: 1 },
  );
  const optional = fc.option(fc.constantFrom('p', 'q'));
  const common = {
    identity: product,
    areaCode: optional,
    pairs: fc.array(fc.tuple(specs, values), { maxLength: 2 }),
  };
  const customerArbitrary = fc.record({
    ...common,
    opFlag: fc.constantFrom('0101' as const, '0101' as const, '0102' as const, '0103' as const),
    custName: optional,
  });
  const accountArbitrary = fc.record({
    ...common,
    opFlag: fc.constantFrom('0201' as const, '0201' as const, '0202' as const, '0203' as const),
    userId: fc.constantFrom('li', 'wang', 'zhao', 'chen', 'liu'),
    accName: optional,
  });
  const histories = fc
    .array(fc.oneof(customerArbitrary, accountArbitrary), { maxLength: 40, size: 'max' })
    .map((rows) =>
      rows.map(({ pairs, ...row }, index): Operation => {
        const attributes = pairs.map(([spec, value], at) =>
          attribute(spec, value, String(index * 10 + at + 1)),
        );
        const given = { ...row, streamingNo: String(index + 1), attributes };
        return 'userId' in given
          ? accountOperation(given.opFlag, given)
          : customerOperation(given.opFlag, given);
      }),
    );

  it('they are answered alike and leave the store alike', () => {
    const rulesOf = fc.constantFrom(...everyRules(limitSpec));
    fc.assert(
      fc.property(
        histories,
        rulesOf,
        fc.array(fc.integer({ min: 1, max: 8 }), { size: 'max', maxLength: 10 }),
        (operations, rules, sizes) => {
          const [single, batched] = [memoryStore(), memoryStore()];
          const expected = operations.map((operation) => {
            const { answers, changes } = decideBatch(single, [operation], { rules, at });
            single.product.write(changes, null);
            return answers[0];
          });
          const given: (string | null)[] = [];
          for (let start = 0, batch = 0; start < operations.length; batch += 1) {
            const size = sizes[batch] ?? operations.length;
            const { answers, changes } = decideBatch(batched, operations.slice(start, start + size), {
              rules,
              at,
            });
            batched.product.write(changes, null);
            given.push(...answers);
            start += size;
          }
          expect(given).toEqual(expected);
          expect(contentsOf(batched)).toEqual(contentsOf(single));
        },
      ),
      { numRuns: 400 },
    );
  });
});
