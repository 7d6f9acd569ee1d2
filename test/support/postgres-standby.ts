import { accessSync, constants } from 'node:fs';
import { describe } from 'vitest';
import { FaultProxy } from './fault-proxy.js';
import { createDatabaseOn, type PostgresAccess, queryOn, type TestDatabase } from './postgres-database.js';
import { PostgresServer, type PostgresSettings } from './postgres-server.js';
import { until } from './until.js';

/** Where Debian's package postgresql-15 puts its programs. Those that npm installs have no pg_basebackup. */
const PROGRAMS = process.env['TEST_PG_PROGRAMS'] ?? '/usr/lib/postgresql/15/bin';

/** A lag lasts as long as the test wants: neither side gives the other up. */
const SETTINGS: PostgresSettings = { wal_sender_timeout: '0', wal_receiver_timeout: '0' };

/** A suite that needs a standby. Without the programs it is skipped, and its name says why. */
export function describeWithStandby(name: string, suite: () => void): void {
  const missing = !isExecutable(`${PROGRAMS}/pg_basebackup`);
  const why = missing ? ` (no pg_basebackup in ${PROGRAMS}: install postgresql-15)` : '';
  describe.skipIf(missing)(`standby: ${name}${why}`, suite);
}

/**
 * A PostgreSQL primary and its streaming standby, at one address: clients reach whichever is in charge through a
 * forwarder, as behind a load balancer or a virtual IP. Replication goes through a network of its own, which `lag`
 * interrupts. Ends with `remove()`; when the process that made them dies before, both servers go with it.
 */
export class ReplicatedPostgres {
  readonly primary: PostgresServer;
  #standby: PostgresServer | undefined;
  #clients: FaultProxy | undefined;
  #replication: FaultProxy | undefined;

  /** @param synchronous - a commit is confirmed when the standby has it too */
  constructor({ synchronous = false }: { readonly synchronous?: boolean } = {}) {
    const settings = { ...SETTINGS, ...(synchronous && { synchronous_standby_names: '*' }) };
    this.primary = new PostgresServer(settings, { programs: PROGRAMS });
  }

  /** How the superuser reaches the server in charge; stays the same when another one takes charge. */
  get access(): PostgresAccess {
    return { ...this.primary.access, port: started(this.#clients).port };
  }

  get standby(): PostgresServer {
    return started(this.#standby);
  }

  /** Starts both; returns when the standby follows the primary. */
  async start(): Promise<void> {
    await this.primary.start();
    const { access } = this.primary;
    this.#clients = await FaultProxy.inFrontOf(access);
    this.#replication = await FaultProxy.inFrontOf(access);
    const primary = { ...access, port: this.#replication.port };
    this.#standby = new PostgresServer(SETTINGS, { programs: PROGRAMS, primary });
    await this.#standby.start();
    await until('the standby follows the primary', async () => {
      const rows = await queryOn(access, `SELECT FROM pg_stat_replication WHERE state = 'streaming'`);
      return rows.length === 1;
    });
  }

  /** Creates an empty, uniquely named database; `connection` stays right when the standby takes charge. */
  async createDatabase(name?: string): Promise<TestDatabase> {
    return createDatabaseOn(this.access, name);
  }

  /** Waits until the standby shows everything that has been committed up to now. */
  async caughtUp(): Promise<void> {
    const [now] = await queryOn<{ lsn: string }>(
      this.primary.access,
      'SELECT pg_current_wal_flush_lsn()::text AS lsn',
    );
    await until('the standby has caught up', async () => {
      const isThere = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS there';
      const [row] = await queryOn<{ there: boolean }>(this.standby.access, isThere, [now?.lsn]);
      return row?.there === true;
    });
  }

  /**
   * What is committed once this has returned never reaches the standby; everything committed before the call does. The
   * bytes are lost on their way: pausing replay would not do, for a promotion replays all that was received.
   */
  async lag(): Promise<void> {
    await this.caughtUp();
    started(this.#replication).swallow();
  }

  /** Kills all processes of the primary at once. Its data stays: `primary.start()` shows what it had committed. */
  async killPrimary(): Promise<void> {
    await this.primary.kill();
  }

  /** Lets the standby take charge; returns when it accepts writes at the address of the primary. */
  async promote(): Promise<void> {
    const [row] = await queryOn<{ done: boolean }>(this.standby.access, 'SELECT pg_promote() AS done');
    if (row?.done !== true) throw new Error('The standby was not promoted in time.');
    started(this.#clients).redirect(this.standby.access);
  }

  /** Lets the clients' address lead to one of the two, whatever it is; connections to the other one break. */
  leadTo(server: PostgresServer): void {
    started(this.#clients).redirect(server.access);
    started(this.#clients).cut();
  }

  /** Stops both and deletes their data. */
  async remove(): Promise<void> {
    // A primary that waits for a synchronous standby does not stop while the standby lags.
    await this.primary.kill();
    await Promise.all([this.primary.remove(), this.#standby?.remove()]);
    await Promise.all([this.#clients?.close(), this.#replication?.close()]);
  }
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('The servers were never started.');
  return part;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
