import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RepairRequest } from '../../src/operator/repair/repair-context.js';
import { repairRecord } from '../../src/operator/repair/repair-record.js';
import { StoreAlarmError } from '../../src/worker/store-guard.js';
import { isAvailable, openPair, plant, type KnexPair } from '../support/databases.js';
import { lossFixture, open } from '../support/loss-fixture.js';
import { operatorsOf } from '../support/operators.js';
import { contentsOf, repairPair } from '../support/repairs.js';

const customers = 1200;

/* A repair that an operator ends: after the set it is at, with an outcome on record; started again, it does the rest. */

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(`a repair on ${kind} that is ended early`, () => {
    let pair: KnexPair;
    let fixture: ReturnType<typeof lossFixture>;
    let complete: unknown;
    beforeEach(async () => {
      pair = await openPair(kind);
      fixture = lossFixture(pair);
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '8888', CustID: '8888' });
      await fixture.work();
      const older = await fixture.copy();
      await fixture.plantOpens(customers);
      await fixture.work();
      complete = await contentsOf(pair);
      await older.putBack();
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '9999', CustID: '9999' });
      await expect(fixture.work()).rejects.toThrow(StoreAlarmError);
    });
    afterEach(() => pair.close());

    /** Ends a repair at the first progress of a phase that has come so far. */
    const endAt = (phase: string, least: number): Partial<RepairRequest> => {
      const ending = new AbortController();
      return {
        signal: ending.signal,
        onProgress: (now, done) => {
          if (now === phase && done >= least) ending.abort(new Error('by wang'));
        },
      };
    };
    const lastAction = async () => {
      const [entry] = await operatorsOf(pair).store.records.actions({ before: null, limit: 1 });
      return entry === undefined ? null : { ...entry, record: repairRecord(entry) };
    };

    it('keeps what is done, closes no alarm, says by whom, and does the rest when it is started again', async () => {
      const report = await repairPair(pair, endAt('repaired', 1));
      expect(report).toMatchObject({ cancelled: 'by wang', left: [], alarmsClosed: 0, alarmsOpen: 1 });
      expect(report.rows).toBeGreaterThan(0);
      expect(report.rows).toBeLessThan(customers);
      expect(await lastAction()).toMatchObject({
        ...{ status: 'done', rows: report.rows },
        record: { outcome: { cancelled: 'by wang', alarmsOpen: 1, left: 0, customers: report.rows } },
      });
      const rest = await repairPair(pair);
      expect(rest).toMatchObject({ cancelled: null, rows: customers - report.rows, alarmsClosed: 1 });
      expect(await contentsOf(pair)).toEqual(complete);
    });

    it.each(['rows', 'journal'])('changes nothing while %s are read', async (phase) => {
      const before = await contentsOf(pair);
      expect(await repairPair(pair, endAt(phase, 0))).toMatchObject({ cancelled: 'by wang', rows: 0 });
      expect(await contentsOf(pair)).toEqual(before);
    });

    it('is a dry run with what it had found', async () => {
      const report = await repairPair(pair, { ...endAt('repaired', 1), dryRun: true });
      expect(report).toMatchObject({ dryRun: true, cancelled: 'by wang' });
      expect(report.rows).toBeLessThan(customers);
      expect((await repairPair(pair, { dryRun: true })).rows).toBe(customers);
    });

    it('is no end where the databases fail meanwhile: the failure is told', async () => {
      const ending = new AbortController();
      const failure = new Error('the disk is full');
      const request = {
        signal: ending.signal,
        onProgress: () => {
          ending.abort(new Error('by wang'));
          throw failure;
        },
      };
      await expect(repairPair(pair, request)).rejects.toThrow(failure);
      expect(await lastAction()).toMatchObject({
        outcome: { what: expect.stringMatching(/disk is full/) as string },
      });
    });

    it('has its number before anything is changed', async () => {
      const numbers: string[] = [];
      const order: string[] = [];
      await repairPair(pair, {
        onRecorded: (action) => {
          numbers.push(action);
          order.push('recorded');
        },
        onProgress: (phase) => void order.push(phase),
      });
      expect(numbers).toEqual([(await lastAction())?.id]);
      expect(order[0]).toBe('recorded');
    });
  });
}
