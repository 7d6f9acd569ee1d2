import { describe, expect, it } from 'vitest';
import type { Mark } from '../../../src/middle/port.js';
import { AlarmOpenError } from '../../../src/store/guard-port.js';
import type { Applied, ApplyStage } from '../../../src/worker/apply-stage.js';
import type { DecidedRow } from '../../../src/worker/apply-batch.js';
import type { Batch, BatchRow } from '../../../src/worker/batch.js';
import { CircuitBreakers } from '../../../src/worker/circuit-breaker.js';
import { ClaimRegister } from '../../../src/worker/claim-register.js';
import { Sightings } from '../../../src/worker/sightings.js';
import { Deferrals } from '../../../src/worker/deferrals.js';
import { InFlight } from '../../../src/worker/in-flight.js';
import { MarkStage } from '../../../src/worker/mark-stage.js';
import { DatabaseHealth } from '../../../src/worker/database-health.js';
import { Pipeline } from '../../../src/worker/pipeline.js';
import { isGuardError, type StoreGuard } from '../../../src/worker/store-guard.js';
import type { CrashQuarantine } from '../../../src/worker/crash-quarantine.js';
import type { WorkerContext } from '../../../src/worker/context.js';
import { customerRow } from '../../support/builders.js';
import { FakeClock } from '../../support/fake-clock.js';
import { middleDatabase } from '../../support/operations.js';
import { quickSettings } from '../../support/workers.js';

const attempt = '2026-11-01 08:00:00';
const batchRow: BatchRow = {
  ...{ source: 'CUST', streamingNo: '1', attempt, takenOver: false, duplicates: [] },
  row: customerRow({ streamingNo: '1', custId: '8', stateDate: attempt }),
};
const batch: Batch = { rows: [batchRow], leases: [{ shard: 0, term: 1, server: '' }], now: attempt };
const decided: DecidedRow = {
  ...{ row: batchRow, outcome: 'applied', code: null, errContent: null, contentChanged: false },
};

/** A pipeline whose batches end so; returns the marks that were sent and what was reported. */
async function finish(result: Applied, isOpen: boolean) {
  const marks: Mark[] = [];
  const reports: string[] = [];
  const clock = new FakeClock();
  const emit = () => undefined;
  const health = new DatabaseHealth(clock, emit);
  const { shards, breakerThreshold } = quickSettings;
  const context: WorkerContext = {
    middle: middleDatabase({
      mark: async (sent) => {
        marks.push(...sent);
        return { marked: sent.length, conflicts: [], left: [], heldBack: [] };
      },
    }),
    store: undefined as never,
    settings: quickSettings,
    inFlight: new InFlight(clock),
    claims: new ClaimRegister(quickSettings.shards),
    sightings: new Sightings(clock, 0),
    deferrals: new Deferrals({ store: () => undefined as never, shards, health, emit, clock: clock }),
    breakers: new CircuitBreakers(breakerThreshold),
    health,
    guard: { isOpen, report: isGuardError } as unknown as StoreGuard,
    emit,
    clock,
  };
  const applying = { apply: async () => result } as unknown as ApplyStage;
  const report = (name: string) => () => {
    reports.push(name);
  };
  const pipeline = new Pipeline(
    context,
    { applying, quarantine: undefined as unknown as CrashQuarantine, marking: new MarkStage(context) },
    {
      ...{ onBatchDone: report('done'), onLeaseLost: report('leaseLost'), onAlarm: report('alarm') },
      ...{ onBreakerOpen: report('breaker'), onFatal: report('fatal') },
    },
  );
  pipeline.take(batch);
  await pipeline.empty();
  return { marks, reports };
}

describe('a page that was decided', () => {
  it('is marked', async () => {
    const { marks, reports } = await finish({ decided: [decided] }, false);
    expect(marks).toMatchObject([{ streamingNo: '1', attempt, errContent: null }]);
    expect(reports).toEqual(['done']);
  });

  it('marks nothing while an alarm is open: a row in State 1 is decided anew, one in State 2 would be lost', async () => {
    expect(await finish({ decided: [decided] }, true)).toEqual({ marks: [], reports: ['done'] });
  });
});

describe('a page that an alarm stopped', () => {
  it('is told to the keeper, and neither opens the breaker nor ends the worker', async () => {
    const { reports } = await finish({ decided: [], stoppedBy: new AlarmOpenError() }, false);
    expect(reports).toEqual(['alarm', 'done']);
  });
});
