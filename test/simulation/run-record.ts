import { readFile, writeFile } from 'node:fs/promises';
import { UsageError } from './arguments.js';
import type { SeedResult } from './seeds.js';

/** What is known of a run. */
export interface RunState {
  readonly from: number;
  readonly without: readonly string[];
  /** Every seed below was played. */
  readonly next: number;
  readonly played: number;
  readonly events: number;
  /** The hashes of all histories in one, whatever their order. */
  readonly hash: number;
  readonly seconds: number;
  readonly failures: readonly { readonly seed: number; readonly kinds: readonly string[] }[];
  readonly counts: Readonly<Record<string, number>>;
}

const saveEveryMs = 5000;

/** Adds up what a run found; kept in a file, it can go on later. Blocks may come in any order. */
export class RunRecord {
  #state: RunState;
  readonly #file: string | null;
  readonly #early = new Map<number, number>();
  readonly #secondsBefore: number;
  #savedAt = performance.now();
  #rate = 0;

  private constructor(file: string | null, state: RunState) {
    this.#file = file;
    this.#state = state;
    this.#secondsBefore = state.seconds;
  }

  /** Opens the record of a run that is to begin, or to go on; UsageError where the file is that of another run. */
  static async open(file: string | null, run: Pick<RunState, 'from' | 'without'>): Promise<RunRecord> {
    const fresh = {
      ...run,
      next: run.from,
      played: 0,
      events: 0,
      hash: 0,
      seconds: 0,
      failures: [],
      counts: {},
    };
    const text = file === null ? null : await readFile(file, 'utf8').catch(() => null);
    if (text === null) return new RunRecord(file, fresh);
    const state = JSON.parse(text) as RunState;
    if (state.from !== run.from || state.without.join() !== run.without.join())
      throw new UsageError(`${String(file)} is the record of another run: it begins at seed ${state.from}`);
    return new RunRecord(file, state);
  }

  get state(): RunState {
    return this.#state;
  }

  /** The next seed to play. */
  get next(): number {
    return this.#state.next;
  }

  /** Seeds a second since the run began or went on. */
  get rate(): number {
    return this.#rate;
  }

  /** Adds a block; `seconds` is how long this process has been at it. */
  add(results: readonly SeedResult[], seconds: number): void {
    const [first] = results;
    if (first === undefined) return;
    this.#early.set(first.seed, results.length);
    let { next } = this.#state;
    for (let length = this.#early.get(next); length !== undefined; length = this.#early.get(next)) {
      this.#early.delete(next);
      next += length;
    }
    const broken = results
      .filter(({ kinds }) => kinds.length > 0)
      .map(({ seed, kinds }) => ({ seed, kinds }));
    const counts: Record<string, number> = { ...this.#state.counts };
    for (const result of results)
      for (const [what, count] of Object.entries(result.counts)) counts[what] = (counts[what] ?? 0) + count;
    const { played, events, failures } = this.#state;
    this.#state = {
      ...this.#state,
      next,
      played: played + results.length,
      hash: results.reduce((sum, result) => (sum ^ result.hash) >>> 0, this.#state.hash),
      events: events + results.reduce((sum, result) => sum + result.events, 0),
      seconds: this.#secondsBefore + seconds,
      failures: [...failures, ...broken].sort((a, b) => a.seed - b.seed),
      counts,
    };
    this.#rate = this.#state.played / this.#state.seconds;
    if (performance.now() - this.#savedAt > saveEveryMs) void this.save();
  }

  async save(): Promise<void> {
    this.#savedAt = performance.now();
    if (this.#file !== null) await writeFile(this.#file, `${JSON.stringify(this.#state, null, 2)}\n`);
  }
}
