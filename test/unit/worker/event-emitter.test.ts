import { once } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { WorkerEventEmitter } from '../../../src/worker/event-emitter.js';
import type { WorkerEvents } from '../../../src/worker/events.js';

const lost = { rows: 3 };
const failure = new Error('of the listener');

/** What a listener of an embedding program may do to whoever calls it. */
const faults: readonly (readonly [string, (event: unknown) => unknown])[] = [
  [
    'throws',
    () => {
      throw failure;
    },
  ],
  ['is async and rejects', () => Promise.reject(failure)],
  [
    'returns a promise of another library that rejects',
    () => ({
      then: (_: unknown, reject: (error: Error) => void) => {
        reject(failure);
      },
    }),
  ],
];

describe('the teller of events', () => {
  let teller: WorkerEventEmitter;
  let failures: WorkerEvents['listenerFailed'][];
  beforeEach(() => {
    teller = new WorkerEventEmitter();
    failures = [];
  });
  const listen = (name: keyof WorkerEvents, listener: (event: unknown) => unknown): void => {
    teller.on(name, listener);
  };
  const hearFailures = (): void => {
    teller.on('listenerFailed', (event) => failures.push(event));
  };
  /** Rejections are heard a few turns of the microtask queue later. */
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it.each(faults)(
    'goes on where a listener %s: the next one hears, and it is told once',
    async (_, fault) => {
      const heard: unknown[] = [];
      listen('leaseLost', fault);
      listen('leaseLost', (event) => heard.push(event));
      hearFailures();
      for (let time = 1; time <= 3; time += 1) {
        expect(() => {
          teller.emitEvent('leaseLost', lost);
        }).not.toThrow();
        await settle();
      }
      expect(heard).toEqual([lost, lost, lost]);
      expect(failures).toEqual([{ event: 'leaseLost', error: 'of the listener' }]);
    },
  );

  it('tells of each listener that fails, whatever it throws', async () => {
    for (const thrown of [undefined, Object.create(null) as unknown, Symbol('s')]) {
      listen('leaseLost', () => {
        throw thrown;
      });
    }
    hearFailures();
    teller.emitEvent('leaseLost', lost);
    await settle();
    expect(failures.map(({ error }) => error)).toEqual([
      'it threw undefined',
      'it threw [Object: null prototype] {}',
      'it threw Symbol(s)',
    ]);
  });

  it('calls a listener that was added with once no second time, and knows it again when it fails', () => {
    let calls = 0;
    const listener = (): void => {
      calls += 1;
      throw failure;
    };
    hearFailures();
    teller.once('leaseLost', listener);
    teller.emitEvent('leaseLost', lost);
    teller.emitEvent('leaseLost', lost);
    teller.once('leaseLost', listener);
    teller.emitEvent('leaseLost', lost);
    expect([calls, failures.length]).toEqual([2, 1]);
  });

  it.each<[string, () => void]>([
    ['nobody listens for failures', () => undefined],
    [
      'the listener for failures fails too',
      () => {
        teller.on('listenerFailed', () => {
          throw new Error('again');
        });
      },
    ],
  ])('warns through the process where %s', async (_, prepare) => {
    prepare();
    listen('leaseLost', faults[0]![1]);
    const warned = once(process, 'warning') as Promise<[Error]>;
    teller.emitEvent('leaseLost', lost);
    const [warning] = await warned;
    expect(warning.name).toBe('BnetSyncWarning');
    expect(warning.message).toMatch(/^a listener of the event "(leaseLost|listenerFailed)" failed: /);
  });
});
