import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compile } from './core-program.js';

/** What the model says of a trace. */
export interface TraceResult {
  readonly name: string;
  /** States that the model was followed through. */
  readonly states: number;
  /** There were too many states to say whether it is accepted. */
  readonly isUndecided: boolean;
  /** Null: it is accepted, or undecided. */
  readonly rejected: Rejection | null;
}

/** The event that the model does not explain. */
export interface Rejection {
  /** From 1. */
  readonly number: number;
  readonly event: string;
  /** Promises that its explanations break, and states before it, a line each. */
  readonly details: readonly string[];
}

/** What the model is compiled for. */
export interface TraceModel {
  /** The folder with traces.cpp. */
  readonly core: string;
  readonly rows: number;
  readonly workers: number;
}

interface Waiting {
  readonly resolve: (result: TraceResult) => void;
  readonly reject: (error: Error) => void;
}

/** Judges traces in the words of core/traces.cpp, one after the other in a process of its own. */
export class TraceProgram {
  readonly #folder: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting: Waiting[] = [];
  #lines: string[] = [];

  private constructor(folder: string, program: string) {
    this.#folder = folder;
    this.#process = spawn(program);
    createInterface(this.#process.stdout).on('line', (line) => {
      this.#read(line);
    });
    let error = '';
    this.#process.stderr.on('data', (data) => (error += String(data)));
    this.#process.on('close', (code, signal) => {
      const ended = new Error(`the model of traces ended with ${signal ?? String(code)}: ${error}`);
      for (const { reject } of this.#waiting.splice(0)) reject(ended);
    });
  }

  /** Compiles the model and starts it. */
  static async open({ core, rows, workers }: TraceModel): Promise<TraceProgram> {
    const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-traces-'));
    const program = join(folder, 'traces');
    await compile(join(core, 'traces.cpp'), program, { ROWS: rows, WORKERS: workers });
    return new TraceProgram(folder, program);
  }

  async close(): Promise<void> {
    this.#process.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Judges a trace, from its line `trace …` to `end`. */
  judge(trace: readonly string[]): Promise<TraceResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#process.stdin.write(`${trace.join('\n')}\n`);
    });
  }

  #read(line: string): void {
    if (line !== 'end') {
      this.#lines.push(line);
      return;
    }
    const lines = this.#lines;
    this.#lines = [];
    this.#waiting.shift()?.resolve(parseResult(lines));
  }
}

function parseResult([first = '', ...details]: readonly string[]): TraceResult {
  const [what, name = '', count = '', ...event] = first.split(' ');
  if (what === 'accepted' || what === 'undecided')
    return { name, states: Number(count), isUndecided: what === 'undecided', rejected: null };
  if (what !== 'rejected') throw new Error(`the model of traces said: ${first}`);
  const rejected = {
    number: Number(count),
    event: event.join(' '),
    details: details.map((text) => text.trim()),
  };
  return { name, states: 0, isUndecided: false, rejected };
}
