import { execa } from 'execa';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CoreModel, RunResult, Violation } from './run.js';

const compiler = process.env['CXX'] ?? 'g++';

/** Whether the core can be compiled here. */
export const hasCompiler = spawnSync(compiler, ['--version']).status === 0;

const source = new URL('core/main.cpp', import.meta.url).pathname;

/** Compiles the core for each size once, into a temporary folder, and runs it. */
export class CoreProgram {
  readonly #folder: string;
  readonly #compiled = new Map<string, Promise<string>>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<CoreProgram> {
    return new CoreProgram(await mkdtemp(join(tmpdir(), 'bnet-sync-model-')));
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** `onStates` gets the number of states visited so far, at every depth. */
  async run(
    model: CoreModel,
    { expectsViolation, onStates }: { expectsViolation: boolean; onStates?: (states: number) => void },
  ): Promise<RunResult> {
    const program = await this.#compile(model);
    const options = { ...model.options, schedules: 1, stopAtFirst: expectsViolation ? 1 : 0 };
    const running = execa(
      program,
      Object.entries(options).map(([name, value]) => `${name}=${value}`),
      { reject: false, lines: true, buffer: { stderr: false } },
    );
    let error = '';
    for await (const line of running.iterable({ from: 'stderr' })) {
      const states = /^progress states=(\d+)/.exec(line)?.[1];
      if (states === undefined) error = line;
      else onStates?.(Number(states));
    }
    const { exitCode, signal, stdout } = await running;
    if (exitCode !== 0 && exitCode !== 1)
      throw new Error(`the model ended with ${signal ?? String(exitCode)}: ${error}`);
    return parseResult(stdout);
  }

  #compile({ rows, shards }: CoreModel): Promise<string> {
    const name = `core-${rows}-${shards}`;
    const compiled = this.#compiled.get(name) ?? this.#compileAs(join(this.#folder, name), rows, shards);
    this.#compiled.set(name, compiled);
    return compiled;
  }

  async #compileAs(program: string, rows: number, shards: number): Promise<string> {
    await compile(source, program, { ROWS: rows, SHARDS: shards });
    return program;
  }
}

/** Compiles a source of the core with these macros. */
export async function compile(
  from: string,
  program: string,
  macros: Readonly<Record<string, number>>,
): Promise<void> {
  const sizes = Object.entries(macros).map(([name, value]) => `-D${name}=${value}`);
  await execa(compiler, ['-O2', '-std=c++17', ...sizes, from, '-o', program]);
}

/** Reads what core/checker.hpp prints. */
export function parseResult(lines: readonly string[]): RunResult {
  const [, states, depth, complete] =
    /^result states=(\d+) transitions=\d+ depth=(\d+) complete=([01])/.exec(lines[0] ?? '') ?? [];
  if (states === undefined) throw new Error(`the model printed no result: ${lines.join('\n')}`);
  const violations: (Violation & { schedule: string[] })[] = [];
  for (const line of lines.slice(1)) {
    const text = /^violation depth=\d+ count=\d+ (.*)$/.exec(line)?.[1];
    if (text !== undefined) violations.push({ text, schedule: [] });
    else violations.at(-1)?.schedule.push(line.replace(/^ *\d+\. /, '').trim());
  }
  return { states: Number(states), depth: Number(depth), complete: complete === '1', violations };
}
