import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bnetSync } from '../../support/command.js';
import type { Arena, Claims, Contestant, Effort } from './contestant.js';

/** Default settings but for the log, whose debug lines tell what each claim came to: a few lines per page. */
const log = { level: 'debug', pretty: false };

/** The built command as users run it, with two databases and default settings, but for those in `worker`. */
export function bnetSyncContestant(worker: object): Contestant {
  const changed = Object.keys(worker).length === 0 ? '' : ` ${JSON.stringify(worker)}`;
  return {
    name: 'bnet-sync',
    title: `bnet-sync, two databases, all promises on${changed}`,
    databases: 'two',
    run: ({ middle, store, onProgress }: Arena) =>
      drain({
        middle: { client: 'pg', connection: { ...middle } },
        store: { client: 'pg', connection: { ...store } },
        worker,
        onProgress,
      }),
  };
}

/** The databases of a run, as the configuration names them, and settings that are not the default. */
export interface DrainOptions {
  readonly middle: object;
  readonly store: object;
  readonly worker?: object;
  readonly onProgress?: (rows: number) => void;
}

/** Runs `bnet-sync run --once` as a process of its own until nothing is pending. */
export async function drain(options: DrainOptions): Promise<Effort & { readonly endedAt: number }> {
  const started = await startProcess(options, ['--once']);
  const { exitCode } = await started.child;
  const processMs = Date.now() - started.spawnedAt;
  const peakRssBytes = started.peakRssBytes();
  await started.remove();
  const { diary } = started;
  if (exitCode !== 0) throw new Error(`bnet-sync ended with ${exitCode}: ${diary.complaints.join('\n')}`);
  if (diary.startedAt === 0) throw new Error('bnet-sync never said that it started');
  const { startedAt, markedAt, claims } = diary;
  return { startedAt, endedAt: markedAt, processMs, peakRssBytes, claims };
}

/** A running `bnet-sync run`. */
export interface RunningProcess {
  readonly child: ReturnType<typeof bnetSync>;
  readonly spawnedAt: number;
  readonly diary: Diary;
  peakRssBytes(): number;
  /** Deletes what was made for the process, after it ended. */
  remove(): Promise<void>;
}

/** Starts `bnet-sync run` on these databases. */
export async function startProcess(
  options: DrainOptions,
  args: readonly string[] = [],
): Promise<RunningProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-bench-'));
  const file = join(folder, 'bnet-sync.json');
  const { middle, store, worker = {} } = options;
  await writeFile(file, JSON.stringify({ middle, store, worker, log }));
  const spawnedAt = Date.now();
  const child = bnetSync(['run', '--config', file, ...args]);
  const memory = watchMemory(child.pid);
  const diary = new Diary(options.onProgress ?? (() => undefined));
  createInterface({ input: child.stdout }).on('line', (line) => diary.read(line));
  createInterface({ input: child.stderr }).on('line', (line) => diary.complaints.push(line));
  return {
    child,
    spawnedAt,
    diary,
    peakRssBytes: memory.peak,
    remove: async () => {
      memory.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A poll that was answered, and how long the worker sleeps after it. Times in ms since the epoch. */
export interface Poll {
  readonly at: number;
  readonly rows: number;
  readonly delayMs: number;
}

interface LogLine {
  /** ISO 8601. */
  readonly time: string;
  readonly level: number;
  readonly event?: string;
  readonly rows?: number;
  readonly delayMs?: number;
  readonly claimed?: number;
  readonly takenOver?: number;
  readonly succeeded?: number;
  readonly failed?: number;
}

const errorLevel = 50;

/** What a process said in its log. */
export class Diary {
  startedAt = 0;
  markedAt = 0;
  rows = 0;
  readonly complaints: string[] = [];
  readonly polls: Poll[] = [];
  readonly #onProgress: (rows: number) => void;
  readonly #claims = { claims: 0, emptyClaims: 0, rowsNotClaimed: 0 };

  constructor(onProgress: (rows: number) => void) {
    this.#onProgress = onProgress;
  }

  get claims(): Claims {
    const emptyPolls = this.polls.filter(({ rows }) => rows === 0).length;
    return { polls: this.polls.length, emptyPolls, ...this.#claims };
  }

  read(text: string): void {
    let line: LogLine;
    try {
      line = JSON.parse(text) as LogLine;
    } catch {
      this.complaints.push(text);
      return;
    }
    if (line.level >= errorLevel) this.complaints.push(text);
    this.#note(line);
  }

  #note(line: LogLine): void {
    const at = Date.parse(line.time);
    if (line.event === 'started') this.startedAt = at;
    if (line.event === 'polled') this.polls.push({ at, rows: line.rows ?? 0, delayMs: line.delayMs ?? 0 });
    if (line.event === 'claimed') this.#noteClaim(line);
    if (line.event !== 'marked') return;
    this.markedAt = at;
    this.rows += (line.succeeded ?? 0) + (line.failed ?? 0);
    this.#onProgress(this.rows);
  }

  #noteClaim({ rows = 0, claimed = 0, takenOver = 0 }: LogLine): void {
    const changed = claimed + takenOver;
    this.#claims.claims += 1;
    if (changed === 0) this.#claims.emptyClaims += 1;
    this.#claims.rowsNotClaimed += Math.max(0, rows - changed);
  }
}

const millisecondsBetweenLooks = 100;

/** Follows a process's VmHWM, which only grows, until it is gone. Zero where there is no /proc. */
function watchMemory(pid: number | undefined): { peak(): number; stop(): void } {
  let peak = 0;
  const look = async (): Promise<void> => {
    const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8').catch(() => '');
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
    if (kilobytes !== undefined) peak = Math.max(peak, Number(kilobytes) * 1024);
  };
  const timer = setInterval(() => void look(), millisecondsBetweenLooks);
  return { peak: () => peak, stop: () => clearInterval(timer) };
}
