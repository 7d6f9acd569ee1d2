import { beforeEach, describe, expect, it } from 'vitest';
import type { Stage } from '../../../src/domain/deferral.js';
import { BreakerOpenError, CircuitBreakers } from '../../../src/worker/circuit-breaker.js';
import type { WorkerContext } from '../../../src/worker/context.js';
import { deferRows } from '../../../src/worker/defer-rows.js';
import type { RowToDefer } from '../../../src/worker/deferrals.js';

let breakers: CircuitBreakers;
let deferred: string[];
let context: WorkerContext;
beforeEach(() => {
  breakers = new CircuitBreakers(3);
  deferred = [];
  const deferrals = {
    tries: () => 0,
    defer: (_stage: Stage, rows: readonly RowToDefer[]) => {
      deferred.push(...rows.map(({ streamingNo }) => streamingNo));
      return Promise.resolve();
    },
  };
  context = { breakers, deferrals } as unknown as WorkerContext;
});

function undone(...streamingNos: readonly string[]) {
  const left = streamingNos.map((streamingNo) => {
    return { source: 'CUST', streamingNo, custId: streamingNo, cause: 'ignored' } as const;
  });
  return deferRows(context, 'claim', { refused: [], left, wentThrough: 0 });
}

describe('rows whose claim is undone', () => {
  it('are deferred as long as they are few', async () => {
    await undone('1', '2');
    expect(deferred).toEqual(['1', '2']);
  });

  it('are not deferred where so many open the breaker: the fault is not theirs', async () => {
    await expect(undone('1', '2', '3')).rejects.toThrow(BreakerOpenError);
    expect([deferred, breakers.closed]).toEqual([[], false]);
  });

  it('are deferred while the breaker is half open, and it stays open: the rows behind them are tried next', async () => {
    await expect(undone('1', '2', '3')).rejects.toThrow(BreakerOpenError);
    await expect(undone('1', '2', '3')).rejects.toThrow(BreakerOpenError);
    expect([deferred, breakers.closed]).toEqual([['1', '2', '3'], false]);
  });
});
