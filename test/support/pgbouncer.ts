import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { describe } from 'vitest';
import { type PostgresAccess, queryOn } from './postgres-database.js';
import { environment, freePort } from './postgres-installation.js';
import { giveTo, serverUser } from './postgres-programs.js';
import { until } from './until.js';

/** Where Debian's package pgbouncer puts its program. */
const PROGRAM = process.env['TEST_PGBOUNCER'] ?? '/usr/sbin/pgbouncer';

/** Runs the program until standard input closes: when its owner asks for the end, or dies of any cause. */
const UNTIL_CLOSED = '"$0" "$1" <&- & pid=$!; cat >/dev/null; kill -KILL "$pid"; wait "$pid"';

/** A suite that needs a PgBouncer. Without the program it is skipped, and its name says why. */
export function describeWithPgBouncer(name: string, suite: () => void): void {
  const missing = !isExecutable(PROGRAM);
  const why = missing ? ` (no ${PROGRAM}: install pgbouncer)` : '';
  describe.skipIf(missing)(`PgBouncer: ${name}${why}`, suite);
}

/** Settings of pgbouncer.ini by their names. */
export type PgBouncerSettings = Readonly<Record<string, string>>;

/** What a pooler of a test is started with. */
interface PgBouncerOptions {
  readonly mode: 'session' | 'transaction';
  /** Roles that log in besides the superuser, with their passwords. */
  readonly roles?: readonly PostgresAccess[];
  readonly settings?: PgBouncerSettings;
}

/** The startup parameters with which bnet-sync limits statements and transactions, for `ignore_startup_parameters`. */
export const LIMITS = 'statement_timeout, idle_in_transaction_session_timeout';

/**
 * A PgBouncer of its own for one test, in front of a server and all of its databases. Ends with `remove()`, or with the
 * process that made it.
 */
export class PgBouncer {
  readonly #server: PostgresAccess;
  readonly #options: PgBouncerOptions;
  #folder = '';
  #port = 0;
  #process: ChildProcessByStdio<Writable, null, Readable> | undefined;
  #log = '';

  constructor(server: PostgresAccess, options: PgBouncerOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** Starts it; returns when it takes connections. */
  async start(): Promise<void> {
    if (this.#folder === '') {
      this.#folder = await mkdtemp(
        join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'bnet-sync-pgbouncer-'),
      );
      this.#port = await freePort();
      await this.#write();
    }
    const user = await serverUser();
    await giveTo(user, this.#folder);
    this.#process = spawn('sh', ['-c', UNTIL_CLOSED, PROGRAM, join(this.#folder, 'pgbouncer.ini')], {
      cwd: this.#folder,
      env: environment,
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
      ...user,
    });
    this.#process.stderr.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    await until(`PgBouncer takes connections: ${this.#log}`, async () =>
      this.#admin('SHOW VERSION').then(
        () => true,
        () => false,
      ),
    );
  }

  /** A database behind it. */
  accessTo({ database, user, password }: PostgresAccess): PostgresAccess {
    return { host: '127.0.0.1', port: this.#port, database, user, password };
  }

  /** What it has written so far. */
  get log(): string {
    return this.#log;
  }

  /** Runs a command of its console, such as RECONNECT. */
  async run(command: string): Promise<Record<string, unknown>[]> {
    return this.#admin(command);
  }

  /** Stops it at once, with all connections through it. */
  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const closed = once(running, 'close');
    running.stdin.end();
    await closed;
  }

  async remove(): Promise<void> {
    await this.stop();
    if (this.#folder !== '') await rm(this.#folder, { recursive: true, force: true });
  }

  async #admin(command: string): Promise<Record<string, unknown>[]> {
    return queryOn(this.accessTo({ ...this.#server, database: 'pgbouncer' }), command);
  }

  async #write(): Promise<void> {
    const { mode, roles = [], settings = {} } = this.#options;
    const { host, port, user } = this.#server;
    const all: PgBouncerSettings = {
      listen_addr: '127.0.0.1',
      listen_port: String(this.#port),
      unix_socket_dir: '',
      auth_type: 'scram-sha-256',
      auth_file: join(this.#folder, 'users.txt'),
      admin_users: user,
      pool_mode: mode,
      server_login_retry: '1',
      ...settings,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
    const ini = `[databases]\n* = host=${host} port=${port}\n[pgbouncer]\n${lines.join('\n')}\n`;
    await writeFile(join(this.#folder, 'pgbouncer.ini'), ini);
    const users = [this.#server, ...roles].map((each) => `"${each.user}" "${each.password}"\n`);
    await writeFile(join(this.#folder, 'users.txt'), users.join(''));
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
