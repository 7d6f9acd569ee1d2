import { describe, expect, it } from 'vitest';
import { CircuitBreaker, CircuitBreakers } from '../../../src/worker/circuit-breaker.js';

describe('the breaker', () => {
  it('is closed until as many distinct rows as its threshold have failed in a row', () => {
    const breaker = new CircuitBreaker(3);
    expect([breaker.closed, breaker.openings]).toEqual([true, 0]);
    expect(breaker.rowFailed('a')).toBe(false);
    expect(breaker.rowFailed('b')).toBe(false);
    expect(breaker.closed).toBe(true);
    expect(breaker.rowFailed('c')).toBe(true);
    expect([breaker.closed, breaker.openings]).toEqual([false, 1]);
  });

  it('is not opened by one row, however often it fails', () => {
    const breaker = new CircuitBreaker(2);
    for (let time = 0; time < 10; time += 1) expect(breaker.rowFailed('a')).toBe(false);
    expect(breaker.closed).toBe(true);
  });

  it('begins to count anew with each row that takes effect', () => {
    const breaker = new CircuitBreaker(2);
    for (let time = 0; time < 10; time += 1) {
      expect(breaker.rowFailed(`row ${time}`)).toBe(false);
      expect(breaker.rowApplied()).toBe(false);
    }
    expect(breaker.closed).toBe(true);
  });

  it('opens with the first failure at a threshold of 1', () => {
    expect(new CircuitBreaker(1).rowFailed('a')).toBe(true);
  });

  it('stays open with every further failure, of rows that failed before too, and counts its openings', () => {
    const breaker = new CircuitBreaker(2);
    breaker.rowFailed('a');
    breaker.rowFailed('b');
    expect(breaker.rowFailed('a')).toBe(true);
    expect(breaker.rowFailed('a')).toBe(true);
    expect(breaker.openings).toBe(3);
  });

  it('closes with a row that takes effect, says so once, and forgets what failed', () => {
    const breaker = new CircuitBreaker(2);
    breaker.rowFailed('a');
    breaker.rowFailed('b');
    expect(breaker.rowApplied()).toBe(true);
    expect(breaker.rowApplied()).toBe(false);
    expect([breaker.closed, breaker.openings]).toEqual([true, 0]);
    expect(breaker.rowFailed('a')).toBe(false);
    expect(breaker.rowFailed('b')).toBe(true);
  });

  it('can be opened without any row, and forgets what failed before', () => {
    const breaker = new CircuitBreaker(3);
    breaker.rowFailed('a');
    breaker.open();
    breaker.open();
    expect([breaker.closed, breaker.openings]).toEqual([false, 2]);
    expect(breaker.rowApplied()).toBe(true);
    expect(breaker.rowFailed('b')).toBe(false);
    expect(breaker.rowFailed('c')).toBe(false);
  });
});

describe('the breakers of the stages', () => {
  it('count each for itself: a row that goes through one does not close another, and none is open for another', () => {
    const breakers = new CircuitBreakers(2);
    breakers.mark.rowFailed('1');
    breakers.claim.rowApplied();
    breakers.apply.rowApplied();
    expect(breakers.mark.rowFailed('2')).toBe(true);
    expect([breakers.claim.closed, breakers.apply.closed, breakers.closed]).toEqual([true, true, false]);
    expect(breakers.openings).toBe(1);
  });

  it('let ten rows be tried, and twice as many each time, up to a hundred', () => {
    const breakers = new CircuitBreakers(2);
    const tried = [1, 2, 3, 4, 5, 6].map(() => {
      breakers.apply.open();
      return breakers.probeRows;
    });
    expect(tried).toEqual([10, 20, 40, 80, 100, 100]);
    breakers.apply.rowApplied();
    breakers.apply.open();
    expect(breakers.probeRows).toBe(10);
  });
});
