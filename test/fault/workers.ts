import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandFile } from '../support/command.js';
import type { PostgresAccess } from '../support/postgres-database.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { scaled } from '../support/time-factor.js';

/** The built command, or another build of it. */
const command = process.env['FAULT_COMMAND'] ?? commandFile;

/** Settings under which things happen soon. */
export const faultWorker = {
  batchSize: 100,
  concurrency: 2,
  pollIntervalMs: 50,
  idlePollMaxMs: 200,
  settleMs: 1500,
  dependencyGraceMs: 3000,
  leaseTtlMs: scaled(3000),
  shards: 16,
  maxAttempts: 3,
  breakerThreshold: 5,
  drainTimeoutMs: scaled(3000),
  callTimeoutMs: scaled(1500),
};

/** What all workers of a run have in common. */
export interface WorkerProcessSettings {
  readonly folder: string;
  readonly middle: PostgresAccess;
  readonly store: PostgresAccess;
  readonly worker?: Partial<typeof faultWorker>;
  readonly rules?: object;
  readonly logLevel?: 'info' | 'debug';
  /** Whether a network that can fail stands between the workers and the databases. */
  readonly proxies: boolean;
}

/** A line of a worker's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly event?: string; readonly time?: string };

/** A worker with its own network to both databases. A process that ends is followed by another one. */
export class SupervisedWorker {
  readonly name: string;
  readonly proxies: { readonly middle: FaultProxy | null; readonly store: FaultProxy | null };
  /** Exit codes that nobody asked for. */
  readonly unexpected: string[] = [];
  /** When processes ended, whoever ended them. */
  readonly ends: number[] = [];
  restarts = 0;
  #started = 0;
  readonly #settings: WorkerProcessSettings;
  readonly #config: string;
  readonly #log: string;
  #process: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #wanted = false;
  #asked = false;
  #env: Readonly<Record<string, string>> = {};
  /** How far the clock of each process is ahead, by pid. */
  readonly #clocks = new Map<number, number>();

  private constructor(name: string, settings: WorkerProcessSettings, proxies: SupervisedWorker['proxies']) {
    this.name = name;
    this.#settings = settings;
    this.proxies = proxies;
    this.#config = join(settings.folder, `${name}.json`);
    this.#log = join(settings.folder, `${name}.log`);
    writeFileSync(this.#config, JSON.stringify(this.#configuration()));
    writeFileSync(this.#log, '');
  }

  static async make(name: string, settings: WorkerProcessSettings): Promise<SupervisedWorker> {
    const proxies = settings.proxies
      ? {
          middle: await FaultProxy.inFrontOf(settings.middle),
          store: await FaultProxy.inFrontOf(settings.store),
        }
      : { middle: null, store: null };
    return new SupervisedWorker(name, settings, proxies);
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts a process, and another one whenever it ends, until `leave`. */
  start(env: Readonly<Record<string, string>> = {}): void {
    this.#wanted = true;
    this.#env = env;
    if (this.#process === undefined) this.#spawn();
  }

  /** Sends a signal to the process; SIGKILL and SIGTERM end it, and another one follows unless the worker left. */
  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL' || signal === 'SIGTERM') this.#asked = true;
    this.#process?.kill(signal);
  }

  /** Ends the process for good: gracefully, and by force after a while. */
  async leave(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#wanted = false;
    this.signal(signal);
    const force = setTimeout(() => {
      this.unexpected.push(
        `${this.name} (${this.pid ?? 0}) did not end within 15 s of ${signal}; ${this.#vitals()}`,
      );
      // Node writes a report that tells where it hangs.
      this.#process?.kill('SIGUSR2');
      setTimeout(() => this.#process?.kill('SIGKILL'), 3000);
    }, scaled(15_000));
    await this.#exited;
    clearTimeout(force);
  }

  /** Resolves when the present process has ended. */
  async ended(): Promise<void> {
    await this.#exited;
  }

  log(): LogLine[] {
    const lines = readFileSync(this.#log, 'utf8').split('\n');
    return lines.filter((line) => line.startsWith('{')).flatMap(parsed);
  }

  /** When this event was told, by the true clock, with its fields. */
  logged(event: string): { readonly at: number; readonly fields: LogLine }[] {
    const lines = this.log().filter((line) => line.event === event);
    return lines.map((fields) => {
      const at = new Date(fields.time ?? 0).getTime() - (this.#clocks.get(Number(fields['pid'])) ?? 0);
      return { at, fields };
    });
  }

  /** Everything the processes printed. */
  text(): string {
    return readFileSync(this.#log, 'utf8');
  }

  async close(): Promise<void> {
    await this.proxies.middle?.close();
    await this.proxies.store?.close();
  }

  #spawn(): void {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(BNET_SYNC_|PG|NODE_OPTIONS)/.test(name),
    );
    const output = openSync(this.#log, 'a');
    this.#started += 1;
    const env: Readonly<Record<string, string | undefined>> = {
      ...Object.fromEntries(inherited),
      FAULT_POISON_FILE: poisonFile(this.#settings.folder),
      // The recorders ask whose session it is.
      PGOPTIONS: `-c fault.process=${this.name}${this.#started}`,
      ...this.#env,
    };
    const reporting = ['--report-on-signal', `--report-directory=${this.#settings.folder}`];
    const child = spawn(process.execPath, [...reporting, command, 'run', '--config', this.#config], {
      env,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.#asked = false;
    this.#process = child;
    this.#clocks.set(child.pid ?? 0, Number(env['FAULT_CLOCK_SHIFT_MS'] ?? 0));
    this.#exited = once(child, 'exit').then(([code, signal]: unknown[]) => {
      this.#process = undefined;
      this.ends.push(Date.now());
      const poisoned = code === 86;
      if (!this.#asked && !poisoned)
        this.unexpected.push(`${this.name} ended with ${String(code ?? signal)}`);
      if (!this.#wanted) return;
      this.restarts += 1;
      setTimeout(() => {
        if (this.#wanted && this.#process === undefined) this.#spawn();
      }, 300);
    });
  }

  /** What the system says of the process: its state, and the processor time it has used. */
  #vitals(): string {
    try {
      const fields = readFileSync(`/proc/${this.pid ?? 0}/stat`, 'utf8').split(' ');
      return `state ${fields[2] ?? ''}, ${fields[13] ?? ''} ticks used`;
    } catch {
      return 'nothing is known of it';
    }
  }

  #configuration(): object {
    const { middle, store, worker, rules, logLevel } = this.#settings;
    const through = (access: PostgresAccess, proxy: FaultProxy | null) => ({
      client: 'pg',
      connection: { ...access, ...(proxy === null ? {} : { host: '127.0.0.1', port: proxy.port }) },
    });
    return {
      middle: through(middle, this.proxies.middle),
      store: {
        ...through(store, this.proxies.store),
        handlers: new URL('./fault-handlers.js', import.meta.url).pathname,
      },
      worker: { ...faultWorker, ...worker },
      rules: rules ?? {},
      log: { level: logLevel ?? 'info', pretty: false },
    };
  }
}

/** A line of the log; none where its process was killed in the middle of it. */
function parsed(line: string): LogLine[] {
  try {
    return [JSON.parse(line) as LogLine];
  } catch {
    return [];
  }
}

/** Where handlers note the calls for poison rows. */
export function poisonFile(folder: string): string {
  return join(folder, 'poison.txt');
}

/** Loads the module that puts the clock of a process wrong. */
export function wrongClock(shiftMs: number, rate: number): Record<string, string> {
  const module = new URL('./shifted-clock.js', import.meta.url).href;
  return {
    NODE_OPTIONS: `--import=${module}`,
    FAULT_CLOCK_SHIFT_MS: String(shiftMs),
    FAULT_CLOCK_RATE: String(rate),
  };
}
