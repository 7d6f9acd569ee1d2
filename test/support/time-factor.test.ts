import { describe, expect, it } from 'vitest';
import { readTimeFactor } from './time-factor.js';

describe('the factor of all limits', () => {
  it.each([
    [undefined, 1],
    ['', 1],
    ['1', 1],
    ['2.5', 2.5],
    ['100', 100],
  ])('of TEST_TIME_FACTOR=%s is %d', (text, factor) => {
    expect(readTimeFactor(text)).toBe(factor);
  });

  it.each(['three', '0', '-1', '0.5', '101', 'NaN', 'Infinity', '3x'])(
    'is refused where it is %s',
    (text) => {
      expect(() => readTimeFactor(text)).toThrow(
        `TEST_TIME_FACTOR is "${text}": give a number from 1 to 100`,
      );
    },
  );
});
