import '../support/hostile-time-zone.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { State } from '../../src/domain/states.js';
import { initMiddle } from '../../src/middle/knex/init.js';
import type { MiddleDatabase } from '../../src/middle/port.js';
import { FaultProxy } from '../support/fault-proxy.js';
import {
  createDatabase,
  hasPostgres,
  PostgresServer,
  type PostgresAccess,
  type TestDatabase,
} from '../support/postgres.js';
import { openSession, type Session } from '../support/postgres-session.js';
import { adapterOver, pgConnection, testOptions } from './middle/knex-fixture.js';
import { kindOf } from './middle/outages.js';
import { cust, everything, longAgo, requestFor } from './middle/rows.js';
import { scaled } from '../support/time-factor.js';

/** A deadline that a healthy local server keeps. */
const callTimeoutMs = scaled(1000);

/** How long a call may take at the very most: getting a connection and one statement, and a busy machine. */
const atMostMs = 2 * callTimeoutMs + scaled(3000);

const mark = { source: 'CUST', streamingNo: '1', attempt: longAgo, custId: null, errContent: null } as const;

describe.runIf(hasPostgres)('PostgreSQL as a middle database that fails', () => {
  let database: TestDatabase;
  let session: Session;
  let opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    database = await createDatabase('middle_outages');
    const owner = new Database({ ...testOptions, ...pgConnection(database) });
    await initMiddle(owner);
    await owner.close();
    session = await openSession(database.connection);
    await session.query(`INSERT INTO if_bnet_cust (streamingno, state) VALUES (1, 0)`);
  });
  afterEach(async () => {
    await Promise.all(opened.map((part) => part.close()));
    opened = [];
    await session.query('UPDATE if_bnet_cust SET state = 0, statedate = NULL');
  });
  afterAll(async () => {
    await session.close();
    await database.drop();
  });

  function open(access: Partial<PostgresAccess> = {}): MiddleDatabase {
    const connection = { ...database.connection, ...access };
    const middle = adapterOver(
      new Database({ ...testOptions, ...pgConnection({ connection }), callTimeoutMs }),
    );
    opened.push(middle);
    return middle;
  }

  async function proxy(): Promise<FaultProxy> {
    const between = await FaultProxy.inFrontOf(database.connection);
    opened.push(between);
    return between;
  }

  it('refuses a wrong password as credentials, after one try', async () => {
    const between = await proxy();
    expect(await kindOf(open({ port: between.port, password: 'wrong' }).poll(everything()))).toBe(
      'credentials',
    );
    expect(between.accepted).toBe(1);
  });

  it('is unreachable where the database or the user’s room for connections is missing', async () => {
    expect(await kindOf(open({ database: 'nobody_made_this' }).ping())).toBe('unreachable');
    const role = `full_${database.connection.database}`;
    await session.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'secret' CONNECTION LIMIT 0`);
    expect(await kindOf(open({ user: role, password: 'secret' }).ping())).toBe('unreachable');
    await session.query(`DROP ROLE "${role}"`);
  });

  it('is unavailable where it is read-only, and the row stays as it is', async () => {
    await session.query(
      `ALTER DATABASE "${database.connection.database}" SET default_transaction_read_only = on`,
    );
    const middle = open();
    expect(await kindOf(middle.claim([requestFor(cust('1'))]))).toBe('unavailable');
    await expect(middle.poll(everything())).resolves.toMatchObject({ rows: [{ state: State.Initial }] });
    await session.query(
      `ALTER DATABASE "${database.connection.database}" RESET default_transaction_read_only`,
    );
  });

  it('is unreachable within the deadline where it is silent from the beginning', async () => {
    const between = await proxy();
    between.swallow();
    const middle = open({ port: between.port });
    const startedAt = performance.now();
    expect(await kindOf(middle.poll(everything()))).toBe('unreachable');
    expect(performance.now() - startedAt).toBeLessThan(atMostMs);
    between.clear();
    await expect(middle.poll(everything())).resolves.toMatchObject({ rows: [{ state: State.Initial }] });
  });

  it('times out where it falls silent after the login, and the next call has a new connection', async () => {
    const calls: readonly ((middle: MiddleDatabase) => Promise<unknown>)[] = [
      (middle) => middle.poll(everything()),
      (middle) => middle.claim([requestFor(cust('1'))]),
      (middle) => middle.mark([mark]),
      (middle) => middle.hasOpenRows(),
      (middle) => middle.ping(),
    ];
    await Promise.all(
      calls.map(async (call) => {
        const between = await proxy();
        const middle = open({ port: between.port });
        await middle.ping();
        between.swallow();
        const startedAt = performance.now();
        expect(await kindOf(call(middle)), call.toString()).toBe('timeout');
        expect(performance.now() - startedAt, call.toString()).toBeLessThan(atMostMs);
        between.clear();
        await call(middle);
        expect(between.accepted, call.toString()).toBe(2);
      }),
    );
  });

  it('closes within the deadline while it is silent', async () => {
    const between = await proxy();
    const middle = open({ port: between.port });
    await middle.ping();
    between.swallow();
    const startedAt = performance.now();
    await middle.close();
    expect(performance.now() - startedAt).toBeLessThan(atMostMs);
  });

  it('has lost the connection where a waiting session is ended, and the next call works', async () => {
    const middle = open();
    const locker = await openSession(database.connection);
    await locker.query('BEGIN');
    await locker.query('LOCK TABLE if_bnet_account IN ACCESS EXCLUSIVE MODE');
    const polling = kindOf(middle.poll(everything()));
    const [pid] = await session.untilWaiting(1);
    await session.terminate(pid!);
    expect(await polling).toBe('connectionLost');
    await locker.close();
    await expect(middle.poll(everything())).resolves.toMatchObject({ rows: [{ state: State.Initial }] });
  });

  it('may lose one call to a session that was ended while idle, never more', async () => {
    const between = await proxy();
    const middle = open({ port: between.port });
    await middle.ping();
    between.loseStatement('SELECT 1');
    expect(await kindOf(middle.ping())).toBe('connectionLost');
    await expect(middle.ping()).resolves.toBeUndefined();
  });

  it('may have carried out a claim whose answer was lost; the same claim then finds the row in State 1', async () => {
    const between = await proxy();
    const middle = open({ port: between.port });
    between.loseAnswerTo('UPDATE', 'cut');
    expect(await kindOf(middle.claim([requestFor(cust('1'))]))).toBe('connectionLost');
    const [row] = await session.query('SELECT state, statedate::text FROM if_bnet_cust');
    expect(row).toMatchObject({ state: '1' });
    const again = await middle.claim([requestFor(cust('1'))]);
    expect(again).toMatchObject({
      claimed: 0,
      rows: [{ state: State.Processing, stateDate: row!['statedate'] }],
    });
  });
});

describe.runIf(hasPostgres)('PostgreSQL as a middle database that is killed', () => {
  const server = new PostgresServer();
  beforeAll(() => server.start());
  afterAll(() => server.remove());

  it('has lost the connection, then is unreachable, and works again when it is back', async () => {
    const { connection } = await server.createDatabase('middle');
    const middle = adapterOver(
      new Database({ ...testOptions, ...pgConnection({ connection }), callTimeoutMs: 5000 }),
    );
    const owner = new Database({ ...testOptions, ...pgConnection({ connection }) });
    await initMiddle(owner);
    await owner.close();
    const locker = await openSession(connection);
    await locker.query(`INSERT INTO if_bnet_cust (streamingno, state) VALUES (1, 0)`);
    await locker.query('BEGIN');
    await locker.query('LOCK TABLE if_bnet_cust IN ACCESS EXCLUSIVE MODE');
    const polling = kindOf(middle.poll(everything()));
    await locker.untilWaiting(1);
    await server.kill();
    expect(await polling).toBe('connectionLost');
    expect(await kindOf(middle.poll(everything()))).toBe('unreachable');
    await server.start();
    await expect(middle.poll(everything())).resolves.toMatchObject({ rows: [{ streamingNo: '1' }] });
    await middle.close();
  });
});
