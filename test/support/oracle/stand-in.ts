import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';
import type { PostgresAccess } from '../postgres.js';
import { catalogSql } from './catalog.js';
import { Client } from './client.js';
import { Counters, Faults } from './faults.js';
import { type Verifier, verifierOf } from './login.js';
import { functionsSql } from './oracle-functions.js';
import { interfaceTablesWith, tableSql } from './oracle-tables.js';
import {
  dropRolesSql,
  grantsSql,
  type Roles,
  rolesSql,
  type UserRoles,
  type WorkerGrants,
} from './privileges.js';
import { OpenTransaction } from './open-transaction.js';
import { TableRules } from './table-rules.js';
import { rulesSql } from './table-rules-sql.js';
import type { SessionSettings, SessionUser } from './sessions.js';

const HOST = '127.0.0.1';
const SERVICE = 'MIDDLE';

/** A user and its password. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface StandInOptions {
  /** An empty database, and a user of it who may create roles. */
  readonly postgres: PostgresAccess;
  readonly grants?: WorkerGrants;
  /** Whether the worker's user finds the tables without their schema. Default true. */
  readonly synonyms?: boolean;
  /** Whether to create the interface tables. Default true. */
  readonly tables?: boolean;
  /** Other types of their columns, by the columns' names in upper case. */
  readonly columnTypes?: Readonly<Record<string, string>>;
  /** Zone of the server's operating system, in which SYSDATE is. Default Asia/Shanghai. */
  readonly timeZone?: string;
}

/**
 * A server that node-oracledb in Thin mode takes for Oracle 19c, backed by a PostgreSQL database: what it does and
 * does not prove is in docs/oracle-stand-in.md. `stop()` it before its database is dropped.
 */
export class OracleStandIn {
  /** The worker's user: reads, and updates the processing state. */
  readonly user = 'BNET_SYNC';
  readonly password = 'Worker-1';
  /** Who owns the tables, and may do everything with them. Its name is the tables' schema. */
  readonly owner: Credentials = { user: 'ISMP', password: 'Owner-1' };
  readonly faults = new Faults();
  readonly counters = new Counters();
  /** Triggers and constraints of the tables, which tests add and take away. */
  readonly rules: TableRules;
  readonly #options: StandInOptions;
  readonly #roles: Roles;
  readonly #admin: pg.Pool;
  readonly #clients = new Set<Client>();
  readonly #mute = new Set<Socket>();
  readonly #openTransactions = new Set<OpenTransaction>();
  readonly #verifiers: ReadonlyMap<string, Verifier>;
  #server: Server | undefined;
  #port = 0;
  #lastClient = 0;

  constructor(options: StandInOptions) {
    this.#options = options;
    const suffix = randomBytes(6).toString('hex');
    this.#roles = {
      schema: this.schema.toLowerCase(),
      owner: `oracle_owner_${suffix}`,
      worker: `oracle_worker_${suffix}`,
      locker: `oracle_locker_${suffix}`,
    };
    this.#admin = new pg.Pool({ ...options.postgres, max: 2, application_name: 'Oracle stand-in' });
    this.#admin.on('error', () => {});
    this.rules = new TableRules(this.#admin, this.schema);
    this.#verifiers = new Map([
      [this.user, verifierOf(this.password)],
      [this.owner.user, verifierOf(this.owner.password)],
    ]);
  }

  get connectString(): string {
    return `${HOST}:${this.#port}/${SERVICE}`;
  }

  /** Schema of the interface tables. */
  get schema(): string {
    return this.owner.user;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#clients.size;
  }

  /** How many sessions wait for a lock at this moment, of clients that have gone as well. */
  async sessionsWaiting(): Promise<number> {
    const { rows } = await this.#admin.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rows[0]?.count ?? 0;
  }

  /** Prepares the database and listens. */
  async start(): Promise<void> {
    const {
      tables = true,
      columnTypes = {},
      grants = 'specification',
      timeZone = 'Asia/Shanghai',
    } = this.#options;
    const parts = [functionsSql(timeZone), catalogSql(this.schema), rulesSql, rolesSql(this.#roles)];
    if (tables) {
      parts.push(
        ...interfaceTablesWith(columnTypes).map((table) => tableSql(this.schema, table)),
        grantsSql(this.#roles, grants),
      );
    }
    await this.#admin.query(parts.join('\n'));
    await this.startListening();
  }

  /** Ends all clients, and takes from the server what is not of this database alone. */
  async stop(): Promise<void> {
    await this.stopListening();
    for (const socket of this.#mute) socket.destroy();
    await this.releaseAll();
    await Promise.all([...this.#clients].map((client) => client.destroy()));
    await this.#admin.query(dropRolesSql(this.#roles));
    await this.#admin.end();
  }

  /** Connections are refused (ECONNREFUSED) from now on; those that are open stay. */
  async stopListening(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    // Its callback waits for the open connections, and nothing here does.
    server.close();
  }

  /** Listens, on the same port as before. */
  async startListening(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#meet(socket));
    server.listen(this.#port, HOST);
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Cuts every connection that is open. */
  cutConnections(how: 'reset' | 'close' | 'silence'): void {
    for (const client of this.#clients) client.cut(how);
  }

  /**
   * Executes statements of somebody else's, whose locks stay until `commit()` or `rollback()`: an UPDATE, or SELECT …
   * FOR UPDATE. `stop()` rolls back.
   *
   * @param as - whose session it is; default the tables' owner
   */
  async hold(statements: string | readonly string[], as = this.owner.user): Promise<OpenTransaction> {
    const settings = { ...this.#settingsOf(as), timeZone: undefined };
    const transaction = await OpenTransaction.begin(settings, (ended) =>
      this.#openTransactions.delete(ended),
    );
    this.#openTransactions.add(transaction);
    try {
      for (const sql of [statements].flat()) await transaction.execute(sql);
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
    return transaction;
  }

  /** Rolls back every transaction of `hold` that is still open. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.#openTransactions].map((transaction) => transaction.rollback()));
  }

  #meet(socket: Socket): void {
    this.counters.connectionAttempts++;
    switch (this.faults.listener) {
      case 'reset':
        socket.resetAndDestroy();
        return;
      case 'silence':
        this.#mute.add(socket);
        socket.on('error', () => {}).on('close', () => this.#mute.delete(socket));
        socket.resume();
        return;
      case 'accept':
      case 'refuse':
        this.#clients.add(this.#newClient(socket));
    }
  }

  #newClient(socket: Socket): Client {
    return new Client(socket, ++this.#lastClient, {
      service: SERVICE,
      verifiers: this.#verifiers,
      faults: this.faults,
      counters: this.counters,
      settingsOf: (user) => this.#settingsOf(user),
      gone: (client) => this.#clients.delete(client),
    });
  }

  #settingsOf(user: string): Omit<SessionSettings, 'timeZone'> {
    return {
      ...this.#sessionUser(user),
      access: this.#options.postgres,
      admin: this.#admin,
      rolesOf: (name) => this.#rolesOf(name),
    };
  }

  #rolesOf(user: string): UserRoles | undefined {
    const { owner, worker, locker } = this.#roles;
    if (user === this.owner.user) return { role: owner, locker: undefined };
    return user === this.user ? { role: worker, locker } : undefined;
  }

  #sessionUser(user: string): SessionUser {
    const roles = this.#rolesOf(user);
    if (roles === undefined) throw new Error(`There is no user ${user}.`);
    const { schema } = this.#roles;
    const findsTables = user === this.owner.user || (this.#options.synonyms ?? true);
    return { user, ...roles, schema: findsTables ? schema : undefined };
  }
}
