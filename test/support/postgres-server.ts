import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { createDatabaseOn, type PostgresAccess, type TestDatabase } from './postgres-database.js';
import {
  environment,
  install,
  type Installation,
  type InstallOptions,
  superuserOf,
} from './postgres-installation.js';
import { processesIn } from './postgres-processes.js';

/** A server's settings by their names in postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string>>;

/**
 * No test survives a power failure, so nothing waits for the disk. What was committed still survives `kill()`:
 * for that, synchronous_commit stays on. The time zone is one that neither we nor our machines are in, so that
 * a time which depends on the session's zone shows.
 */
const SETTINGS: PostgresSettings = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  max_wal_size: '256MB',
  dynamic_shared_memory_type: 'mmap',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  log_min_messages: 'log',
  log_checkpoints: 'off',
  timezone: 'Asia/Kathmandu',
};

type ServerProcess = ChildProcessByStdio<null, null, Readable>;

/**
 * A PostgreSQL server of its own for one test, with real processes and a real data folder. The port and the
 * data stay the same across `stop()`, `kill()` and `start()`. Ends with `remove()`; when the process that
 * made it dies before, the server and its folder go with it.
 */
export class PostgresServer {
  readonly #settings: PostgresSettings;
  readonly #options: InstallOptions;
  #installation: Installation | undefined;
  #process: ServerProcess | undefined;

  constructor(settings: PostgresSettings = {}, options: InstallOptions = {}) {
    this.#settings = { ...SETTINGS, ...settings };
    this.#options = options;
  }

  /** How to log in as the superuser. The server must have been started once. */
  get access(): PostgresAccess {
    return superuserOf(this.#installed);
  }

  /** Where the server keeps its data; every one of its processes has this as its working folder. */
  get dataFolder(): string {
    return this.#installed.home.dataFolder;
  }

  /** Starts the server, making its data folder the first time; returns when it accepts connections. */
  async start(): Promise<void> {
    if (this.#process !== undefined) throw new Error('The server is running already.');
    this.#installation ??= await install(this.#options);
    this.#process = await startProcess(this.#installation, this.#settings);
  }

  /** Ends all sessions, writes everything to the data folder and stops ("fast" shutdown). */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /**
   * Crashes the server: nothing is brought to an end, and the next start recovers from the log. All its processes die
   * at once, as on a machine that fails: a session that outlived the first process could still commit.
   */
  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    // While it is stopped it starts no process that the list would not have.
    this.#process.kill('SIGSTOP');
    for (const pid of await processesIn(this.dataFolder)) killIfThere(pid);
    await this.#end('SIGKILL');
  }

  /** Stops the server and deletes its data; returns when both are gone. */
  async remove(): Promise<void> {
    await this.stop();
    await this.#installation?.home.remove();
    this.#installation = undefined;
  }

  /** Creates an empty, uniquely named database on this server. */
  async createDatabase(name?: string): Promise<TestDatabase> {
    return createDatabaseOn(this.access, name);
  }

  get #installed(): Installation {
    if (this.#installation === undefined) throw new Error('The server was never started, or is removed.');
    return this.#installation;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    // "close" rather than "exit": the sessions' processes share the error stream, so it closes with the last.
    const closed = once(server, 'close');
    server.kill(signal);
    await closed;
  }
}

async function startProcess(
  { home, programs, user, port }: Installation,
  settings: PostgresSettings,
): Promise<ServerProcess> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // Detached: an interrupt from the terminal is for the tests, which then stop the server.
  const server = spawn(programs.postgres, ['-D', home.dataFolder, '-p', String(port), ...flags], {
    cwd: home.folder,
    env: environment,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...user,
  });
  await new Promise<void>((resolve, reject) => {
    let log = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4096);
      if (/ready to accept (read-only )?connections/.test(log)) resolve();
    });
    server.once('error', reject);
    server.once('close', () => reject(new Error(`PostgreSQL stopped while starting:\n${log}`)));
  });
  return server;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
