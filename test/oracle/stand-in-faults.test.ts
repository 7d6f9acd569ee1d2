import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import oracledb from 'oracledb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CreatedOracle, createOracle } from '../support/oracle/create-oracle.js';
import { connectAsOwner, connectAsWorker, failureOf, valueOf } from '../support/oracle/driver.js';
import type { Fault } from '../support/oracle/faults.js';
import { hasPostgres } from '../support/postgres.js';

const CLAIM = 'UPDATE IF_BNET_CUST SET State = 1 WHERE StreamingNo = 1';
const STATE = 'SELECT State FROM IF_BNET_CUST WHERE StreamingNo = 1';

/** What a call has come to after a while: nothing, for a peer that is silent. */
async function after(ms: number, work: Promise<unknown>): Promise<string> {
  const silence = new Promise<string>((resolve) => setTimeout(() => resolve('pending'), ms));
  return Promise.race([
    work.then(
      () => 'done',
      () => 'failed',
    ),
    silence,
  ]);
}

describe.runIf(hasPostgres)('Oracle stand-in: faults', () => {
  let oracle: CreatedOracle;
  let worker: oracledb.Connection;
  let owner: oracledb.Connection;

  beforeAll(async () => {
    oracle = await createOracle();
  });
  afterAll(() => oracle.remove());
  beforeEach(async () => {
    oracle.standIn.faults.clear();
    [worker, owner] = await Promise.all([connectAsWorker(oracle.standIn), connectAsOwner(oracle.standIn)]);
    await owner.execute('DELETE FROM IF_BNET_CUST');
    await owner.execute('INSERT INTO IF_BNET_CUST (StreamingNo, State) VALUES (1, 0)', [], {
      autoCommit: true,
    });
    oracle.standIn.counters.reset();
  });
  afterEach(async () => {
    oracle.standIn.faults.clear();
    // First, so that nobody waits for an answer of a silent peer.
    oracle.standIn.cutConnections('reset');
    await Promise.allSettled([worker.close(), owner.close()]);
  });

  /** The state that others see, once the session that was cut is rolled back. */
  const stateSeen = async () => {
    await owner.execute('SELECT State FROM IF_BNET_CUST WHERE StreamingNo = 1 FOR UPDATE');
    const state = await valueOf(owner, STATE);
    await owner.rollback();
    return state;
  };
  const plant = (fault: Fault) => oracle.standIn.faults.plant(fault);

  it.each([
    ['reset', 'before', '0'],
    ['reset', 'after', '0'],
    ['close', 'before', '0'],
    ['close', 'after', '0'],
  ] as const)('%s the connection %s a statement: the transaction is undone', async (kind, phase, state) => {
    plant({ at: 'execute', sql: /UPDATE/, phase, action: { kind } });
    expect((await failureOf(worker.execute(CLAIM))).code).toBe('NJS-500');
    expect(worker.isHealthy()).toBe(false);
    expect(await stateSeen()).toBe(state);
  });

  it.each([
    ['reset', 'before', '0'],
    ['reset', 'after', '1'],
    ['close', 'before', '0'],
    ['close', 'after', '1'],
  ] as const)(
    '%s the connection %s a commit: the driver says the same, the rows differ',
    async (kind, phase, state) => {
      plant({ at: 'commit', phase, action: { kind } });
      await worker.execute(CLAIM);
      expect((await failureOf(worker.commit())).code).toBe('NJS-500');
      expect(await stateSeen()).toBe(state);
    },
  );

  it('strike the commit that a statement brings along', async () => {
    plant({ at: 'commit', phase: 'after', action: { kind: 'reset' } });
    expect((await failureOf(worker.execute(CLAIM, [], { autoCommit: true }))).code).toBe('NJS-500');
    expect(await stateSeen()).toBe('1');
  });

  it('strike a fetch and a rollback', async () => {
    plant({ at: 'rollback', action: { kind: 'reset' } });
    await worker.execute(CLAIM);
    expect((await failureOf(worker.rollback())).code).toBe('NJS-500');
    plant({ at: 'fetch', action: { kind: 'close' } });
    const rows =
      'SELECT 1 FROM (SELECT 1 FROM DUAL UNION ALL SELECT 1 FROM DUAL UNION ALL SELECT 1 FROM DUAL)';
    const other = await connectAsWorker(oracle.standIn);
    expect((await failureOf(other.execute(rows, [], { prefetchRows: 1, fetchArraySize: 1 }))).code).toBe(
      'NJS-500',
    );
  });

  it('strike the chosen statement, as often as told, and let the first ones pass', async () => {
    const fault = plant({
      at: 'execute',
      sql: /UPDATE/,
      skip: 1,
      times: 2,
      action: { kind: 'error', number: 60 },
    });
    const outcomes: (number | undefined)[] = [];
    for (const sql of [CLAIM, STATE, CLAIM, CLAIM, CLAIM]) {
      outcomes.push(
        await worker.execute(sql).then(
          () => 0,
          (error: unknown) => (error as { errorNum: number }).errorNum,
        ),
      );
    }
    expect(outcomes).toEqual([0, 0, 60, 60, 0]);
    expect(fault.hits).toBe(2);
  });

  it.each([
    [1033, undefined],
    [28_000, undefined],
    [3113, 'NJS-500'],
  ])('answer with ORA-%i', async (number, code) => {
    plant({ at: 'execute', action: { kind: 'error', number, text: 'planted' } });
    const failure = await failureOf(worker.execute(CLAIM));
    expect(failure.number).toBe(number);
    if (code !== undefined) expect(failure.code).toBe(code);
  });

  it('refuse a login with a chosen error', async () => {
    plant({
      at: 'login',
      action: { kind: 'error', number: 1033, text: 'ORACLE initialization or shutdown in progress' },
    });
    expect((await failureOf(connectAsWorker(oracle.standIn))).number).toBe(1033);
  });

  it('delay an answer', async () => {
    plant({ at: 'execute', action: { kind: 'delay', ms: 200 } });
    const before = performance.now();
    await worker.execute(CLAIM);
    expect(performance.now() - before).toBeGreaterThan(190);
  });

  it('silence the peer in a call: it hangs in spite of callTimeout, and the row stays locked', async () => {
    worker.callTimeout = 100;
    const fault = plant({ at: 'execute', sql: /UPDATE/, phase: 'after', action: { kind: 'silence' } });
    const call = worker.execute(CLAIM);
    await fault.struck;
    expect(await after(500, call)).toBe('pending');
    expect(worker.isHealthy()).toBe(true);
    const locked = owner.execute('SELECT State FROM IF_BNET_CUST WHERE StreamingNo = 1 FOR UPDATE NOWAIT');
    expect((await failureOf(locked)).number).toBe(54);
    oracle.standIn.cutConnections('reset');
    expect((await failureOf(call)).code).toBe('NJS-500');
  });

  it.each([
    ['notices that the client goes, and frees the row', false, undefined],
    ['is deaf too, and keeps the row locked', true, 54],
  ])('silence the peer in a call: it %s', async (_what, deaf, number) => {
    const [host = '', port = '', service = ''] = oracle.standIn.connectString.split(/[:/]/);
    const onward: Socket[] = [];
    const near: Socket[] = [];
    const cable = createServer((socket) => {
      const next = connect(Number(port), host);
      onward.push(next);
      near.push(socket);
      for (const each of [socket, next]) each.on('error', () => each.destroy());
      socket.pipe(next).pipe(socket);
    });
    await once(cable.listen(0, host), 'listening');
    const { user, password } = oracle.standIn;
    const connectString = `${host}:${(cable.address() as AddressInfo).port}/${service}`;
    const other = await oracledb.getConnection({ connectString, user, password });
    const before = oracle.standIn.connections;
    const fault = plant({ at: 'execute', sql: /UPDATE/, phase: 'after', action: { kind: 'silence', deaf } });
    const call = other.execute(CLAIM).catch(() => {});
    await fault.struck;
    for (const socket of onward) socket.end();
    if (!deaf) await expect.poll(() => oracle.standIn.connections).toBe(before - 1);
    const locked = owner.execute('SELECT State FROM IF_BNET_CUST WHERE StreamingNo = 1 FOR UPDATE NOWAIT');
    expect(
      await locked.then(
        () => undefined,
        (error: unknown) => (error as { errorNum: number }).errorNum,
      ),
    ).toBe(number);
    oracle.standIn.cutConnections('reset');
    for (const socket of near) socket.destroy();
    await call;
    cable.close();
  });

  it('silence the peer in the login: it hangs in spite of connect_timeout', async () => {
    const { connectString, user, password } = oracle.standIn;
    const fault = plant({ at: 'login', action: { kind: 'silence' } });
    const login = oracledb.getConnection({
      connectString: `${connectString}?connect_timeout=1`,
      user,
      password,
    });
    await fault.struck;
    expect(await after(1500, login)).toBe('pending');
    oracle.standIn.cutConnections('reset');
    expect(await after(1000, login)).toBe('failed');
  });

  it('meet new connections: reset, refused by the listener, silent', async () => {
    const { standIn } = oracle;
    standIn.faults.listener = 'reset';
    expect((await failureOf(connectAsWorker(standIn))).code).toMatch(/^NJS-5\d\d$/);
    standIn.faults.listener = 'refuse';
    expect((await failureOf(connectAsWorker(standIn))).code).toBe('NJS-518');
    standIn.faults.listener = 'silence';
    const { connectString, user, password } = standIn;
    const silent = oracledb.getConnection({
      connectString: `${connectString}?connect_timeout=1`,
      user,
      password,
    });
    expect((await failureOf(silent)).code).toBe('NJS-510');
    expect(standIn.counters.connectionAttempts).toBe(3);
    standIn.faults.listener = 'accept';
    await (await connectAsWorker(standIn)).close();
  });

  it('refuse connections as a server that is down, and let them in on the same port again', async () => {
    const { standIn } = oracle;
    await standIn.stopListening();
    expect((await failureOf(connectAsWorker(standIn))).code).toBe('NJS-503');
    expect(await valueOf(worker, STATE)).toBe('0');
    await standIn.startListening();
    await (await connectAsWorker(standIn)).close();
  });

  it('cut idle connections', async () => {
    oracle.standIn.cutConnections('close');
    expect((await failureOf(worker.execute(STATE))).code).toBe('NJS-500');
  });

  it('are measured by counters: round trips, statements, bound rows, commits', async () => {
    await worker.executeMany('UPDATE IF_BNET_CUST SET State = :1 WHERE StreamingNo = :2', [
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    await worker.commit();
    await worker.execute(CLAIM);
    await worker.rollback();
    expect(oracle.standIn.counters).toMatchObject({
      roundTrips: 4,
      statements: 2,
      boundRows: 3,
      commits: 1,
      rollbacks: 1,
    });
    expect(oracle.standIn.counters.texts.at(-1)).toBe(CLAIM);
  });

  it('count a query that the driver sends again with a longer value as one row', async () => {
    const query = 'SELECT StreamingNo FROM IF_BNET_CUST WHERE CustID = :1';
    await worker.execute(query, ['1']);
    const before = oracle.standIn.counters.boundRows;
    await worker.execute(query, ['1'.repeat(50)]);
    expect(oracle.standIn.counters.boundRows - before).toBe(1);
  });

  it('leave no session behind', async () => {
    const other = await connectAsWorker(oracle.standIn);
    const before = oracle.standIn.connections;
    await other.close();
    await expect.poll(() => oracle.standIn.connections).toBe(before - 1);
  });
});
