import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { loadConfig } from '../../../src/config/load.js';
import type { Config } from '../../../src/config/schema.js';
import { errorOf } from './minimal-config.js';

const sqlite = `
middle: { client: better-sqlite3, connection: middle.db }
store: { client: better-sqlite3, connection: { filename: store.db }, handlers: handlers.js }
`;

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => {
  rmSync(cwd, { recursive: true });
});

async function load(text: string, env: NodeJS.ProcessEnv = {}): Promise<Config> {
  writeFileSync(join(cwd, 'bnet-sync.yaml'), text);
  return loadConfig({ file: 'bnet-sync.yaml', env, cwd });
}

const loadFault = async (text: string, env: NodeJS.ProcessEnv = {}): Promise<string> =>
  (await errorOf(() => load(text, env))).message;

describe('the file', () => {
  it('is the given one, else that of BNET_SYNC_CONFIG, relative to the working folder', async () => {
    mkdirSync(join(cwd, 'etc'));
    writeFileSync(join(cwd, 'etc', 'a.yaml'), `${sqlite}\nworker: { shards: 1 }`);
    writeFileSync(join(cwd, 'etc', 'b.yaml'), `${sqlite}\nworker: { shards: 2 }`);
    const env = { BNET_SYNC_CONFIG: 'etc/b.yaml' };
    expect((await loadConfig({ file: 'etc/a.yaml', env, cwd })).worker.shards).toBe(1);
    expect((await loadConfig({ env, cwd })).worker.shards).toBe(2);
    const absolute = join(cwd, 'etc', 'a.yaml');
    expect((await loadConfig({ file: absolute, env, cwd: '/' })).worker.shards).toBe(1);
  });

  it('must be named: there is nothing to fall back to', async () => {
    for (const env of [{}, { BNET_SYNC_CONFIG: '' }, { BNET_SYNC_WORKER__SHARDS: '1' }]) {
      const { message } = await errorOf(() => loadConfig({ env, cwd }));
      expect(message).toMatch(
        /^no configuration given: .*--config FILE.*BNET_SYNC_CONFIG.*config\/default\.yaml/,
      );
    }
  });

  it('must exist, and be a file', async () => {
    const fault = async (file: string): Promise<string> =>
      (await errorOf(() => loadConfig({ file, env: {}, cwd }))).message;
    expect(await fault('none.yaml')).toBe(
      `${join(cwd, 'none.yaml')}: cannot read the configuration: there is no such file`,
    );
    expect(await fault('.')).toBe(`${cwd}: cannot read the configuration: is a folder, not a file`);
  });

  it('is the start of relative paths, wherever the process runs', async () => {
    const config = await load(sqlite);
    expect(config.middle.connection).toBe(join(cwd, 'middle.db'));
    expect(config.store.connection).toEqual({ filename: join(cwd, 'store.db') });
    expect(config.store.handlers).toBe(join(cwd, 'handlers.js'));
  });

  it('may be JSON, with a byte order mark and tabs', async () => {
    const json = JSON.stringify(
      {
        middle: { client: 'better-sqlite3', connection: 'm.db', productIds: ['323002000'] },
        store: { client: 'better-sqlite3', connection: 's.db' },
      },
      null,
      '\t',
    );
    expect((await load(`\uFEFF${json}`)).middle.productIds).toEqual(['323002000']);
  });

  it('that is empty is an empty configuration', async () => {
    for (const text of ['', '# nothing yet\n', 'null\n', '---\n']) {
      expect(await loadFault(text)).toBe(
        `${join(cwd, 'bnet-sync.yaml')} cannot be used:\nmiddle: is missing\nstore: is missing`,
      );
    }
  });

  it('that is no mapping is a fault', async () => {
    expect(await loadFault('just text')).toContain('expected object, received string');
    expect(await loadFault('- a\n- b')).toContain('expected object, received array');
  });
});

describe('text of a connection', () => {
  it('keeps its characters without quotes', async () => {
    const { middle, store } = await load(`
middle:
  client: oracledb
  connection: { user: 007, password: 1e5, connectString: 12, port: 1521 }
  oracle: { walletPassword: 0x1F }
store:
  client: pg
  connection:
    host: 10
    port: 5432
    database: 2024_01
    user: true
    password: 123456789012345678901234567890
    max: 3
`);
    expect(middle.connection).toEqual({ user: '007', password: '1e5', connectString: '12', port: 1521 });
    expect(middle.oracle?.walletPassword).toBe('0x1F');
    expect(store.connection).toEqual({
      host: '10',
      port: 5432,
      database: '2024_01',
      user: 'true',
      password: '123456789012345678901234567890',
      max: 3,
    });
  });

  it('keeps it through an alias, and means what its quotes mean', async () => {
    const { middle, store } = await load(`
middle: { client: pg, connection: { user: &who 007, password: *who } }
store: { client: pg, connection: { user: "a\\tb", password: '', host: ~ } }
`);
    expect(middle.connection).toEqual({ user: '007', password: '007' });
    expect(store.connection).toEqual({ user: 'a\tb', password: '', host: null });
  });
});

describe('the environment', () => {
  it('overrides the file before the whole is checked', async () => {
    const config = await load(sqlite, {
      BNET_SYNC_WORKER__SHARDS: '8',
      BNET_SYNC_STORE__CONNECTION__FILENAME: 'other.db',
      BNET_SYNC_MIDDLE__PRODUCT_IDS: '323002000',
    });
    expect(config.worker.shards).toBe(8);
    expect(config.store.connection).toEqual({ filename: join(cwd, 'other.db') });
    expect(config.middle.productIds).toEqual(['323002000']);
  });

  it('can give what the file leaves out', async () => {
    const config = await load('', {
      BNET_SYNC_MIDDLE__CLIENT: 'oracledb',
      BNET_SYNC_MIDDLE__CONNECTION__CONNECT_STRING: 'h/s',
      BNET_SYNC_MIDDLE__CONNECTION__USER: '007',
      BNET_SYNC_STORE__CLIENT: 'pg',
      BNET_SYNC_STORE__CONNECTION: 'postgres://h/d',
    });
    expect(config.middle.connection).toEqual({ connectString: 'h/s', user: '007' });
    expect(config.store.connection).toBe('postgres://h/d');
  });

  it('cannot make the list of products empty by being empty', async () => {
    const env = { BNET_SYNC_MIDDLE__PRODUCT_IDS: '' };
    expect(await loadFault(sqlite, env)).toContain('middle.productIds.0: ');
  });
});

describe('faults', () => {
  it('of the file and of the environment are reported in one run, one per line', async () => {
    const env = {
      BNET_SYNC_WORKER__BATCH_SIZE: '0',
      BNET_SYNC_MIDDLE__PRODUCT_IDS: '[1, x]',
      BNET_SYNC_NONSENSE: '1',
    };
    const error = await errorOf(() => load(`${sqlite}\nworker: { shards: 0, batchSize: 3 }`, env));
    expect(error.name).toBe('ConfigError');
    expect(error.faults.map(({ path }) => path)).toEqual([
      'BNET_SYNC_NONSENSE',
      'middle.productIds.1',
      'worker.batchSize',
      'worker.shards',
    ]);
    expect(error.message.split('\n')).toEqual([
      `${join(cwd, 'bnet-sync.yaml')} cannot be used:`,
      'BNET_SYNC_NONSENSE: unknown setting',
      'middle.productIds.1: must be 1 to 30 digits ("x", from BNET_SYNC_MIDDLE__PRODUCT_IDS)',
      'worker.batchSize: Too small: expected number to be >=1 (0, from BNET_SYNC_WORKER__BATCH_SIZE)',
      'worker.shards: Too small: expected number to be >=1 (0)',
    ]);
  });

  it.each([
    ['an unclosed quote', 'middle:\n  client: "pg\n', '3:1'],
    ['an unclosed list', 'middle:\n  productIds: [1\nstore: 5\n', '3:1'],
    ['a key given twice', 'middle: 1\nmiddle: 2\n', '2:1'],
    ['a tab as indentation', 'middle:\n\tclient: pg\n', '2:1'],
    ['a second document', 'middle: 1\n---\nstore: 2\n', '2:1'],
    ['an unknown tag', 'middle: !secret1 x\n', '1:9'],
    ['an alias without its anchor', 'middle:\n  schema: *secret1\n', '2:11'],
  ])('of the syntax have file, line and column: %s', async (_what, text, place) => {
    const { faults } = await errorOf(() => load(text));
    expect(faults.map(({ path }) => path)).toContain(`${join(cwd, 'bnet-sync.yaml')}:${place}`);
  });

  it('of the syntax are all reported', async () => {
    const { faults } = await errorOf(() => load('a: @x\nb: `y\nc: 1\nc: 2\n'));
    expect(faults.map(({ path }) => path.split(':').slice(-2).join(':'))).toEqual(['1:4', '2:4', '4:1']);
  });
});
