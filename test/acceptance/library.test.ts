import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type * as Library from '../../src/index.js';
import { openPair, plant, standing, type Pair } from '../support/databases.js';
import { open } from '../support/sample-rows.js';

describe('acceptance: the built library on SQLite', () => {
  let pair: Pair;
  let library: typeof Library;
  beforeEach(async () => {
    pair = await openPair('SQLite', 64);
    library = (await import(new URL('../../dist/index.js', import.meta.url).href)) as typeof Library;
  });
  afterEach(async () => {
    await pair.close();
  });
  const configuration = (worker: object = {}) =>
    library.parseConfig(
      { ...pair.connections, worker: { settleMs: 0, pollIntervalMs: 20, ...worker } },
      process.cwd(),
    );

  it('works with handlers given as functions, tells its events, and ends when it is stopped', async () => {
    await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
    await plant(pair.middle, 'CUST', { ...open, CustID: '2', StreamingNo: '2' });
    const worker = await library.createWorker(configuration(), {
      handlers: {
        onCustomer: ({ after }) =>
          after.custId === '2' ? { refuse: { code: '00004', detail: '测试' } } : undefined,
      },
    });
    const failed: string[] = [];
    const marked = new Promise<void>((resolve) => {
      worker.on('marked', () => {
        resolve();
      });
    });
    worker.on('rowFailed', ({ errContent }) => failed.push(errContent));
    const ended = worker.start();
    await marked;
    await worker.stop();
    await ended;
    expect(failed).toEqual(['00004 业务未授权: 测试']);
    expect((await standing(pair.middle)).get('CUST:1')?.state).toBe(2);
  });

  it('goes on where listeners throw or reject, and touches nothing of the process it is in', async () => {
    for (const custId of ['1', '2'])
      await plant(pair.middle, 'CUST', { ...open, CustID: custId, StreamingNo: custId });
    const onProcess = () => process.eventNames().map((name) => [name, process.listenerCount(name)]);
    const before = onProcess();
    const during: unknown[] = [];
    const handlers = { onCustomer: () => void during.push(onProcess()) };
    const worker = await library.createWorker(configuration(), { handlers, once: true });
    const failed: string[] = [];
    worker.on('listenerFailed', ({ event, error }) => failed.push(`${event}: ${error}`));
    for (const name of ['claimed', 'applied', 'marked'] as const) {
      worker.on(name, () => {
        throw new Error('thrown');
      });
      worker.on(name, () => Promise.reject(new Error('rejected')));
    }
    await worker.start();
    expect([...(await standing(pair.middle)).values()].map(({ state }) => state)).toEqual([2, 2]);
    expect(failed.sort()).toEqual(
      ['applied', 'claimed', 'marked'].flatMap((name) => [`${name}: rejected`, `${name}: thrown`]),
    );
    expect(during).toEqual([before, before]);
    expect(onProcess()).toEqual(before);
  });

  it('refuses a configuration with every fault at once', () => {
    const wrong = { ...pair.connections, worker: { batchSize: 0, nonsense: 1 } };
    expect(() => library.parseConfig(wrong, process.cwd())).toThrow(library.ConfigError);
    try {
      library.parseConfig(wrong, process.cwd());
    } catch (error) {
      expect((error as InstanceType<typeof library.ConfigError>).issues.map(({ path }) => path)).toEqual(
        expect.arrayContaining(['worker.batchSize', 'worker.nonsense']),
      );
    }
  });
});
