import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMiddleDatabase, openStoreDatabase } from '../../src/app/open-databases.js';
import { parseConfig } from '../../src/config/parse.js';
import { Database } from '../../src/database/database.js';
import { DatabaseError } from '../../src/database/errors.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { openOptions } from '../support/middle-databases.js';
import { createDatabaseOn, type PostgresAccess, queryOn } from '../support/postgres-database.js';
import { describeWithStandby, ReplicatedPostgres } from '../support/postgres-standby.js';
import { openSilentServer, portOf } from '../support/silent-server.js';
import { scaled } from '../support/time-factor.js';
import { until } from '../support/until.js';

const host = '127.0.0.1';
/** Nobody listens there: the range is not given to anybody. */
const closedPort = 1;

describeWithStandby('several hosts of one database', () => {
  let servers: ReplicatedPostgres;
  let access: PostgresAccess;
  let primary: number;
  let standby: number;
  let silent: Server;
  const opened: Database[] = [];
  beforeAll(async () => {
    servers = new ReplicatedPostgres();
    await servers.start();
    ({ connection: access } = await createDatabaseOn(servers.primary.access, 'hosts'));
    await queryOn(access, 'CREATE TABLE t (name text)');
    await servers.caughtUp();
    primary = servers.primary.access.port;
    standby = servers.standby.access.port;
  });
  beforeEach(async () => {
    silent = await openSilentServer();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    silent.close();
  });
  afterAll(() => servers.remove());

  const { user, password } = { user: 'postgres', password: 'postgres' };
  const listOf = (ports: readonly number[]) => ports.map((port) => ({ host, port }));
  const urlOf = (ports: readonly number[], more = '') =>
    `postgres://${user}:${password}@${ports.map((port) => `${host}:${port}`).join(',')}/${access.database}${more}`;
  function open(connection: unknown, callTimeoutMs = scaled(5000)): Database {
    const config = parseConfig(
      {
        middle: { client: 'better-sqlite3', connection: 'unused.db' },
        store: { client: 'pg', connection },
        worker: { callTimeoutMs, leaseTtlMs: 60_000 },
      },
      '/tmp',
    );
    const database = openStoreDatabase(config, { applicationName: 'bnet-sync hosts', maxConnections: 2 });
    opened.push(database);
    return database;
  }
  const portUsed = async (database: Database) => {
    const { rows } = await database.execute({ sql: 'SELECT inet_server_port() AS port', bindings: [] });
    return Number(rows[0]?.['port']);
  };
  const insert = (database: Database) =>
    database.execute({ sql: 'INSERT INTO t VALUES (?)', bindings: ['x'] });
  const failureOf = async (call: Promise<unknown>): Promise<DatabaseError> => {
    const error = await call.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error instanceof DatabaseError) return error;
    throw new Error(`expected a DatabaseError, not ${String(error)}`);
  };
  const setReadOnly = async (on: boolean) => {
    const change = on ? 'SET default_transaction_read_only = on' : 'RESET default_transaction_read_only';
    await queryOn(servers.primary.access, `ALTER SYSTEM ${change}`);
    await queryOn(servers.primary.access, 'SELECT pg_reload_conf()');
    await until('the primary has read its configuration', async () => {
      const [row] = await queryOn<{ now: string }>(
        access,
        `SELECT current_setting('default_transaction_read_only') AS now`,
      );
      return row?.now === (on ? 'on' : 'off');
    });
  };

  it('a standby is left out, whatever the form and the order', async () => {
    const list = { user, password, database: access.database };
    for (const connection of [
      urlOf([standby, primary]),
      urlOf([standby, primary], '?target_session_attrs=read-write'),
      { ...list, hosts: listOf([standby, primary]) },
      { ...list, hosts: [{ host, port: standby }, { host }], port: primary },
      { connectionString: urlOf([primary, standby]), ssl: false },
    ]) {
      const database = open(connection);
      expect(await portUsed(database)).toBe(primary);
      await insert(database);
    }
  });

  it('the middle database has hosts as well', async () => {
    const connection = { user, password, database: access.database, hosts: listOf([standby, primary]) };
    const store = { client: 'better-sqlite3', connection: 'unused.db' };
    const config = parseConfig({ middle: { client: 'pg', connection }, store }, '/tmp');
    const database = openMiddleDatabase(config, { applicationName: 'bnet-sync hosts' });
    opened.push(database);
    expect(await portUsed(database)).toBe(primary);
  });

  it('a host that accepts connections and says nothing leaves time for the next, once', async () => {
    let connections = 0;
    silent.on('connection', () => (connections += 1));
    const database = open(urlOf([portOf(silent), primary]), scaled(2000));
    expect(await portUsed(database)).toBe(primary);
    expect(connections).toBe(1);
    // Two at a time, so that another connection is made.
    await Promise.all([database.execute({ sql: 'SELECT pg_sleep(0.2)', bindings: [] }), portUsed(database)]);
    expect(database.pool().idle).toBe(2);
    expect(connections).toBe(1);
  });

  it('so does one that falls silent after the login, and one that answers with nonsense', async () => {
    const deaf = await FaultProxy.inFrontOf(servers.primary.access);
    const nonsense = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await once(nonsense.listen(0, host), 'listening');
    try {
      deaf.loseAnswerTo('pg_is_in_recovery', 'deaf');
      const database = open(urlOf([deaf.port, portOf(nonsense), primary]), scaled(3000));
      expect(await portUsed(database)).toBe(primary);
      expect(deaf.sprung).toBe(true);
      const [first, second] = await open(urlOf([portOf(nonsense), closedPort])).hosts();
      expect([first?.state, second?.state]).toEqual(['unreachable', 'unreachable']);
      expect(first?.words).toMatch(/^failed: /);
    } finally {
      nonsense.close();
      await deaf.close();
    }
  });

  it('where none accepts writes, one line says why of each', async () => {
    const database = open(urlOf([standby, closedPort, portOf(silent)]), scaled(1500));
    const { kind, message } = await failureOf(database.ping());
    expect(kind).toBe('unreachable');
    expect(message).toMatch(
      new RegExp(
        `^no host accepts writes: ${host}:${standby} is a standby, ${host}:1 refused the connection, ` +
          `${host}:${portOf(silent)} did not answer within \\d+ ms$`,
      ),
    );
    const one = open(urlOf([standby], '?target_session_attrs=read-write'));
    expect((await failureOf(one.ping())).message).toBe(
      `no host accepts writes: ${host}:${standby} is a standby`,
    );
    const unknown = open(`postgres://u:p@no-such-host.invalid,${host}:${closedPort}/d`);
    expect((await failureOf(unknown.ping())).message).toMatch(
      /^no host accepts writes: no-such-host\.invalid (is no known host|is a name that cannot be resolved at present), /,
    );
  });

  it('refused credentials end it: the next host is not tried, and nothing of the password is told', async () => {
    const next = await FaultProxy.inFrontOf(servers.primary.access);
    try {
      const database = open(`postgres://postgres:wrong@${host}:${primary},${host}:${next.port}/postgres`);
      const { kind, message } = await failureOf(database.ping());
      expect({ kind, message }).toEqual({
        kind: 'credentials',
        message: `${host}:${primary}: password authentication failed for user "postgres"`,
      });
      expect(next.accepted).toBe(0);
    } finally {
      await next.close();
    }
  });

  it('so does a connection pooler that refuses a parameter: the next one would as well', async () => {
    const fields = 'SFATAL\0C08P01\0Munsupported startup parameter: statement_timeout\0\0';
    const length = Buffer.alloc(4);
    length.writeInt32BE(fields.length + 4);
    const refusing = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(Buffer.concat([Buffer.from('E'), length, Buffer.from(fields)])));
    });
    await once(refusing.listen(0, host), 'listening');
    try {
      const { message } = await failureOf(open(urlOf([portOf(refusing), primary])).ping());
      expect(message).toMatch(/^the connection pooler refuses the startup parameter "statement_timeout"/);
    } finally {
      refusing.close();
    }
  });

  it('tells of each host what it is', async () => {
    const database = open(urlOf([standby, primary, closedPort]));
    await database.ping();
    expect(await database.hosts()).toEqual([
      { name: `${host}:${standby}`, state: 'standby', words: 'is a standby', inUse: false },
      { name: `${host}:${primary}`, state: 'writable', words: 'accepts writes', inUse: true },
      { name: `${host}:1`, state: 'unreachable', words: 'refused the connection', inUse: false },
    ]);
    expect(await open({ ...access }).hosts()).toEqual([]);
  });

  describe('a server that takes no changes any more', () => {
    afterEach(() => setReadOnly(false));

    it('is an outage, and all of its pooled connections are thrown away', async () => {
      const database = new Database({ ...openOptions, client: 'pg', connection: { ...access } });
      opened.push(database);
      const pid = async () => {
        const { rows } = await database.execute({ sql: 'SELECT pg_backend_pid() AS pid', bindings: [] });
        return Number(rows[0]?.['pid']);
      };
      // Two connections: the one that finds out is not the one that is used next.
      const [, before] = await Promise.all([
        database.execute({ sql: 'SELECT pg_sleep(0.2)', bindings: [] }),
        pid(),
      ]);
      await setReadOnly(true);
      const { kind, code } = await failureOf(
        database.transaction(async (transaction) => {
          await transaction.execute({ sql: `INSERT INTO t VALUES ('x')`, bindings: [] });
        }),
      );
      expect({ kind, code }).toEqual({ kind: 'unavailable', code: '25006' });
      const after = await Promise.all([pid(), pid()]);
      expect(after).not.toContain(before);
    });

    it('is left, and named, until it accepts writes again', async () => {
      const database = open(urlOf([primary, standby]));
      await insert(database);
      await setReadOnly(true);
      expect((await failureOf(insert(database))).code).toBe('25006');
      const { kind, message } = await failureOf(insert(database));
      expect(kind).toBe('unreachable');
      expect(message).toContain(`${host}:${standby} is a standby`);
      expect(message).toContain(`${host}:${primary} is read-only (default_transaction_read_only)`);
      await setReadOnly(false);
      await insert(database);
    });
  });

  // The last two: the first of them ends the primary.
  it('after a fail-over the next connection leads to the new primary', async () => {
    const database = open(urlOf([primary, standby]));
    await insert(database);
    await servers.killPrimary();
    const words = `no host accepts writes: ${host}:${primary} refused the connection, ${host}:${standby} is a standby`;
    // The first call may still be made over a connection that is about to break.
    await until('no host accepts writes', async () => (await failureOf(insert(database))).message === words);
    await servers.promote();
    await insert(database);
    expect(await portUsed(database)).toBe(standby);
  });

  it('a host that falls silent costs one call its deadline; the next goes to another host at once', async () => {
    // Which of the two is the right one does not matter here.
    await servers.primary.start();
    const proxy = await FaultProxy.inFrontOf(servers.standby.access);
    try {
      const callTimeoutMs = scaled(3000);
      const database = open(urlOf([proxy.port, primary]), callTimeoutMs);
      expect(await portUsed(database)).toBe(standby);
      proxy.swallow();
      expect((await failureOf(portUsed(database))).kind).toBe('timeout');
      const before = performance.now();
      expect(await portUsed(database)).toBe(primary);
      // Its share of the deadline would be half of it.
      expect(performance.now() - before).toBeLessThan(callTimeoutMs / 2);
    } finally {
      await proxy.close();
    }
  });
});
