import { beforeEach, describe, expect, it } from 'vitest';
import type { Wait } from '../../../src/domain/waiting.js';
import { InFlight } from '../../../src/worker/in-flight.js';
import { identity } from '../../support/builders.js';
import { FakeClock } from '../../support/fake-clock.js';

let time: FakeClock;
let hand: InFlight;
beforeEach(() => {
  time = new FakeClock();
  hand = new InFlight(time);
});

function waitOf(custId: string, remainingMs = 5000): Wait {
  return { custId, product: { ...identity, custId }, userId: null, remainingMs };
}

describe('customers in flight', () => {
  it('are left out of the next polls until they are released, rows without a customer too', () => {
    hand.add(['1', null]);
    hand.add(['2']);
    expect(hand.customers()).toEqual(['1', null, '2']);
    hand.remove(['1', null]);
    expect(hand.customers()).toEqual(['2']);
    time.advance(3_600_000);
    expect(hand.customers()).toEqual(['2']);
  });

  it('do not bring the worker back by the clock: a page that ends does', () => {
    hand.add(['1']);
    expect(hand.nextRetryMs()).toBeNull();
  });
});

describe('a customer that waits', () => {
  it('is not in flight, for what it waits for must be found, until its grace has passed', () => {
    hand.wait(waitOf('1'));
    expect(hand.customers()).toEqual([]);
    time.advance(4999);
    expect(hand.waits()).toEqual([waitOf('1')]);
    time.advance(1);
    expect(hand.waits()).toEqual([]);
  });

  it('waits for one thing: the last that was said', () => {
    hand.wait(waitOf('1'));
    const forUser = { ...waitOf('1'), userId: 'li' };
    hand.wait(forUser);
    hand.wait(waitOf('2'));
    expect(hand.waits()).toEqual([forUser, waitOf('2')]);
  });

  it('waits no more when a page of its own was released: what it waited for may have come', () => {
    hand.wait(waitOf('1'));
    hand.wait(waitOf('2'));
    hand.add(['1', null]);
    hand.remove(['1', null]);
    expect(hand.waits()).toEqual([waitOf('2')]);
  });
});

describe('the next return', () => {
  it('is that of the customer whose wait ends first', () => {
    expect(hand.nextRetryMs()).toBeNull();
    hand.wait(waitOf('1', 3000));
    expect(hand.nextRetryMs()).toBe(3000);
    hand.wait(waitOf('2', 2000));
    expect(hand.nextRetryMs()).toBe(2000);
    time.advance(1500);
    expect(hand.nextRetryMs()).toBe(500);
  });

  it('is never in the past', () => {
    hand.wait(waitOf('1', 500));
    time.advance(2000);
    expect(hand.nextRetryMs()).toBe(0);
    hand.waits();
    expect(hand.nextRetryMs()).toBeNull();
  });
});
