import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/http/password.js';
import { bnetSync, configFor, listening } from '../support/command.js';
import { openPair, plant, statesOf, type Pair } from '../support/databases.js';
import { hasPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';
import { open } from '../support/sample-rows.js';

const kinds = hasPostgres ? (['SQLite', 'PostgreSQL'] as const) : (['SQLite'] as const);

describe.each(kinds)('acceptance: the HTTP server on %s', (kind) => {
  let pair: Pair;
  const removals: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    pair = await openPair(kind);
  });
  afterEach(async () => {
    for (const remove of removals.splice(0)) await remove();
    await pair.close();
  });
  const config = async (http: object) => {
    const made = await configFor(pair, { http });
    removals.push(made.remove);
    return made.file;
  };

  it('console serves without a worker until it is told to stop, and then ends with 0', async () => {
    const { process, url } = await listening(['console', '--config', await config({ port: 0 })]);
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ ready: true, worker: null });
    const page = await fetch(url, { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    process.kill('SIGTERM');
    const ended = await process;
    expect(ended.exitCode, ended.all).toBe(0);
    expect(ended.stdout).toBe(`Console: ${url}/`);
  });

  it('run serves while its worker works, and ends with it', async () => {
    await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
    const { process, url } = await listening(['run', '--config', await config({ port: 0 })]);
    await until('the row has succeeded', async () => (await statesOf(pair.middle))[2] === 1, 20_000);
    await until('it is ready', async () => (await fetch(`${url}/readyz`)).status === 200);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('bnet_sync_shards_held 8');
    process.kill('SIGTERM');
    const ended = await process;
    expect(ended.exitCode, ended.all).toBe(0);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it('run --once serves as well, and ends with 0 when nothing is left', async () => {
    const ended = await bnetSync(['run', '--once', '--config', await config({ port: 0 })]);
    expect(ended.exitCode, ended.all).toBe(0);
  });

  it.each([['run'], ['console']])(
    '%s beyond loopback without users ends with 2 and says what to do',
    async (command) => {
      const ended = await bnetSync([command, '--config', await config({ host: '0.0.0.0', port: 0 })]);
      expect(ended.exitCode).toBe(2);
      expect(ended.stderr).toContain('http.users');
      expect(ended.stderr).toContain('bnet-sync hash-password');
    },
  );

  it('a port that is taken, and a console without http, end with 2', async () => {
    const { process, url } = await listening(['console', '--config', await config({ port: 0 })]);
    const port = Number(new URL(url).port);
    for (const command of ['run', 'console']) {
      const ended = await bnetSync([command, '--config', await config({ port })]);
      expect([ended.exitCode, ended.stderr]).toEqual([
        2,
        expect.stringContaining(`127.0.0.1:${port} is in use`),
      ]);
    }
    process.kill('SIGINT');
    expect((await process).exitCode).toBe(0);
    const { file, remove } = await configFor(pair);
    removals.push(remove);
    const ended = await bnetSync(['console', '--config', file]);
    expect([ended.exitCode, ended.stderr]).toEqual([2, expect.stringContaining('http: is missing')]);
  });

  it('hashes are never logged, and users may come from the environment', async () => {
    const users = [{ name: 'ops', role: 'operator', passwordHash: await hashPassword('some password') }];
    const file = await config({ port: 0 });
    const run = await bnetSync(['run', '--once', '--config', file], {
      BNET_SYNC_HTTP__USERS: JSON.stringify(users),
      BNET_SYNC_LOG__LEVEL: 'debug',
    });
    expect(run.exitCode, run.all).toBe(0);
    expect(run.all).not.toContain('$scrypt$');
    const broken = await bnetSync(['run', '--once', '--config', file], {
      BNET_SYNC_HTTP__USERS: JSON.stringify([{ ...users[0], passwordHash: 'hunter2' }]),
    });
    expect([broken.exitCode, broken.all.includes('hunter2')]).toEqual([2, false]);
    expect(broken.stderr).toContain('http.users.0.passwordHash: is no hash');
  });
});

describe('acceptance: hash-password', () => {
  it('reads a password from standard input and prints what http.users takes', async () => {
    const hashing = bnetSync(['hash-password']);
    hashing.stdin.end('right password\n');
    const { exitCode, stdout } = await hashing;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$\S+\$\S+$/);
  });

  it.each([
    ['short word', '12 to 1024 characters'],
    ['password        ', 'common words'],
  ])('refuses %j with 2, and hashes nothing', async (password, why) => {
    const hashing = bnetSync(['hash-password']);
    hashing.stdin.end(`${password}\n`);
    const { exitCode, stdout, stderr } = await hashing;
    expect([exitCode, stdout, stderr.includes(why)]).toEqual([2, '', true]);
  });
});
