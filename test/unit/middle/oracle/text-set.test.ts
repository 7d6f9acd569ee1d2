import { describe, expect, it } from 'vitest';
import type { Wait } from '../../../../src/domain/waiting.js';
import { nothingPaused } from '../../../../src/middle/port.js';
import { pollStatement } from '../../../../src/middle/oracle/poll.js';
import { attributesStatement, rowsStatement } from '../../../../src/middle/oracle/statements.js';
import { packed, paddedCount } from '../../../../src/middle/oracle/text-set.js';

const room = 4000;

describe('a set of texts', () => {
  it('is one text between separators; nothing is the separator alone', () => {
    expect(packed(['12', '345'], ',')).toEqual([',12,345,']);
    expect(packed([], ',')).toEqual([',']);
  });

  it('fills a text to its last byte, and begins another with the next', () => {
    const texts = Array.from({ length: 1333 }, () => '12');
    expect(packed(texts, ',').map(({ length }) => length)).toEqual([room]);
    expect(packed([...texts, '3'], ',').map(({ length }) => length)).toEqual([room, 3]);
    expect(packed([...texts.slice(1), '12', '345'], ',')[1]).toBe(',345,');
    expect(packed(['1', ...texts], ',').map(({ length }) => length)).toEqual([3999, 4]);
  });

  it('counts bytes, not characters', () => {
    const packs = packed(
      Array.from({ length: 1000 }, () => '用户😀'),
      ',',
    );
    for (const pack of packs) expect(Buffer.byteLength(pack)).toBeLessThanOrEqual(room);
    expect(packs).toHaveLength(Math.ceil(1000 / Math.floor((room - 1) / 11)));
  });

  it('puts a text that is longer than the room into one of its own', () => {
    const long = 'x'.repeat(room);
    expect(packed(['1', long, '2'], ',')).toEqual([',1,', `,${long},`, ',2,']);
    expect(packed([long], ',')).toEqual([`,${long},`]);
  });

  it('loses nothing, and keeps the order', () => {
    const texts = Array.from({ length: 5000 }, (_, index) => String(index ** 3));
    const packs = packed(texts, ',');
    expect(packs.flatMap((pack) => pack.slice(1, -1).split(','))).toEqual(texts);
    for (const pack of packs) expect(pack).toMatch(/^,.*,$/);
  });

  it('comes in few numbers of texts', () => {
    expect([0, 1, 2, 3, 4, 5, 9, 16, 17].map(paddedCount)).toEqual([1, 1, 2, 4, 4, 8, 16, 16, 32]);
  });
});

describe('statements that take lists', () => {
  const tables = { schema: undefined, productIds: [], markAttributes: true, maxAttributes: 10_000 };
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(10 ** 9 + index));
  const waitFor = (custId: string, index: number): Wait => {
    const product = { productId: '42', custId, bizId: 'BIZ1' };
    return { custId, product, userId: index % 2 === 0 ? null : `U${index}`, remainingMs: 1000 };
  };

  it('are few, whatever the lengths', () => {
    const request = {
      limit: 1000,
      settleMs: 2000,
      shards: { count: 64, held: 'all' },
      paused: nothingPaused,
    } as const;
    const polls = new Set<string>();
    const reads = new Set<string>();
    for (let count = 1; count <= 1000; count += 7) {
      reads.add(rowsStatement(tables, 'CUST', numbers(count)).sql);
      reads.add(attributesStatement(tables, 'CUST', numbers(count)).sql);
      polls.add(pollStatement(tables, { ...request, limit: count, excluded: numbers(count), waits: [] }).sql);
      const waits = numbers(count % 100).map(waitFor);
      polls.add(pollStatement(tables, { ...request, excluded: [], waits }).sql);
    }
    expect([polls.size, reads.size]).toEqual([6, 14]);
  });

  it('bind every number, in lists that Oracle takes', () => {
    for (const count of [1, 2, 999, 1000, 1001, 2500]) {
      const { sql, binds } = rowsStatement(tables, 'CUST', [...numbers(count), ...numbers(count)]);
      expect(new Set(Object.values(binds))).toEqual(new Set(numbers(count)));
      for (const list of sql.match(/IN \([^]*?\)\)/g) ?? [])
        expect(list.split(',').length).toBeLessThanOrEqual(1000);
    }
  });
});
