import type { Random } from '../../src/demo/platform/random.js';
import type { MiddleDatabase } from '../../src/middle/port.js';
import type { ProductStore } from '../../src/store/port.js';
import type { Clock } from '../../src/worker/clock.js';
import type { Handlers } from '../../src/worker/handlers.js';
import type { WorkerSettings } from '../../src/worker/settings.js';
import { Worker } from '../../src/worker/worker.js';
import type { EventLoop, EventOwner } from './event-loop.js';

/** What a process runs in. */
export interface ProcessParts {
  readonly name: string;
  readonly pid: number;
  readonly loop: EventLoop;
  readonly random: Random;
  readonly settings: WorkerSettings;
  middle(process: WorkerProcess): MiddleDatabase;
  store(process: WorkerProcess): ProductStore;
  handlers(process: WorkerProcess): Handlers;
}

/** A process with one worker: it can be frozen, and killed at any moment. */
export class WorkerProcess implements EventOwner {
  readonly name: string;
  /** From 1, in the order of their starts. */
  readonly number: number;
  readonly worker: Worker;
  /** How fast its clock runs. */
  readonly clockRate: number;
  isDead = false;
  frozenUntil = 0;
  /** It was asked to stop. */
  isStopping = false;

  constructor(parts: ProcessParts) {
    const { name, pid, settings } = parts;
    this.name = name;
    this.number = pid;
    let ids = 0;
    const newId = (): string => {
      ids += 1;
      return `${name}-${ids}`;
    };
    const { clock, rate } = processClock(parts, this);
    this.clockRate = rate;
    this.worker = new Worker({
      middle: parts.middle(this),
      store: parts.store(this),
      settings,
      handlers: parts.handlers(this),
      clock,
      identity: { host: `host-${pid}`, pid, newId },
    });
  }

  /** SIGTERM. */
  stop(): void {
    this.isStopping = true;
    this.worker.stop();
  }
}

/** The clock of a machine: it began at some time, and may run fast or slow. */
function processClock(
  { loop, random }: ProcessParts,
  owner: EventOwner,
): { readonly clock: Clock; readonly rate: number } {
  const bornAt = loop.now;
  const aheadMs = random.chance(0.3) ? random.between(0, 1_000_000) : 0;
  const rate = random.chance(0.2) ? random.pick([0.5, 0.8, 1.2, 3]) : 1;
  const clock: Clock = {
    now: () => aheadMs + (loop.now - bornAt) * rate,
    random: () => random.next(),
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const end = (): void => {
          cancel();
          signal.removeEventListener('abort', end);
          resolve();
        };
        const cancel = loop.schedule(milliseconds / rate, end, owner);
        signal.addEventListener('abort', end);
      }),
  };
  return { clock, rate };
}
