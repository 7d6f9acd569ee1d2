import { setTimeout as sleep } from 'node:timers/promises';
import { statesOf, type KnexPair } from './databases.js';
import { lossFixture } from './loss-fixture.js';
import { until } from './workers.js';

/** Two workers that run while their store loses something. */
export class LossyWorkers {
  readonly #fixture: ReturnType<typeof lossFixture>;
  readonly #pair: KnexPair;
  readonly #workers: readonly ReturnType<ReturnType<typeof lossFixture>['start']>[];
  #copy: Awaited<ReturnType<ReturnType<typeof lossFixture>['copy']>> | null = null;

  constructor(pair: KnexPair) {
    this.#pair = pair;
    this.#fixture = lossFixture(pair);
    this.#workers = [this.#fixture.start(), this.#fixture.start()];
  }

  rest(milliseconds: number): Promise<void> {
    return sleep(milliseconds);
  }

  /** Marks have no finer time than a second. */
  nextSecond(): Promise<void> {
    return sleep(1100 - (Date.now() % 1000));
  }

  async copy(): Promise<void> {
    this.#copy = await this.#fixture.copy();
  }

  async putBack(): Promise<void> {
    await this.#copy?.putBack();
  }

  /** Waits until all rows are finished, or an alarm keeps workers from that: then false. */
  async hasSettled(): Promise<boolean> {
    let isAlarmed = false;
    await until(async () => {
      isAlarmed = (await this.#fixture.statusNow()).alarms.length > 0;
      const states = await statesOf(this.#pair.middle);
      return isAlarmed || (states[0] ?? 0) + (states[1] ?? 0) === 0;
    }, 60_000);
    return !isAlarmed;
  }

  /** Rows that workers decided while an alarm was open. */
  async decidedUnderAlarm(): Promise<readonly unknown[]> {
    const { rows } = await this.#fixture.runInStore(
      `SELECT j.source, j.streaming_no, j.worker, j.decided_at, g.raised_at FROM sync_journal AS j, sync_guard AS g
       WHERE j.worker NOT LIKE 'repair:%' AND j.decided_at > g.raised_at AND (g.closed_at IS NULL OR j.decided_at < g.closed_at)`,
    );
    return rows;
  }

  async stop(): Promise<void> {
    for (const { worker, running } of this.#workers) {
      worker.stop();
      await running;
    }
  }
}
