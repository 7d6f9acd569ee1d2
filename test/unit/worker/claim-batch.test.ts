import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/errors.js';
import type { PolledRow } from '../../../src/domain/rows.js';
import type { ProductStore } from '../../../src/store/port.js';
import { CircuitBreakers } from '../../../src/worker/circuit-breaker.js';
import { claimBatch } from '../../../src/worker/claim-batch.js';
import { newMemory, type WorkerContext } from '../../../src/worker/context.js';
import { DatabaseHealth } from '../../../src/worker/database-health.js';
import { Deferrals } from '../../../src/worker/deferrals.js';
import type { StoreGuard } from '../../../src/worker/store-guard.js';
import { identity, polledRow } from '../../support/builders.js';
import { FakeClock } from '../../support/fake-clock.js';
import { middleDatabase } from '../../support/operations.js';
import { quickSettings } from '../../support/workers.js';

const now = '2026-11-20 08:00:01';
const settings = { ...quickSettings, settleMs: 0, dependencyGraceMs: 10_000 };
const leases = [{ shard: 0, term: 1, server: '' }];

/** What a worker knows to be waiting after a poll that returned these rows, and a claim that went well or not. */
async function waitsAfter(rows: readonly PolledRow[], claim: 'done' | 'lost') {
  const clock = new FakeClock();
  const emit = () => undefined;
  const health = new DatabaseHealth(clock, emit);
  const memory = newMemory(settings, clock);
  const context: WorkerContext = {
    ...memory,
    ...{ settings, health, emit, clock },
    middle: middleDatabase({
      poll: async () => ({ rows, now }),
      claim: async () => {
        if (claim === 'lost') throw new DatabaseError('connectionLost', 'the connection broke');
        return { claimed: 0, rows: [], left: [] };
      },
    }),
    store: {
      readBeforeClaim: async () => ({ attempts: new Map(), seen: new Set() }),
    } as unknown as ProductStore,
    deferrals: new Deferrals({
      store: () => undefined as never,
      shards: settings.shards,
      health,
      emit,
      clock,
    }),
    breakers: new CircuitBreakers(settings.breakerThreshold),
    guard: { compareFinishedMeanwhile: async () => true } as unknown as StoreGuard,
  };
  const request = { leases, uncompared: [], pauses: () => [], limit: 10, freshOnly: false };
  await claimBatch(context, request).catch(() => undefined);
  return memory.inFlight.waits().map(({ custId }) => custId);
}

const opened = polledRow('0101', { streamingNo: '1', bizId: 'another', createDate: now });
const change = polledRow('0102', { streamingNo: '2', createDate: now });

describe('a customer that waits for its open', () => {
  it('is left out of the next polls, but for the open', async () => {
    expect(await waitsAfter([change], 'done')).toEqual([identity.custId]);
  });

  it.each(['done', 'lost'] as const)(
    'comes whole with the next poll where an earlier row was claimed: %s. The open must not overtake that one',
    async (claim) => {
      expect(await waitsAfter([opened, change], claim)).toEqual([]);
    },
  );

  it('waits at once where rows of others are claimed', async () => {
    const others = { ...opened, custId: '8' };
    expect(await waitsAfter([others, change], 'lost')).toEqual([identity.custId]);
  });
});
