import { describe, expect, it } from 'vitest';
import { DatabaseHealth } from '../../../src/worker/database-health.js';
import { Deferrals, type RowToDefer } from '../../../src/worker/deferrals.js';
import { FakeClock } from '../../support/fake-clock.js';

describe('deferred rows', () => {
  it('are in no hurry while polls leave out all deferred customers, due or not', async () => {
    const clock = new FakeClock();
    const emit = () => undefined;
    const store = { put: () => Promise.resolve(), end: () => Promise.resolve() };
    const health = new DatabaseHealth(clock, emit);
    const deferrals = new Deferrals({ store: () => store, shards: 8, health, emit, clock });
    const row = (streamingNo: string, delayMs: number): RowToDefer => {
      return {
        source: 'CUST',
        streamingNo,
        custId: streamingNo,
        cause: 'refused',
        reason: 'because',
        delayMs,
      };
    };
    await deferrals.defer('mark', [row('1', 1000), row('2', 5000)]);
    clock.advance(1000);
    expect(deferrals.plan(true)).toEqual({ excluded: ['1', '2'], due: [] });
    expect(deferrals.nextRetryMs()).toBe(4000);
    clock.advance(4000);
    deferrals.plan(true);
    expect(deferrals.nextRetryMs()).toBe(null);
    expect(deferrals.plan(false).due.map(({ streamingNo }) => streamingNo)).toEqual(['1', '2']);
  });
});
