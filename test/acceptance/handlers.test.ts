import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bnetSync, configFor } from '../support/command.js';
import { isAvailable, openPair, plant, standing, statesOf, type Pair } from '../support/databases.js';
import { until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

/*
 * Handlers that take the process with them, with processes: two workers are started again whenever they end, as a service
 * manager does. The one row ends in 3 with 00205 and is named; those of 30 other customers are applied.
 */

const others = 30;
const failing = '7';
const open = { ProductID: '200', BizID: 'b1', OPFlag: '0101', CustAccount: 'a', CustName: '企业' };
const settings = { leaseTtlMs: scaled(3000), handlerTimeoutMs: scaled(1000), drainTimeoutMs: 10_000 };

async function plantRows(pair: Pair): Promise<void> {
  for (let n = 1; n <= others + 1; n += 1)
    await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) });
}

/** A worker process that is started again whenever it ends, until it is stopped. */
class Restarted {
  log = '';
  /** How its processes ended of themselves: an exit code or a signal. */
  readonly ends: (number | string)[] = [];
  #process: ReturnType<typeof bnetSync> | undefined;
  #isWanted = true;
  readonly #ended: Promise<void>;

  constructor(private readonly file: string) {
    this.#ended = this.#keepUp();
  }

  async #keepUp(): Promise<void> {
    while (this.#isWanted) {
      const process = bnetSync(['run', '--config', this.file]);
      this.#process = process;
      process.all.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
      const { exitCode, signal } = await process;
      if (this.#process === process) this.ends.push(signal ?? exitCode ?? -1);
    }
  }

  async stop(): Promise<void> {
    this.#isWanted = false;
    const process = this.#process;
    this.#process = undefined;
    process?.kill('SIGTERM');
    await this.#ended;
  }
}

/** What a handler does for the failing row, how its processes end, and what is written of it then. */
interface Fault {
  readonly name: string;
  readonly does: string;
  readonly ends: number | string;
  readonly says?: RegExp;
}

const row = `IF_BNET_CUST:${failing}`;
const never = 'await new Promise(() => undefined);';
const says = (words: string) => new RegExp(`^bnet-sync: .*${row}.*${words}`, 'm');

const faults: readonly Fault[] = [
  {
    name: 'blocks the thread',
    does: 'for (;;);',
    ends: 1,
    says: says(`has blocked the thread for ${scaled(1000)} ms`),
  },
  {
    name: 'blocks the thread outside JavaScript',
    does: `spawnSync('sleep', ['20']);`,
    ends: 'SIGKILL',
    says: new RegExp(
      `^bnet-sync: .*blocked for ${scaled(1000)} ms, outside JavaScript.*IF_BNET_CUST:7\\b`,
      'm',
    ),
  },
  { name: 'calls process.exit(0)', does: 'process.exit(0);', ends: 1, says: says('process.exit\\(0\\)') },
  { name: 'calls process.exit(1)', does: 'process.exit(1);', ends: 1, says: says('process.exit\\(1\\)') },
  { name: 'aborts the process', does: 'process.abort();', ends: 'SIGABRT' },
  { name: 'kills the process', does: `process.kill(process.pid, 'SIGKILL'); ${never}`, ends: 'SIGKILL' },
  {
    name: 'has a timer throw',
    does: `setTimeout(() => { throw new Error('of a timer'); }, 5); ${never}`,
    ends: 1,
    says: says('of a timer'),
  },
  {
    name: 'lets a promise float that rejects',
    does: `Promise.reject(new Error('afloat')); ${never}`,
    ends: 1,
    says: says('afloat'),
  },
];

async function environmentOf(pair: Pair, does: string) {
  const { folder, file, remove } = await configFor(pair, {
    worker: settings,
    store: { handlers: 'handlers.mjs' },
  });
  const calls = join(folder, 'calls');
  await writeFile(
    join(folder, 'handlers.mjs'),
    `import { appendFileSync } from 'node:fs';
     import { spawnSync } from 'node:child_process';
     export async function onCustomer({ after, knex }) {
       if (after.custId !== '${failing}') return;
       appendFileSync(${JSON.stringify(calls)}, '.');
       ${does}
     }`,
  );
  return { file, remove, calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').length : 0) };
}

for (const kind of ['PostgreSQL', 'SQLite'] as const) {
  describe.runIf(isAvailable(kind))(`acceptance: handlers that do wrong, on ${kind}`, () => {
    // On SQLite the store is locked by the process that is blocked: one way to block and one to end are enough there.
    const shown = kind === 'SQLite' ? faults.filter((_, index) => index === 0 || index === 2) : faults;

    it.concurrent.each(shown)('one that $name', { timeout: scaled(240_000) }, async (fault) => {
      const pair = await openPair(kind);
      await plantRows(pair);
      const { file, remove, calls } = await environmentOf(pair, fault.does);
      const workers = [new Restarted(file), new Restarted(file)];
      const log = () => workers.map((each) => each.log).join('\n');
      try {
        await until(async () => (await statesOf(pair.middle))[2] === others, 120_000);
        await until(async () => (await standing(pair.middle)).get(`CUST:${failing}`)?.state === 3, 120_000);
      } catch (error) {
        throw new Error(log(), { cause: error });
      }
      await Promise.all(workers.map((each) => each.stop()));
      expect((await standing(pair.middle)).get(`CUST:${failing}`)?.errContent).toBe(
        '00205 过程执行异常: 处理该行时进程已 3 次异常退出, 不再处理',
      );
      // The first process had other rows in flight as well; each of three trials ended another one.
      expect(calls()).toBe(4);
      expect(
        workers.flatMap(({ ends }) => ends),
        log(),
      ).toEqual(Array.from({ length: 4 }, () => fault.ends));
      if (fault.says !== undefined) expect(log()).toMatch(fault.says);
      expect(log()).toMatch(new RegExp(`"event":"crashRetry","row":"${row}","crashes":3`));
      await remove();
      await pair.close();
    });

    it.concurrent('one that handles its own transaction', { timeout: scaled(240_000) }, async () => {
      const pair = await openPair(kind);
      await plantRows(pair);
      const ownTransaction = 'try { await knex.commit(); } catch { await knex.rollback(); }';
      const { file, remove } = await environmentOf(pair, ownTransaction);
      const workers = [new Restarted(file), new Restarted(file)];
      const rowNow = async () => (await standing(pair.middle)).get(`CUST:${failing}`);
      await until(async () => (await statesOf(pair.middle))[2] === others, 120_000);
      await until(async () => (await rowNow())?.state === 3, 120_000);
      await Promise.all(workers.map((each) => each.stop()));
      expect((await rowNow())?.errContent).toBe(
        '00205 过程执行异常: 该行单独处理 3 次均出错 (TransactionEndedError)',
      );
      expect(workers.flatMap(({ ends }) => ends)).toEqual([]);
      expect(workers.map(({ log }) => log).join('')).toMatch(
        new RegExp(`"event":"rowErrored","row":"${row}".*within a transaction that is not its own`),
      );
      await remove();
      await pair.close();
    });
  });
}

describe('acceptance: a module of handlers that does not come to its end', () => {
  it.each<[string, string, number, RegExp]>([
    [
      'awaits for ever',
      'await new Promise(() => undefined);',
      2,
      /store\.handlers.*is not loaded within \d+ ms/,
    ],
    [
      'awaits for ever, with something that keeps the process alive',
      'setInterval(() => undefined, 1000); await new Promise(() => undefined);',
      2,
      /store\.handlers.*is not loaded within \d+ ms/,
    ],
    ['blocks the thread', 'for (;;);', 1, /loading \S+handlers\.mjs has blocked the thread for \d+ ms/],
    [
      'ends the process',
      'process.exit(0);',
      1,
      /loading \S+handlers\.mjs, or what it started, ended the process/,
    ],
  ])('one that %s', { timeout: scaled(60_000) }, async (_, does, exitCode, words) => {
    const pair = await openPair('SQLite');
    const { file, folder, remove } = await configFor(pair, {
      worker: { handlerTimeoutMs: 200 },
      store: { handlers: 'handlers.mjs' },
    });
    appendFileSync(join(folder, 'handlers.mjs'), `${does}\nexport function onCustomer() {}\n`);
    const ended = await bnetSync(['run', '--config', file]);
    expect(ended.exitCode, ended.all).toBe(exitCode);
    expect(ended.stderr).toMatch(words);
    await remove();
    await pair.close();
  });
});
