import type { Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bnetSync, configFor } from '../support/command.js';
import { openPair, plant, statesOf, type Pair } from '../support/databases.js';
import { hasPostgres } from '../support/postgres.js';
import { openSilentServer, portOf } from '../support/silent-server.js';
import { scaled } from '../support/time-factor.js';
import { companyOpen as open } from '../support/sample-rows.js';

const longest = '123456789012345678901234567890';
const failed = {
  State: 3,
  ErrContent: '00402 业务数据内容不存在: 客户未开通该产品',
  StateDate: '2026-11-01 09:00:00',
};

/** Every operator's command with arguments that it takes. */
const commands = [
  ['status'],
  ['failed'],
  ['show', 'IF_BNET_CUST', '1'],
  ['requeue', 'IF_BNET_CUST', '1'],
  ['requeue', '--matching', '--all'],
  ['failure-groups'],
  ['processing'],
  ['deferred'],
  ['retry', 'IF_BNET_CUST', '1'],
  ['pause'],
  ['resume', '--table', 'CUST'],
  ['workers'],
  ['audit'],
  ['journal', 'purge', '--older-than', '400d'],
  ['preview'],
  ['doctor'],
  ['migrate'],
  ['init-middle'],
];

describe.runIf(hasPostgres)('acceptance: operator commands without their database, on PostgreSQL', () => {
  let pair: Pair;
  let silent: Server;
  beforeAll(async () => {
    pair = await openPair('PostgreSQL');
    silent = await openSilentServer();
  });
  afterAll(async () => {
    silent.close();
    await pair.close();
  });

  /** Runs commands with a connection of one end that does not work. */
  async function runWith(
    end: 'middle' | 'store',
    change: Record<string, unknown>,
    used: readonly string[][],
  ) {
    const { client, connection } = pair.connections[end];
    const changed = { client, connection: { ...connection, ...change } };
    const broken: Pair = { ...pair, connections: { ...pair.connections, [end]: changed } };
    const { file, remove } = await configFor(broken, { worker: { callTimeoutMs: 500, leaseTtlMs: 3000 } });
    const run = async (args: string[]) => ({
      command: args.join(' '),
      answer: await bnetSync([...args, '--config', file]),
    });
    // So many at once that the end that works answers each within its deadline.
    const answers: Awaited<ReturnType<typeof run>>[] = [];
    for (let from = 0; from < used.length; from += 6)
      answers.push(...(await Promise.all(used.slice(from, from + 6).map(run))));
    await remove();
    return answers;
  }
  const ends = [
    ['middle', 'middle database', commands.filter(([name]) => name !== 'migrate')],
    ['store', 'product store', commands.filter(([name]) => name !== 'init-middle' && name !== 'failed')],
  ] as const;

  it.each(ends)(
    'a %s that cannot be reached ends every command with 3 and one line',
    async (end, name, used) => {
      for (const { command, answer } of await runWith(end, { port: 1 }, used)) {
        expect([command, answer.exitCode]).toEqual([command, 3]);
        const line = `the ${name} cannot be reached: connect ECONNREFUSED 127.0.0.1:1`;
        if (command === 'doctor') expect(answer.stdout).toContain('connect ECONNREFUSED');
        else expect([command, answer.stderr, answer.stdout]).toEqual([command, `bnet-sync: ${line}`, '']);
      }
    },
  );

  it.each(ends)(
    'a %s that is silent ends a command with 3 soon after the deadline',
    async (end, name, used) => {
      const port = portOf(silent);
      const one = used.filter(
        ([command]) => command === 'status' || command === 'migrate' || command === 'init-middle',
      );
      for (const { command, answer } of await runWith(end, { port }, one)) {
        expect([command, answer.exitCode]).toEqual([command, 3]);
        expect(answer.stderr).toContain(`the ${name} cannot be reached`);
        expect(answer.durationMs).toBeLessThan(scaled(8000));
      }
    },
  );

  it.each(ends)(
    'a %s that refuses the credentials ends a command with 3, and the password is not shown',
    async (end, name) => {
      const commands = [['status'], ['doctor'], ['run'], ['run', '--once']];
      for (const { command, answer } of await runWith(end, { password: 'wrong-secret' }, commands)) {
        expect([command, answer.exitCode]).toEqual([command, 3]);
        expect(answer.all).toContain(name);
        expect(answer.all).toContain('password authentication failed');
        expect(answer.all).not.toContain('wrong-secret');
      }
    },
  );

  it('operators work over PostgreSQL as over SQLite', async () => {
    const { file, remove } = await configFor(pair);
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: longest, ...failed });
    const rows = JSON.parse((await bnetSync(['failed', '--json', '--config', file])).stdout) as object[];
    expect(rows).toMatchObject([{ streamingNo: longest, code: '00402' }]);
    expect((await bnetSync(['requeue', 'CUST', longest, '--config', file])).exitCode).toBe(0);
    expect(await statesOf(pair.middle)).toEqual({ 0: 1 });
    expect((await bnetSync(['doctor', '--config', file])).exitCode).toBe(0);
    await remove();
  });
});
