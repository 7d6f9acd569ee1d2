import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Database } from '../../src/database/database.js';
import { initMiddle } from '../../src/middle/knex/init.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import type { PostgresAccess } from '../support/postgres-database.js';
import { PostgresServer } from '../support/postgres-server.js';
import { poisonFile, type SupervisedWorker } from './workers.js';
import type { Observations } from './observations.js';
import { Connection } from './connection.js';
import { installRecorder, readObservations } from './recorder.js';
import { scaled } from '../support/time-factor.js';

/** The servers remember when each transaction was committed. */
const serverSettings = { track_commit_timestamp: 'on' };

/** Two servers of their own with empty databases, recorded. */
export class FaultEnvironment {
  readonly servers = {
    middle: new PostgresServer(serverSettings),
    store: new PostgresServer(serverSettings),
  };
  #access: { readonly middle: PostgresAccess; readonly store: PostgresAccess } | undefined;
  readonly #connections: Connection[] = [];

  async open(shards: number): Promise<void> {
    await Promise.all([this.servers.middle.start(), this.servers.store.start()]);
    const [middle, store] = await Promise.all([
      this.servers.middle.createDatabase('middle'),
      this.servers.store.createDatabase('store'),
    ]);
    this.#access = { middle: middle.connection, store: store.connection };
    await prepareDatabases(this.#access, shards);
    const [middleConnection, storeConnection] = [
      this.connect('middle', 'recorder'),
      this.connect('store', 'recorder'),
    ];
    await installRecorder(middleConnection, storeConnection);
  }

  get access(): { readonly middle: PostgresAccess; readonly store: PostgresAccess } {
    if (this.#access === undefined) throw new Error('the environment was not opened');
    return this.#access;
  }

  connect(role: 'middle' | 'store', name: string): Connection {
    const connection = new Connection(this.access[role], name);
    this.#connections.push(connection);
    return connection;
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
    await Promise.all([this.servers.middle.remove(), this.servers.store.remove()]);
  }
}

/** Creates the tables of both. */
export async function prepareDatabases(
  access: { readonly middle: PostgresAccess; readonly store: PostgresAccess },
  shards: number,
): Promise<void> {
  const open = (connection: PostgresAccess) =>
    new Database({
      client: 'pg',
      connection: { ...connection },
      applicationName: 'preparation',
      maxConnections: 2,
      callTimeoutMs: scaled(30_000),
      serverTimeoutMs: scaled(30_000),
    });
  const [middle, store] = [open(access.middle), open(access.store)];
  await initMiddle(middle);
  await new KnexStoreAdmin(store).migrate(shards);
  await Promise.all([middle.close(), store.close()]);
}

/** Waits until no row is in State 0 or 1 but those of some customers; returns how long that took. */
export async function drainOthers(
  environment: FaultEnvironment,
  troubled: () => ReadonlySet<string | null>,
  seconds: number,
): Promise<number> {
  const connection = environment.connect('middle', 'reader');
  const startedAt = Date.now();
  for (;;) {
    const open = await connection.retry((query) =>
      query(
        `SELECT CustID::text AS "custId" FROM IF_BNET_CUST WHERE State < 2
         UNION SELECT CustID::text FROM IF_BNET_ACCOUNT WHERE State < 2`,
      ),
    );
    const customers = troubled();
    const others = open.filter(({ custId }) => !customers.has(custId as string | null));
    if (others.length === 0 || Date.now() - startedAt > scaled(seconds * 1000)) return Date.now() - startedAt;
    await pause(100);
  }
}

/** Waits until no row is in State 0 or 1, or workers end again and again; returns how long that took. */
export async function drain(
  environment: FaultEnvironment,
  workers: readonly SupervisedWorker[],
  seconds: number,
): Promise<number> {
  const connection = environment.connect('middle', 'reader');
  const startedAt = Date.now();
  for (;;) {
    const [row] = await connection.retry((query) =>
      query(
        `SELECT (SELECT count(*) FROM IF_BNET_CUST WHERE State < 2) + (SELECT count(*) FROM IF_BNET_ACCOUNT WHERE State < 2) AS open`,
      ),
    );
    const isHopeless = workers.some(({ unexpected }) => unexpected.length > 5);
    if (Number(row?.['open']) === 0 || isHopeless || Date.now() - startedAt > scaled(seconds * 1000))
      return Date.now() - startedAt;
    await pause(100);
  }
}

/** Reads both databases; `folder` is where handlers noted the calls for poison rows. */
export async function collect(
  environment: FaultEnvironment,
  {
    folder,
    ...known
  }: { folder: string } & Pick<Observations, 'rows' | 'settings'> &
    Partial<Pick<Observations, 'troubles' | 'disturbances'>>,
): Promise<Observations> {
  const seen = await readObservations(
    environment.connect('middle', 'reader'),
    environment.connect('store', 'reader'),
  );
  return { troubles: [], disturbances: [], ...known, ...seen, poisonCalls: poisonCalls(folder) };
}

function poisonCalls(folder: string): Map<string, number> {
  const calls = new Map<string, number>();
  const text = existsSync(poisonFile(folder)) ? readFileSync(poisonFile(folder), 'utf8') : '';
  for (const name of text.split('\n').filter((line) => line !== ''))
    calls.set(name, (calls.get(name) ?? 0) + 1);
  return calls;
}
