import { beforeEach, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../../src/database/errors.js';
import type { Pace } from '../../../../src/operator/verify/load.js';
import type { FoundByRun } from '../../../../src/operator/verify/recorded-run.js';
import { VerifySchedule } from '../../../../src/operator/verify/verify-schedule.js';
import type {
  RunResult,
  VerificationRecords,
  VerificationRun,
} from '../../../../src/store/verification-port.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { emptySummary } from '../../../support/verification.js';
import { gate, until } from '../../../support/until.js';

const everyMs = 3_600_000;
const nothing: FoundByRun = { summary: { ...emptySummary, rows: 7, customers: 3 }, differences: [] };

/** The record as the schedule sees it, by the same clock. */
class ScriptedRecords implements Pick<VerificationRecords, 'runs' | 'begin' | 'end'> {
  readonly kept: {
    state: VerificationRun['state'];
    startedAt: string;
    endedAt: string | null;
    error: string | null;
  }[] = [];
  reads = 0;
  failsWith: { runs?: Error; begin?: Error; end?: Error } = {};
  holder: string | null = 'me';

  constructor(private readonly clock: FakeClock) {}

  get now(): string {
    return new Date(this.clock.now()).toISOString();
  }

  async runs() {
    this.reads += 1;
    if (this.failsWith.runs !== undefined) throw this.failsWith.runs;
    const rest = { id: '1', via: 'schedule', who: 'me', summary: null } as const;
    return { now: this.now, runs: this.kept.map((run) => ({ ...rest, ...run })) };
  }

  async begin(worker: string) {
    if (this.failsWith.begin !== undefined) throw this.failsWith.begin;
    if (worker !== this.holder) return null;
    this.kept.unshift({ state: 'running', startedAt: this.now, endedAt: null, error: null });
    return '1';
  }

  async end(_id: string, result: RunResult) {
    if (this.failsWith.end !== undefined) throw this.failsWith.end;
    const [run] = this.kept;
    if (run?.state !== 'running') return false;
    const error = result.state === 'finished' ? null : result.error;
    this.kept[0] = { ...run, state: result.state, endedAt: this.now, error };
    return true;
  }
}

describe('the schedule of verify', () => {
  let clock: FakeClock;
  let records: ScriptedRecords;
  let lease: { shard: number; term: number } | null;
  let away: boolean;
  let told: string[];
  let verifyAll: (pace: Pace) => Promise<FoundByRun>;
  let schedule: VerifySchedule;

  beforeEach(() => {
    clock = new FakeClock(Date.parse('2026-11-29T08:00:00.000Z'));
    records = new ScriptedRecords(clock);
    [lease, away, told] = [{ shard: 0, term: 1 }, false, []];
    verifyAll = async () => nothing;
    schedule = new VerifySchedule({
      everyMs,
      host: { workerId: 'me', lease: () => lease, isWaitingForDatabase: () => away },
      records,
      verifyAll: (pace) => verifyAll(pace),
      reports: {
        onStarted: () => told.push('started'),
        onFinished: ({ rows, differences }) => told.push(`finished ${rows} ${differences}`),
        onCancelled: ({ reason }) => told.push(`cancelled: ${reason}`),
        onFailed: ({ error }) => told.push(`failed: ${error}`),
      },
      clock,
    });
  });

  /** Lets so much time pass, second by second. */
  const pass = async (milliseconds: number) => {
    for (let left = milliseconds; left > 0; left -= 1000) {
      await settled();
      clock.advance(Math.min(1000, left));
    }
    await settled();
  };
  /** Lets everything happen that waits for no time. */
  const settled = async () => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  const states = () => records.kept.map(({ state }) => state);

  it('runs at once where none is on record, and one interval after the end of the last', async () => {
    schedule.start();
    await pass(1000);
    expect(told).toEqual(['started', 'finished 7 0']);
    await pass(everyMs - 2000);
    expect(told).toHaveLength(2);
    const readBefore = records.reads;
    await pass(3000);
    expect(told).toHaveLength(4);
    expect(readBefore).toBeLessThanOrEqual(2);
    await schedule.stop();
  });

  it('goes on with the interval of the record, whoever wrote it', async () => {
    const at = (minutesAgo: number) => new Date(clock.now() - minutesAgo * 60_000).toISOString();
    records.kept.push({ state: 'finished', startedAt: at(50), endedAt: at(45), error: null });
    schedule.start();
    await pass(14 * 60_000);
    expect(told).toEqual([]);
    await pass(2 * 60_000);
    expect(told).toEqual(['started', 'finished 7 0']);
    await schedule.stop();
  });

  it('does nothing, and reads nothing, without the lease of shard 0', async () => {
    lease = null;
    schedule.start();
    await pass(2 * everyMs);
    expect([told, records.reads]).toEqual([[], 0]);
    lease = { shard: 0, term: 5 };
    await pass(2000);
    expect(told).toEqual(['started', 'finished 7 0']);
    await schedule.stop();
  });

  it('does not begin while a database is away, and begins once it is back', async () => {
    away = true;
    schedule.start();
    await pass(10_000);
    expect([told, records.reads]).toEqual([[], 0]);
    away = false;
    await pass(2000);
    expect(told).toEqual(['started', 'finished 7 0']);
    await schedule.stop();
  });

  it('reads the record again after a takeover, and does not run what the other worker has run', async () => {
    schedule.start();
    await pass(2000);
    lease = null;
    await pass(everyMs);
    records.kept.unshift({ state: 'finished', startedAt: records.now, endedAt: records.now, error: null });
    lease = { shard: 0, term: 3 };
    await pass(everyMs - 5000);
    expect(told).toHaveLength(2);
    await pass(6000);
    expect(told).toHaveLength(4);
    await schedule.stop();
  });

  it('begins none while the last one runs, however long it takes', async () => {
    const slow = gate();
    verifyAll = () => slow.passed.then(() => nothing);
    schedule.start();
    await pass(3 * everyMs);
    expect(told).toEqual(['started']);
    slow.open();
    await pass(1000);
    expect(told).toEqual(['started', 'finished 7 0']);
    await pass(everyMs - 3000);
    expect(told).toHaveLength(2);
    await schedule.stop();
  });

  it('tells of a failure once, keeps it, and tries again after the whole interval', async () => {
    verifyAll = () => Promise.reject(new DatabaseError('unreachable', 'no\nroute to "db"'));
    schedule.start();
    await pass(everyMs - 2000);
    expect(told).toEqual(['started', 'failed: no route to "db"']);
    expect(records.kept).toMatchObject([{ state: 'failed', error: 'no route to "db"' }]);
    await pass(4000);
    expect(told).toHaveLength(4);
    await schedule.stop();
  });

  it('tells of a failure once where it cannot be kept either, and tries again after the whole interval', async () => {
    verifyAll = () => Promise.reject(new Error('database or disk is full'));
    records.failsWith.end = new DatabaseError('connectionLost', 'gone');
    schedule.start();
    await pass(everyMs - 2000);
    expect(told).toEqual(['started', 'failed: database or disk is full']);
    await schedule.stop();
  });

  it('tries again after the whole interval where the store has lost the run that failed', async () => {
    verifyAll = () => {
      records.kept.splice(0);
      return Promise.reject(new Error('database or disk is full'));
    };
    schedule.start();
    await pass(everyMs - 2000);
    expect(told).toEqual(['started', 'failed: database or disk is full']);
    await schedule.stop();
  });

  it('counts a run whose result cannot be kept as failed', async () => {
    records.failsWith.end = new DatabaseError('connectionLost', 'gone');
    schedule.start();
    await pass(everyMs - 2000);
    expect(told).toEqual(['started', 'failed: gone']);
    await schedule.stop();
  });

  it('tells once an interval that it may not read the record', async () => {
    records.failsWith.runs = new DatabaseError('schema', 'permission denied for table sync_verification');
    schedule.start();
    await pass(everyMs - 2000);
    expect(told).toEqual(['failed: permission denied for table sync_verification']);
    await pass(4000);
    expect(told).toHaveLength(2);
    await schedule.stop();
  });

  it('says nothing of an outage that the worker tells of, and looks again a minute later', async () => {
    records.failsWith.begin = new DatabaseError('unreachable', 'gone');
    schedule.start();
    await pass(50_000);
    expect([told, records.reads]).toEqual([[], 1]);
    records.failsWith = {};
    await pass(12_000);
    expect(told).toEqual(['started', 'finished 7 0']);
    await schedule.stop();
  });

  it('begins none where another worker holds the lease by the store', async () => {
    records.holder = 'other';
    schedule.start();
    await pass(3000);
    expect([told, states()]).toEqual([[], []]);
    await schedule.stop();
  });

  describe('ends a run early', () => {
    let pages: number;
    beforeEach(() => {
      pages = 0;
      verifyAll = async (pace) => {
        for (;;) {
          pages += 1;
          clock.advance(2000);
          await pace.rest(0);
        }
      };
    });

    it('when the lease is lost, at the next page or the next look', async () => {
      schedule.start();
      await pass(10_000);
      lease = { shard: 0, term: 2 };
      schedule.look();
      await settled();
      expect(told).toEqual(['started', expect.stringContaining('cancelled: ')]);
      expect(states()).toEqual(['cancelled']);
      const before = pages;
      lease = null;
      await pass(10_000);
      expect(pages).toBe(before);
      await schedule.stop();
    });

    it('when nobody looks, after its rest', async () => {
      schedule.start();
      await pass(10_000);
      lease = null;
      await pass(7000);
      expect(states()).toEqual(['cancelled']);
      await schedule.stop();
    });

    it('goes on after a look that changes nothing, and rests as long as before', async () => {
      schedule.start();
      await pass(10_000);
      const before = pages;
      for (let look = 0; look < 50; look += 1) {
        schedule.look();
        await settled();
      }
      expect([told, pages]).toEqual([['started'], before]);
      await schedule.stop();
    });

    it('when it is stopped, and keeps it as cancelled', async () => {
      schedule.start();
      await pass(10_000);
      await schedule.stop();
      expect(told).toEqual(['started', 'cancelled: the worker stops']);
      expect(states()).toEqual(['cancelled']);
    });

    it('and takes an error of its last call for the end that it is', async () => {
      verifyAll = async (pace) => {
        await pace.rest(0);
        lease = null;
        throw new DatabaseError('other', 'the pool is closed');
      };
      schedule.start();
      await pass(2000);
      expect(told).toEqual(['started', expect.stringContaining('cancelled: ')]);
      await schedule.stop();
    });
  });

  it('is not held up by a run that does not notice its end', async () => {
    const never = gate();
    verifyAll = () => never.passed.then(() => nothing);
    schedule.start();
    await pass(2000);
    const startedAt = performance.now();
    await schedule.stop();
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    // The pool that the record was kept over is closed by then.
    records.failsWith.end = new DatabaseError('other', 'pool is closed');
    never.open();
    await until('it has ended', async () => told.length === 2);
    expect(told[1]).toBe('cancelled: the worker stops');
  });
});
