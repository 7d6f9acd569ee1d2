import { beforeEach, describe, expect, it } from 'vitest';
import { rowId } from '../../../src/domain/keys.js';
import { Sightings } from '../../../src/worker/sightings.js';
import { polledRow } from '../../support/builders.js';
import { FakeClock } from '../../support/fake-clock.js';

const waitMs = 10_000;

let time: FakeClock;
let sightings: Sightings;
beforeEach(() => {
  time = new FakeClock();
  sightings = new Sightings(time, waitMs);
});

const row = (streamingNo: string) => polledRow('0201', { streamingNo });
/** How long ago each row was first seen: null at the first sight. */
const see = (...streamingNos: string[]) => {
  const sights = sightings.see(streamingNos.map(row));
  return streamingNos.map((streamingNo) => sights.get(rowId(row(streamingNo))));
};

describe('the first sight of a row', () => {
  it('is remembered from poll to poll', () => {
    expect(see('1')).toEqual([null]);
    time.advance(300);
    expect(see('1', '2')).toEqual([300, null]);
    time.advance(300);
    expect(see('1', '2')).toEqual([600, 300]);
  });

  it('is remembered while the row is not polled, longer than it may wait', () => {
    see('1');
    time.advance(waitMs + 60_000);
    see('2');
    expect(see('1')).toEqual([waitMs + 60_000]);
  });

  it('is forgotten when the row is answered', () => {
    see('1', '2');
    time.advance(300);
    sightings.forget([row('1')]);
    expect(see('1', '2')).toEqual([null, 300]);
  });

  it('is forgotten when the row has not been polled for a long time, and not where it was', () => {
    see('1', '2');
    for (let minute = 0; minute < 15; minute += 1) {
      time.advance(60_000);
      see('2');
    }
    expect(see('1', '2')).toEqual([null, 15 * 60_000]);
  });

  it('is not known of more rows than the memory holds', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => String(index + 1));
    see(...many);
    time.advance(5);
    expect(see('20001', '1')).toEqual([undefined, 5]);
    sightings.forget([row('7')]);
    expect(see('20001')).toEqual([null]);
  });
});

describe('the next return', () => {
  it('is when the next row of the last page has settled, and none where all have', () => {
    expect(sightings.nextRetryMs()).toBeNull();
    sightings.settlesIn(2000);
    time.advance(1500);
    expect(sightings.nextRetryMs()).toBe(500);
    time.advance(1500);
    expect(sightings.nextRetryMs()).toBe(0);
    sightings.settlesIn(null);
    expect(sightings.nextRetryMs()).toBeNull();
  });
});
