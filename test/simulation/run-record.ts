import { writeFile } from 'node:fs/promises';
import { readJson, UsageError } from './arguments.js';
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
  /** Blocks whose turn has not come: kept apart, for a run that goes on plays them again. */
  readonly #early = new Map<number, readonly SeedResult[]>();
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
    const kept = file === null ? null : await readJson(file);
    if (kept === null) return new RunRecord(file, fresh);
    const state = kept as Partial<RunState>;
    if (state.from !== run.from || state.without?.join() !== run.without.join())
      throw new UsageError(
        `${String(file)} is not the record of this run: its first seed is ${String(state.from)}`,
      );
    return new RunRecord(file, { ...fresh, ...state });
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
    this.#early.set(first.seed, results);
    for (let block = this.#early.get(this.next); block !== undefined; block = this.#early.get(this.next)) {
      this.#early.delete(this.next);
      this.#state = { ...withBlock(this.#state, block), seconds: this.#secondsBefore + seconds };
    }
    this.#rate = this.#state.played / (this.#secondsBefore + seconds);
    if (performance.now() - this.#savedAt > saveEveryMs) void this.save();
  }

  async save(): Promise<void> {
    this.#savedAt = performance.now();
    if (this.#file !== null) await writeFile(this.#file, `${JSON.stringify(this.#state, null, 2)}\n`);
  }
}

function withBlock(state: RunState, results: readonly SeedResult[]): RunState {
  const broken = results.filter(({ kinds }) => kinds.length > 0).map(({ seed, kinds }) => ({ seed, kinds }));
  const counts: Record<string, number> = { ...state.counts };
  for (const result of results)
    for (const [what, count] of Object.entries(result.counts)) counts[what] = (counts[what] ?? 0) + count;
  return {
    ...state,
    next: state.next + results.length,
    played: state.played + results.length,
    events: state.events + results.reduce((sum, result) => sum + result.events, 0),
    hash: results.reduce((sum, result) => (sum ^ result.hash) >>> 0, state.hash),
    failures: [...state.failures, ...broken],
    counts,
  };
}
