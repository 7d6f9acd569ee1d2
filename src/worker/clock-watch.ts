import type { Workshop } from './workshop.js';

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

  constructor(private readonly shop: Pick<Workshop, 'middle' | 'outages' | 'emit' | 'time'>) {}

  async look(): Promise<void> {
    const { middle, outages, emit, time } = this.shop;
    if (time.now() < this.#nextAt) return;
    this.#nextAt = time.now() + everyMs;
    const ahead = await outages.watch('middle', () => middle.createdAhead());
    if (ahead.rows > 0 && ahead.seconds > toleratedSeconds) emit('createdAhead', ahead);
  }
}
