import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bnetSync, configFor } from '../support/command.js';
import { column, openOraclePair, plant, standing, statesOf, type OraclePair } from '../support/databases.js';
import type { Fault } from '../support/oracle/faults.js';
import type { OracleStandIn } from '../support/oracle/stand-in.js';
import { isRealOracle } from '../support/test-oracle.js';
import { hasPostgres } from '../support/postgres.js';
import { until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';
import { bind, open } from '../support/sample-rows.js';

/** The change of a claim, of a mark, and of the attribute rows that follow either and are committed with it. */
const claim = /^UPDATE \S*IF_BNET_CUST t\s+SET t\.State = 1,/;
const mark = /^UPDATE \S*IF_BNET_CUST t\s+SET t\.State = :state/;
const attributes = /^UPDATE \S*IF_BNET_CUST_ATTR t/;

let pair: OraclePair;
const removals: (() => Promise<void>)[] = [];

/** The server that faults are planted in. */
function server(): OracleStandIn {
  if (pair.oracle.created === null) throw new Error('This test needs the stand-in.');
  return pair.oracle.created.standIn;
}

async function start(worker: object = {}, middle: object = {}) {
  const { connections } = pair;
  const connection = { ...connections.middle.connection, ...middle };
  const changed = { ...connections, middle: { ...connections.middle, connection } };
  const { file, remove } = await configFor({ connections: changed }, { worker });
  removals.push(remove);
  return (args: readonly string[] = [], env?: Record<string, string>) => {
    const child = bnetSync(['run', '--config', file, ...args], env);
    let log = '';
    child.all.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    removals.push(async () => void child.kill('SIGKILL'));
    return { child, log: () => log };
  };
}

/** 20 customers with an attribute and a user each; four of them are opened twice, which is refused. */
async function plantRows(): Promise<void> {
  for (let n = 1; n <= 20; n += 1) {
    const row = { CustID: String(n), StreamingNo: String(n) };
    await plant(pair.middle, 'CUST', { ...open, ...row }, [[`${n}`, '11002001000000000000', 'x']]);
    await plant(pair.middle, 'ACCOUNT', { ...bind, ...row });
    if (n % 5 === 0)
      await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(100 + n) });
  }
}

const journalled = async () => Number((await column(pair.store, 'SELECT count(*) FROM sync_journal'))[0]);

/** Every row in 2 or 3, decided once and applied once. */
async function expectAllDone(): Promise<void> {
  expect(await statesOf(pair.middle)).toEqual({ 2: 40, 3: 4 });
  expect(await journalled()).toBe(44);
  const rows = 'SELECT count(*) FROM (SELECT DISTINCT source, streaming_no FROM sync_journal) AS rows';
  expect(await column(pair.store, rows)).toEqual(['44']);
  expect(await column(pair.store, 'SELECT count(*) FROM bnet_account')).toEqual(['20']);
  expect(await column(pair.store, 'SELECT count(*) FROM bnet_customer_attr')).toEqual(['20']);
  expect(await column(pair.middle, 'SELECT DISTINCT State FROM IF_BNET_CUST_ATTR')).toEqual(['2']);
  for (const row of (await standing(pair.middle)).values()) {
    if (row.state === 3) expect(row.errContent).toMatch(/^00404 /);
    else expect(row.errContent).toBeNull();
  }
}

const prepare = (): void => {
  beforeEach(async () => {
    pair = await openOraclePair();
  });
  afterEach(async () => {
    if (pair.oracle.created !== null) server().faults.clear();
    for (const remove of removals.splice(0).reverse()) await remove();
    await pair.close();
  });
};

describe.runIf(hasPostgres)('acceptance: run on Oracle', () => {
  prepare();

  it('run --once brings rows to 2 and 3, and ends with 0', async () => {
    await plantRows();
    const run = await start();
    const { child } = run(['--once']);
    const ended = await child;
    expect(ended.exitCode, ended.all).toBe(0);
    expect(ended.stderr).toBe('');
    await expectAllDone();
  });

  it('takes the connection as one text, by environment variable', async () => {
    await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
    const { user, password, connectString } = pair.oracle.connection;
    const run = await start({}, { user: 'nobody', password: 'wrong' });
    const { child } = run(['--once'], {
      BNET_SYNC_MIDDLE__CONNECTION: `${user}/${password}@${connectString}`,
    });
    const ended = await child;
    expect(ended.exitCode, ended.all).toBe(0);
    expect((await standing(pair.middle)).get('CUST:1')?.state).toBe(2);
  });

  it('SIGTERM ends an idle worker with 0', async () => {
    const run = await start();
    const { child, log } = run();
    await until(() => log().includes('"event":"leases"'));
    child.kill('SIGTERM');
    const ended = await child;
    expect(ended.exitCode, ended.all).toBe(0);
  });

  it('an Oracle client that is not there is exit 2, in one line that names the setting', async () => {
    const missing = join(tmpdir(), 'bnet-sync-no-such-client');
    const run = await start();
    const { child } = run(['--once'], { BNET_SYNC_MIDDLE__ORACLE__THICK__LIB_DIR: missing });
    const ended = await child;
    expect(ended.exitCode, ended.all).toBe(2);
    expect(ended.stdout).toBe('');
    expect(ended.stderr.split('\n')).toHaveLength(1);
    expect(ended.stderr).toMatch(/middle\.oracle\.thick: the Oracle client cannot be loaded: DPI-1047/);
    expect(ended.stderr).toContain(missing);
  });
});

describe.runIf(hasPostgres && !isRealOracle)('acceptance: run on Oracle when something fails', () => {
  prepare();

  it.each([[[]], [['--once']]])('a wrong password is tried once and ends with 3: run %j', async (args) => {
    const run = await start({}, { password: 'hunter2' });
    server().counters.reset();
    const { child } = run(args);
    const ended = await child;
    expect(ended.exitCode, ended.all).toBe(3);
    const { connectionAttempts, refusedLogins } = server().counters;
    expect({ connectionAttempts, refusedLogins }).toEqual({ connectionAttempts: 1, refusedLogins: 1 });
    expect(ended.stderr.split('\n')).toEqual([
      expect.stringMatching(/^bnet-sync: the middle database refuses the credentials: ORA-01017: /),
    ]);
    expect(ended.all).not.toContain('hunter2');
  });

  it.each([[[]], [['--once']]])(
    'a password that the server keeps in its 10G form ends with 3 and what to do: run %j',
    async (args) => {
      const run = await start();
      server().counters.reset();
      server().faults.verifier = '10G';
      const ended = await run(args).child;
      expect(ended.exitCode, ended.all).toBe(3);
      expect(server().counters.connectionAttempts).toBe(1);
      expect(ended.stderr).toMatch(
        /^bnet-sync: the middle database refuses the credentials: NJS-116: .*SEC_CASE_SENSITIVE_LOGON.*Thick mode/,
      );
      expect(ended.stderr.split('\n')).toHaveLength(1);
    },
  );

  it('run says that the server is not there, and goes on when it is', async () => {
    await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
    await server().stopListening();
    const run = await start();
    const { child, log } = run();
    await until(() => log().includes('the middle database is unavailable'));
    expect(log()).toMatch(/NJS-503.*ECONNREFUSED/);
    await server().startListening();
    await until(async () => (await standing(pair.middle)).get('CUST:1')?.state === 2);
    child.kill('SIGTERM');
    expect((await child).exitCode, log()).toBe(0);
  });

  it('run goes on after an outage in the middle of its work', async () => {
    const run = await start();
    const { child, log } = run();
    await until(() => server().counters.texts.some((sql) => sql.includes('ROWNUM')));
    server().faults.listener = 'refuse';
    server().faults.plant({ at: 'execute', sql: /ROWNUM/, times: 5, action: { kind: 'reset' } });
    await until(() => (log().match(/the middle database is unavailable/g) ?? []).length > 1);
    expect(log()).toContain('NJS-518');
    await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
    server().faults.clear();
    await until(async () => (await standing(pair.middle)).get('CUST:1')?.state === 2);
    child.kill('SIGTERM');
    expect((await child).exitCode, log()).toBe(0);
  });

  it.each([
    ['poll, and the call ends in time', /ROWNUM/, 1000, 0],
    ['claim, and the call ends in time', claim, 1000, 0],
    ['mark, and the call ends in time', mark, 1000, 0],
    ['claim, and the call would last for minutes', claim, 600_000, 1],
  ])('SIGTERM ends the process in spite of a silent server: %s', async (_where, sql, callTimeoutMs, code) => {
    await plantRows();
    const silence = server().faults.plant({ at: 'execute', sql, times: 100, action: { kind: 'silence' } });
    const drainTimeoutMs = code === 0 ? scaled(10_000) : 1000;
    const run = await start({ callTimeoutMs, drainTimeoutMs });
    const { child, log } = run();
    await silence.struck;
    const startedAt = Date.now();
    child.kill('SIGTERM');
    const ended = await child;
    expect(Date.now() - startedAt).toBeLessThan(drainTimeoutMs + (code === 0 ? 0 : scaled(1500)));
    expect(ended.exitCode, log()).toBe(code);
    server().faults.clear();
    // With --once the first outage ends it, and a second is short on a busy machine.
    const second = (await start())(['--once']);
    expect((await second.child).exitCode, second.log()).toBe(0);
    await expectAllDone();
  });
});

describe.runIf(hasPostgres && !isRealOracle)('acceptance: kill -9 of the worker process on Oracle', () => {
  prepare();

  const windows: readonly (readonly [string, Omit<Fault, 'action' | 'at' | 'phase'>, object, number])[] = [
    ['the claim, rows changed and not committed', { sql: claim }, { 0: 44 }, 0],
    // One transaction for the rows of both tables.
    ['the claim, committed and not answered', { sql: attributes }, { 1: 44 }, 0],
    ['the mark, rows changed and not committed', { sql: mark }, { 1: 44 }, 44],
    // First the customers without a failure.
    ['the mark, committed and not answered', { sql: attributes, skip: 1 }, { 1: 12, 2: 32 }, 44],
  ];

  it.each(windows)(
    'in %s: every row ends in 2 or 3, decided once',
    async (_where, where, states, entries) => {
      await plantRows();
      const silence = server().faults.plant({
        ...where,
        at: 'execute',
        phase: 'after',
        action: { kind: 'silence' },
      });
      const run = await start();
      const first = run();
      await silence.struck;
      first.child.kill('SIGKILL');
      await first.child;
      expect(await statesOf(pair.middle)).toEqual(states);
      expect(await journalled()).toBe(entries);
      const second = run(['--once']);
      expect((await second.child).exitCode, second.log()).toBe(0);
      await expectAllDone();
    },
  );

  it.each([
    ['claim', claim],
    ['mark', mark],
  ])('in the %s, whose locks the server keeps for a while', async (_where, sql) => {
    await plantRows();
    const silence = server().faults.plant({
      at: 'execute',
      phase: 'after',
      sql,
      action: { kind: 'silence', deaf: true },
    });
    const run = await start({ callTimeoutMs: 800 });
    const first = run();
    await silence.struck;
    first.child.kill('SIGKILL');
    await first.child;
    const second = run(['--once']);
    // Nobody waits for them: the rows are deferred until the server has let go.
    await until(() => second.log().includes('"event":"rowsLocked"'));
    expect(second.log()).not.toContain('the middle database is unavailable');
    server().cutConnections('reset');
    expect((await second.child).exitCode, second.log()).toBe(0);
    await expectAllDone();
  });

  it('soon after the start, at various moments', async () => {
    await plantRows();
    const run = await start();
    for (const milliseconds of [0, 15, 30, 60, 90, 150]) {
      const { child, log } = run();
      await until(() => log().includes('"event":"started"'));
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      child.kill('SIGKILL');
      await child;
    }
    const last = run(['--once']);
    expect((await last.child).exitCode, last.log()).toBe(0);
    await expectAllDone();
  });
});
