import { describe, expect, it } from 'vitest';
import type { WorkerEvents } from '../../src/worker/events.js';
import { watchForBusyLoop } from './busy-loop.js';

type Listener = (event: never) => void;

/** A worker whose events the test emits, and what is said of it. */
function watched() {
  const listeners = new Map<string, Listener>();
  const said: string[] = [];
  const time = { now: 0 };
  const worker = { on: (name: string, listener: Listener) => listeners.set(name, listener) };
  watchForBusyLoop(worker as unknown as Parameters<typeof watchForBusyLoop>[0], {
    now: () => time.now,
    onBusy: (what) => said.push(what),
  });
  const polled = (rows: number, delayMs: number): void => {
    listeners.get('polled')?.({ rows, delayMs, durationMs: 5, waiting: 0 } as never);
    time.now += 5 + delayMs;
  };
  const applied = (event: Pick<WorkerEvents['applied'], 'applied' | 'failed'>): void => {
    listeners.get('applied')?.({ ...event, alreadyJournalled: 1, durationMs: 1 } as never);
  };
  return { polled, applied, said };
}

const times = (count: number, work: () => void): void => {
  for (let time = 0; time < count; time += 1) work();
};

describe('a worker is said to be in a busy loop', () => {
  it('where it finds nothing, again and again, without a pause', () => {
    const { polled, said } = watched();
    times(9, () => polled(0, 0));
    polled(0, 100);
    times(9, () => polled(0, 0));
    expect(said).toEqual([]);
    polled(0, 0);
    expect(said).toEqual(['polls again and again without a pause']);
  });

  it('where it finds rows, more often than it would with its usual pauses, and none is decided or marked', () => {
    const { polled, applied, said } = watched();
    times(60, () => polled(1, 50));
    applied({ applied: 1, failed: 0 });
    times(60, () => polled(1, 50));
    // An answer from the journal gets nobody anywhere.
    applied({ applied: 0, failed: 0 });
    expect(said).toEqual([]);
    polled(1, 50);
    expect(said).toEqual(['polls again and again and gets nowhere']);
  });

  it('and not where the rows come a few times a second', () => {
    const { polled, said } = watched();
    times(500, () => polled(1, 200));
    expect(said).toEqual([]);
  });
});
