import { describe, expect, it } from 'vitest';
import { dateOf, parseAge, parseSince } from '../../../src/operator/since.js';

describe('a point in time', () => {
  it('that is a time span is counted back from the clock of the middle database', async () => {
    const middle = { now: async () => '2026-03-01 00:30:00' };
    expect(await dateOf(middle, { agoMs: 24 * 3_600_000 })).toBe('2026-02-28 00:30:00');
    expect(await dateOf(middle, { date: '2026-11-21 08:00:00' })).toBe('2026-11-21 08:00:00');
  });

  it('ages are whole numbers of minutes, hours or days', () => {
    expect([parseAge('400d'), parseAge('1.5d'), parseAge('-1d')]).toEqual([400 * 86_400_000, null, null]);
  });
});

describe('a text that says since when', () => {
  it.each([
    ['2026-11-21', { date: '2026-11-21 00:00:00' }],
    ['2026-11-21 08:05', { date: '2026-11-21 08:05:00' }],
    ['2026-11-21 08:05:07', { date: '2026-11-21 08:05:07' }],
    ['2026-11-21T08:05:07', { date: '2026-11-21 08:05:07' }],
    ['30m', { agoMs: 1_800_000 }],
    ['24h', { agoMs: 86_400_000 }],
    ['7d', { agoMs: 604_800_000 }],
  ])('%s', (text, since) => {
    expect(parseSince(text)).toEqual(since);
  });

  it.each([
    '',
    'yesterday',
    '24',
    'h',
    '-1h',
    '1.5h',
    '2026-02-30',
    '2026-13-01',
    '2026-11-21 25:00',
    '21.11.2026',
  ])('is refused: "%s"', (text) => {
    expect(parseSince(text)).toBeNull();
  });
});
