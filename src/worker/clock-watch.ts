import type { WorkerContext } from './context.js';

/** How often the look is repeated. */
const everyMs = 10 * 60_000;
/** Clocks differ by less than that. */
const toleratedSeconds = 60;

/**
 * Looks for pending rows whose CreateDate is ahead of the middle database's clock: they are left alone until it has
 * passed, in silence, unless someone says so. One short statement in ten minutes, of a worker that has nothing to do.
 */
export class ClockWatch {
  #nextAt = -Infinity;

  constructor(private readonly context: Pick<WorkerContext, 'clock' | 'middle' | 'emit' | 'health'>) {}

  async look(): Promise<void> {
    const { middle, health, emit, clock } = this.context;
    if (clock.now() < this.#nextAt) return;
    this.#nextAt = clock.now() + everyMs;
    const ahead = await health.track('middle', () => middle.createdAhead());
    if (ahead.rows > 0 && ahead.seconds > toleratedSeconds) emit('createdAhead', ahead);
  }
}
