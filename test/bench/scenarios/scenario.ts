import type { Progress } from '../../../src/cli/progress.js';
import type { BenchServer } from '../bench-server.js';
import type { ReportTable } from '../report/tables.js';

/** How the benchmark was asked to run. */
export interface BenchOptions {
  /** Absent: each scenario's own number. */
  readonly rows: number | undefined;
  readonly rounds: number;
  /** A form of about a minute that shows only whether everything works. */
  readonly quick: boolean;
  /** Settings of the worker that are not the default. */
  readonly worker: object;
  /** The only contestants that take part; absent: all. */
  readonly contestants: readonly string[] | undefined;
}

/** What a scenario is played with. */
export interface Bench extends BenchOptions {
  readonly server: BenchServer;
  readonly showProgress: (what: string, total: number) => Progress;
}

/** When a measurement is made without being asked for by name: in the quick form too, in the full one, or never. */
export type When = 'quick' | 'full' | 'asked';

/** One kind of measurement. */
export interface Scenario {
  readonly name: string;
  /** What `--help` says. */
  readonly about: string;
  readonly when: When;
  /** Measures; what it returns goes to the JSON file as it is. */
  run(bench: Bench): Promise<unknown>;
  /** The report on what `run` returned, or on what was read from a JSON file. */
  tables(data: unknown): readonly ReportTable[];
}

/** A scenario whose report is about its own data. */
export function scenario<Data>(definition: {
  readonly name: string;
  readonly about: string;
  readonly when: When;
  run(bench: Bench): Promise<Data>;
  tables(data: Data): readonly ReportTable[];
}): Scenario {
  return { ...definition, tables: (data) => definition.tables(data as Data) };
}
