import { describe, expect, it } from 'vitest';
import type { Attempt } from '../../../src/domain/keys.js';
import { WorkerUnregisteredError, type CrashLog } from '../../../src/store/port.js';
import type { WorkerFixture } from '../store.js';
import { sharedSettings, identityOf } from './data.js';

const attempt: Attempt = { source: 'CUST', streamingNo: '1', attempt: '2026-11-01 08:00:00' };
const others: readonly Attempt[] = [
  { ...attempt, source: 'ACCOUNT' },
  { ...attempt, streamingNo: '11' },
  { ...attempt, attempt: '2026-11-01 08:00:01' },
];

/** The notes of rows that are tried alone (P8). */
export function crashLogRules(fixture: WorkerFixture): void {
  /** The notes as a process sees them that starts now. */
  const process = async (workerId: string): Promise<CrashLog> => {
    const store = fixture().open();
    await store.leases.register(identityOf(workerId), sharedSettings);
    return store.crashLog;
  };
  /** Notes of processes that ended, each while it tried these attempts. */
  const ended = async (workers: readonly string[], attempts: readonly Attempt[] = [attempt]) => {
    for (const worker of workers) {
      const crashLog = await process(worker);
      for (const each of attempts) await crashLog.begin(each);
    }
  };
  const notes = async (): Promise<string[]> =>
    (await fixture().rows('sync_crash')).map((row) => `${row['streaming_no']!} ${row['worker']!}`).sort();

  describe('crash notes', () => {
    it('are only made by a registered worker', async () => {
      const { crashLog } = fixture().open();
      await expect(crashLog.begin(attempt)).rejects.toBeInstanceOf(WorkerUnregisteredError);
    });

    it('say who tried which attempt, and when', async () => {
      const before = await fixture().now();
      await ended(['worker 1']);
      const [note, ...more] = await fixture().rows('sync_crash');
      expect(more).toEqual([]);
      expect(note).toMatchObject({
        source: 'CUST',
        streaming_no: '1',
        attempt: '2026-11-01 08:00:00',
        worker: 'worker 1',
      });
      expect(note!['begun_at']! >= before && note!['begun_at']! <= (await fixture().now())).toBe(true);
    });

    it('of one process about one attempt are one, however often it begins', async () => {
      const first = await process('worker 1');
      for (let time = 0; time < 3; time += 1) await first.begin(attempt);
      expect(await notes()).toEqual(['1 worker 1']);
      expect(await (await process('worker 2')).crashCounts([attempt])).toEqual(
        new Map([['IF_BNET_CUST:1', 1]]),
      );
    });
  });

  describe('crashes of an attempt', () => {
    it('are the notes that others left, two of two processes; one’s own are none', async () => {
      await ended(['worker 1', 'worker 2']);
      const third = await process('worker 3');
      await third.begin(attempt);
      expect(await third.crashCounts([attempt])).toEqual(new Map([['IF_BNET_CUST:1', 2]]));
    });

    it('are counted for just this row and just this attempt', async () => {
      await ended(['worker 1', 'worker 2'], others);
      expect(await (await process('worker 3')).crashCounts([attempt])).toEqual(new Map());
    });

    it('are told of each row asked for, and of no other; of none where none is asked for', async () => {
      await ended(['worker 1', 'worker 2']);
      await ended(['worker 3'], [...others, { ...attempt, streamingNo: '12' }]);
      const fourth = await process('worker 4');
      const unknown = { ...attempt, streamingNo: '99' };
      expect(await fourth.crashCounts([attempt, ...others.slice(0, 2), unknown])).toEqual(
        new Map([
          ['IF_BNET_CUST:1', 2],
          ['IF_BNET_ACCOUNT:1', 1],
          ['IF_BNET_CUST:11', 1],
        ]),
      );
      expect(await fourth.crashCounts([])).toEqual(new Map());
    });

    it('are told from those of a row whose number differs in its last of thirty digits', async () => {
      const [long, near] = ['123456789012345678901234567890', '123456789012345678901234567891'].map(
        (streamingNo) => ({ ...attempt, streamingNo }),
      );
      await ended(['worker 1'], [long!]);
      const second = await process('worker 2');
      const expected = new Map([[`IF_BNET_CUST:${long!.streamingNo}`, 1]]);
      expect(await second.crashCounts([long!, near!])).toEqual(expected);
      await second.forget(near!);
      expect(await second.crashCounts([long!, near!])).toEqual(expected);
      await second.forget(long!);
      expect(await notes()).toEqual([]);
    });
  });

  describe('taking a note back', () => {
    it('removes one’s own of this attempt, and nothing of others or of other attempts', async () => {
      await ended(['worker 1']);
      const second = await process('worker 2');
      for (const each of [attempt, ...others]) await second.begin(each);
      await second.clear(attempt);
      expect(await notes()).toEqual(['1 worker 1', '1 worker 2', '1 worker 2', '11 worker 2']);
      expect(await second.crashCounts([attempt])).toEqual(new Map([['IF_BNET_CUST:1', 1]]));
    });

    it('is nothing where there is none', async () => {
      await (await process('worker 1')).clear(attempt);
      expect(await notes()).toEqual([]);
    });
  });

  describe('the end of a row’s trials', () => {
    it('removes all notes about it, of all processes and attempts, and of no other row', async () => {
      await ended(['worker 1', 'worker 2'], [attempt, ...others]);
      await (await process('worker 3')).forget({ source: 'CUST', streamingNo: '1' });
      const left = await fixture().rows('sync_crash');
      expect(left.map((row) => `${row['source']!} ${row['streaming_no']!}`).sort()).toEqual([
        'ACCOUNT 1',
        'ACCOUNT 1',
        'CUST 11',
        'CUST 11',
      ]);
    });
  });

  it('notes outlive the registration of their worker, and the giving back of its leases', async () => {
    const store = fixture().open();
    await store.leases.register(identityOf('worker 1'), sharedSettings);
    await store.crashLog.begin(attempt);
    await store.leases.release();
    expect(await (await process('worker 2')).crashCounts([attempt])).toEqual(
      new Map([['IF_BNET_CUST:1', 1]]),
    );
  });
}
