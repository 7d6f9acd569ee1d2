import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Pair } from './databases.js';
import { until } from './until.js';
import { scaled } from './time-factor.js';

/** The built command, as users run it. */
export const commandFile = new URL('../../dist/cli/main.js', import.meta.url).pathname;

/** Settings that do not make a test wait; a lease as short as is legal for a test. */
const quickWorker = {
  pollIntervalMs: 20,
  idlePollMaxMs: 100,
  settleMs: 0,
  dependencyGraceMs: 0,
  leaseTtlMs: scaled(1000),
  shards: 8,
};

/** Writes a configuration file for a pair of databases; returns its path and how to remove it. */
export async function configFor(
  pair: Pick<Pair, 'connections'>,
  more: { worker?: object; store?: object; rules?: object; http?: object } = {},
): Promise<{ file: string; folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-config-'));
  const file = join(folder, 'bnet-sync.json');
  const config = {
    middle: pair.connections.middle,
    store: { ...pair.connections.store, ...more.store },
    worker: { ...quickWorker, ...more.worker },
    rules: more.rules ?? {},
    ...(more.http !== undefined && { http: more.http }),
    log: { level: 'info', pretty: false },
  };
  await writeFile(file, JSON.stringify(config));
  return { file, folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Starts the command. The environment's own BNET_SYNC_ variables are left out. */
export function bnetSync(args: readonly string[], env: Record<string, string> = {}) {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('BNET_SYNC_')),
  );
  return execa(process.execPath, [commandFile, ...args], {
    reject: false,
    all: true,
    extendEnv: false,
    env: { ...inherited, ...env },
  });
}

/** Starts a command that serves, and tells where it listens, and what it said so far. */
export async function listening(args: readonly string[]) {
  const process = bnetSync(args);
  let said = '';
  process.all.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const url = await until(
    'it listens',
    async () => /listening on (http:\/\/[\d.:]+)/.exec(said)?.[1] ?? null,
    30_000,
  );
  return { process, url, said: () => said };
}

/** Runs commands with a configuration file; `json` takes nothing but JSON, and nothing beside it. */
export function commandsOn(config: () => { readonly file: string }) {
  const run = (...args: string[]) => bnetSync([...args, '--config', config().file]);
  const json = async (...args: string[]) => {
    const answer = await run(...args, '--json');
    if (answer.stderr !== '') throw new Error(`${args.join(' ')} --json says beside it: ${answer.stderr}`);
    return JSON.parse(answer.stdout) as unknown;
  };
  return { run, json };
}
