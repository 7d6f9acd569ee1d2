import { beforeEach, describe, expect, it } from 'vitest';
import type { Wait } from '../../../src/domain/waiting.js';
import { InFlight } from '../../../src/worker/in-flight.js';
import { identity } from '../../support/builders.js';
import { FakeClock } from '../../support/fake-clock.js';

let time: FakeClock;
let inFlight: InFlight;
beforeEach(() => {
  time = new FakeClock();
  inFlight = new InFlight(time);
});

function waitOf(custId: string, remainingMs = 5000): Wait {
  return { custId, product: { ...identity, custId }, userId: null, remainingMs };
}

describe('customers in flight', () => {
  it('are left out of the next polls until they are released, rows without a customer too', () => {
    inFlight.add(['1', null]);
    inFlight.add(['2']);
    expect(inFlight.customers()).toEqual(['1', null, '2']);
    inFlight.remove(['1', null]);
    expect(inFlight.customers()).toEqual(['2']);
    time.advance(3_600_000);
    expect(inFlight.customers()).toEqual(['2']);
  });

  it('do not bring the worker back by the clock: a page that ends does', () => {
    inFlight.add(['1']);
    expect(inFlight.nextRetryMs()).toBeNull();
  });
});

describe('a customer that waits', () => {
  it('is not in flight, for what it waits for must be found, until its grace has passed', () => {
    inFlight.wait(waitOf('1'));
    expect(inFlight.customers()).toEqual([]);
    time.advance(4999);
    expect(inFlight.waits()).toEqual([waitOf('1')]);
    time.advance(1);
    expect(inFlight.waits()).toEqual([]);
  });

  it('waits for one thing: the last that was said', () => {
    inFlight.wait(waitOf('1'));
    const forUser = { ...waitOf('1'), userId: 'li' };
    inFlight.wait(forUser);
    inFlight.wait(waitOf('2'));
    expect(inFlight.waits()).toEqual([forUser, waitOf('2')]);
  });

  it('waits no more when a page of its own was released: what it waited for may have come', () => {
    inFlight.wait(waitOf('1'));
    inFlight.wait(waitOf('2'));
    inFlight.add(['1', null]);
    inFlight.remove(['1', null]);
    expect(inFlight.waits()).toEqual([waitOf('2')]);
  });
});

describe('the next return', () => {
  it('is that of the customer whose wait ends first', () => {
    expect(inFlight.nextRetryMs()).toBeNull();
    inFlight.wait(waitOf('1', 3000));
    expect(inFlight.nextRetryMs()).toBe(3000);
    inFlight.wait(waitOf('2', 2000));
    expect(inFlight.nextRetryMs()).toBe(2000);
    time.advance(1500);
    expect(inFlight.nextRetryMs()).toBe(500);
  });

  it('is never in the past', () => {
    inFlight.wait(waitOf('1', 500));
    time.advance(2000);
    expect(inFlight.nextRetryMs()).toBe(0);
    inFlight.waits();
    expect(inFlight.nextRetryMs()).toBeNull();
  });
});
