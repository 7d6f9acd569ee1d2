import { beforeEach, describe, expect, it } from 'vitest';
import type { Wait } from '../../../src/domain/waiting.js';
import { Hand } from '../../../src/worker/hand.js';
import { identity } from '../../support/builders.js';
import { FakeTime } from '../../support/fake-time.js';

let time: FakeTime;
let hand: Hand;
beforeEach(() => {
  time = new FakeTime();
  hand = new Hand(time);
});

function waitOf(custId: string, remainingMs = 5000): Wait {
  return { custId, product: { ...identity, custId }, userId: null, remainingMs };
}

describe('customers in hand', () => {
  it('are left out of the next polls until they are released, rows without a customer too', () => {
    hand.take(['1', null]);
    hand.take(['2']);
    expect(hand.inHand()).toEqual(['1', null, '2']);
    hand.release(['1', null]);
    expect(hand.inHand()).toEqual(['2']);
    time.advance(3_600_000);
    expect(hand.inHand()).toEqual(['2']);
  });

  it('do not bring the worker back by the clock: a page that ends does', () => {
    hand.take(['1']);
    expect(hand.nextReturnMs()).toBeNull();
  });
});

describe('a customer that waits', () => {
  it('is not in hand, for what it waits for must be found, until its grace has passed', () => {
    hand.wait(waitOf('1'));
    expect(hand.inHand()).toEqual([]);
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
    hand.take(['1', null]);
    hand.release(['1', null]);
    expect(hand.waits()).toEqual([waitOf('2')]);
  });
});

describe('the next return', () => {
  it('is that of the customer whose wait ends first', () => {
    expect(hand.nextReturnMs()).toBeNull();
    hand.wait(waitOf('1', 3000));
    expect(hand.nextReturnMs()).toBe(3000);
    hand.wait(waitOf('2', 2000));
    expect(hand.nextReturnMs()).toBe(2000);
    time.advance(1500);
    expect(hand.nextReturnMs()).toBe(500);
  });

  it('is never in the past', () => {
    hand.wait(waitOf('1', 500));
    time.advance(2000);
    expect(hand.nextReturnMs()).toBe(0);
    hand.waits();
    expect(hand.nextReturnMs()).toBeNull();
  });
});
