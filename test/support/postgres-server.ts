import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createDatabaseOn, type PostgresAccess, type TestDatabase } from './postgres-database.js';
import { createHome, type DataPlace, type ServerHome } from './postgres-home.js';
import {
  giveTo,
  type PostgresPrograms,
  providePrograms,
  run,
  type ServerUser,
  serverUser,
} from './postgres-programs.js';

/** A server's settings by their names in postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string>>;

const HOST = '127.0.0.1';
const SUPERUSER = 'postgres';
const PASSWORD = 'postgres';

/** The process sees nothing of our own environment: no locale, no PG* variable. */
const ENVIRONMENT = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };

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
  listen_addresses: HOST,
  unix_socket_directories: '',
  log_min_messages: 'log',
  log_checkpoints: 'off',
  timezone: 'Asia/Kathmandu',
};

interface Installation {
  readonly home: ServerHome;
  readonly programs: PostgresPrograms;
  readonly user: ServerUser;
  readonly port: number;
}

type ServerProcess = ChildProcessByStdio<null, null, Readable>;

/**
 * A PostgreSQL server of its own for one test, with real processes and a real data folder. The port and the
 * data stay the same across `stop()`, `kill()` and `start()`. Ends with `remove()`; when the process that
 * made it dies before, the server and its folder go with it.
 */
export class PostgresServer {
  readonly #settings: PostgresSettings;
  readonly #place: DataPlace;
  #installation: Installation | undefined;
  #process: ServerProcess | undefined;

  constructor(settings: PostgresSettings = {}, place: DataPlace = 'fastest') {
    this.#settings = { ...SETTINGS, ...settings };
    this.#place = place;
  }

  /** How to log in as the superuser. The server must have been started once. */
  get access(): PostgresAccess {
    return {
      host: HOST,
      port: this.#installed.port,
      user: SUPERUSER,
      password: PASSWORD,
      database: 'postgres',
    };
  }

  /** Where the server keeps its data; every one of its processes has this as its working folder. */
  get dataFolder(): string {
    return this.#installed.home.dataFolder;
  }

  /** Starts the server, making its data folder the first time; returns when it accepts connections. */
  async start(): Promise<void> {
    if (this.#process !== undefined) throw new Error('The server is running already.');
    this.#installation ??= await install(this.#place);
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

  /** Crashes the server: nothing is brought to an end, and the next start recovers from the log. */
  async kill(): Promise<void> {
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

async function install(place: DataPlace): Promise<Installation> {
  const user = await serverUser();
  const home = await createHome(user, place);
  try {
    const programs = await providePrograms(home.folder, user);
    const passwordFile = join(home.folder, 'password');
    await writeFile(passwordFile, PASSWORD);
    await giveTo(user, passwordFile);
    const options = [
      `--pgdata=${home.dataFolder}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ];
    await run(programs.initdb, options, { cwd: home.folder, env: ENVIRONMENT, ...user });
    return { home, programs, user, port: await freePort() };
  } catch (error) {
    await home.remove();
    throw error;
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
    env: ENVIRONMENT,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...user,
  });
  await new Promise<void>((resolve, reject) => {
    let log = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4096);
      if (log.includes('ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('close', () => reject(new Error(`PostgreSQL stopped while starting:\n${log}`)));
  });
  return server;
}

/**
 * A port nobody listens on, below the range that operating systems give to outgoing connections, so that it
 * is still free when a stopped server starts again.
 */
async function freePort(): Promise<number> {
  const port = randomInt(20_000, 32_000);
  const probe = createServer();
  try {
    await once(probe.listen(port, HOST), 'listening');
    return port;
  } catch {
    return await freePort();
  } finally {
    probe.close();
  }
}
