import { bnetSync } from './command.js';

/** A line of a worker's log. */
type LogLine = Readonly<Record<string, unknown>> & { readonly event?: string };

/** A running `bnet-sync run`, observed through its log. */
export class WorkerProcess {
  readonly #process: ReturnType<typeof bnetSync>;
  #log = '';
  #isEnded = false;

  /** @param config - its configuration file, whose log is JSON */
  constructor(config: string) {
    this.#process = bnetSync(['run', '--config', config]);
    this.#process.all.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    this.#process.once('exit', () => (this.#isEnded = true));
  }

  /** Its name in the journal; empty until it has started. */
  get workerId(): string {
    return String(this.lines('started')[0]?.['workerId'] ?? '');
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The log lines of an event. */
  lines(event: string): LogLine[] {
    const complete = this.#log.split('\n').slice(0, -1);
    const lines = complete.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
    return lines.filter((line) => line.event === event);
  }

  /** Whether it holds shards, by its last log line about them. */
  get holdsShards(): boolean {
    return Number(this.lines('leases').at(-1)?.['held'] ?? 0) > 0;
  }

  /** Ends it gracefully; returns when it has ended. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.#process;
  }
}
