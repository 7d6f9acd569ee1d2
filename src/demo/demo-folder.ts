import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { initMiddle } from '../middle/knex/init.js';
import { KnexStoreAdmin } from '../store/knex/store-admin.js';
import { openMiddleDatabase, openStoreDatabase } from '../app/open-databases.js';

/** A folder with the two databases of a demo and the configuration for them. */
export interface DemoFolder {
  readonly path: string;
  readonly configFile: string;
  readonly config: Config;
}

/** The customer attribute that limits bound users in the demo. */
const demoUserLimitAttrSpecId = '11002099000000000000';

const firstLine = '# Made by "bnet-sync demo". Delete the folder when you are done with it.';

/** Shorter waits and leases than by default keep the demo quick. */
const configText = `${firstLine}

middle:
  client: better-sqlite3
  connection: { filename: middle.sqlite }

store:
  client: better-sqlite3
  connection: { filename: store.sqlite }

worker:
  settleMs: 200
  dependencyGraceMs: 1500
  pollIntervalMs: 50
  idlePollMaxMs: 250
  leaseTtlMs: 5000

rules:
  userLimitAttrSpecId: '${demoUserLimitAttrSpecId}'
`;

/** The folder holds something not ours to replace. */
class NotADemoError extends Error {
  override readonly name = 'NotADemoError';
}

/**
 * Creates the databases, with their tables, and the configuration: in a new temporary folder, or in `folder`, replacing
 * an earlier demo.
 */
export async function makeDemoFolder(folder: string | undefined): Promise<DemoFolder> {
  const path = folder === undefined ? await mkdtemp(join(tmpdir(), 'bnet-sync-demo-')) : resolve(folder);
  if (folder !== undefined) await clear(path);
  const configFile = join(path, 'bnet-sync.yaml');
  await writeFile(configFile, configText);
  const config = await loadConfig({ file: configFile, env: {}, cwd: path });
  const options = { applicationName: 'bnet-sync demo', createFile: true };
  const middle = openMiddleDatabase(config, options);
  const store = openStoreDatabase(config, options);
  try {
    await initMiddle(middle);
    await new KnexStoreAdmin(store).migrate(config.worker.shards);
  } finally {
    await Promise.all([middle.close(), store.close()]);
  }
  return { path, configFile, config };
}

async function clear(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  const configFile = join(path, 'bnet-sync.yaml');
  const databases = ['middle.sqlite', 'store.sqlite'].flatMap((file) =>
    ['', '-wal', '-shm'].map((suffix) => join(path, `${file}${suffix}`)),
  );
  const present = [configFile, ...databases].filter((file) => existsSync(file));
  if (present.length === 0) return;
  const text = existsSync(configFile) ? await readFile(configFile, 'utf8') : '';
  if (!text.startsWith(firstLine)) {
    throw new NotADemoError(`${path} holds ${present.join(', ')}, but not from a demo: name another folder`);
  }
  await Promise.all(present.map((file) => rm(file)));
}
