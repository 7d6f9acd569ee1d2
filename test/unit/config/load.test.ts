import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ConfigIssue } from '../../../src/config/config-error.js';
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

describe('variables alone, without a file', () => {
  const alone = {
    BNET_SYNC_MIDDLE__CLIENT: 'oracledb',
    BNET_SYNC_MIDDLE__CONNECTION__CONNECT_STRING: 'db1:1521/ismp',
    BNET_SYNC_MIDDLE__CONNECTION__USER: 'bnet_sync',
    BNET_SYNC_MIDDLE__CONNECTION__PASSWORD: '007',
    BNET_SYNC_MIDDLE__PRODUCT_IDS: '[323002000]',
    BNET_SYNC_STORE__CLIENT: 'better-sqlite3',
    BNET_SYNC_STORE__CONNECTION: 'store.db',
    BNET_SYNC_WORKER__BATCH_SIZE: '7',
    BNET_SYNC_HTTP__PORT: '9464',
  };

  it('are a whole configuration; its paths start from the working folder', async () => {
    expect(await loadConfig({ env: alone, cwd })).toMatchObject({
      middle: {
        client: 'oracledb',
        connection: { connectString: 'db1:1521/ismp', user: 'bnet_sync', password: '007' },
        productIds: ['323002000'],
      },
      store: { client: 'better-sqlite3', connection: join(cwd, 'store.db') },
      worker: { batchSize: 7, shards: 64 },
      http: { port: 9464, host: '127.0.0.1' },
    });
  });

  it('are told what is missing by path, as a file is', async () => {
    const { BNET_SYNC_STORE__CLIENT: _, ...rest } = alone;
    const { message } = await errorOf(() =>
      loadConfig({ env: { ...rest, BNET_SYNC_WORKER__SHARDS: '0' }, cwd }),
    );
    expect(message.split('\n')).toEqual([
      'the variables of the environment, without a file, cannot be used:',
      'store.client: is missing: expected one of pg, better-sqlite3',
      expect.stringMatching(/^worker\.shards: .* \(0, from BNET_SYNC_WORKER__SHARDS\)$/) as string,
    ]);
  });
});

describe('an option that the driver would ignore', () => {
  it('is told with its path, and a near one is named; its value is not shown', async () => {
    const notes: string[] = [];
    const text = `
middle: { client: oracledb, connection: { connectString: h/s, user: u, pasword: hunter2 } }
store: { client: pg, connection: { host: db, prot: 1, ssl: { ca: x }, keepAlive: true } }
`;
    writeFileSync(join(cwd, 'c.yaml'), text);
    const onNote = ({ path, message }: ConfigIssue) => notes.push(`${path}: ${message}`);
    const env = { BNET_SYNC_STORE__CONNECTION__STATEMENT_TIMEOUT: '5' };
    const { store } = await loadConfig({ file: 'c.yaml', env, cwd, onNote });
    const words = 'knows no such option and ignores it, did you mean';
    expect(notes).toEqual([
      `middle.connection.pasword: the driver oracledb ${words} password?`,
      `store.connection.prot: the driver pg ${words} port?`,
    ]);
    expect(store.connection).toMatchObject({ statement_timeout: 5 });
  });

  it('is not what the drivers know', async () => {
    const notes: ConfigIssue[] = [];
    const text = `
middle: { client: oracledb, connection: { connectString: h/s, user: u, retryCount: 1, sslServerDNMatch: true } }
store: { client: pg, connection: { connectionString: 'postgres://h/d', ssl: { ca: x }, lock_timeout: 5 } }
`;
    writeFileSync(join(cwd, 'c.yaml'), text);
    await loadConfig({ file: 'c.yaml', env: {}, cwd, onNote: (note) => notes.push(note) });
    expect(notes).toEqual([]);
  });
});

describe('a line end at the end of a secret', () => {
  it('is left out, with a word that does not show the value: of a variable, a block of the file, a URL', async () => {
    const notes: string[] = [];
    const text = `
middle: { client: pg, connection: { host: db, user: u } }
store:
  client: pg
  connection:
    host: db
    password: |
      hunter2
`;
    writeFileSync(join(cwd, 'c.yaml'), text);
    const source = (env: NodeJS.ProcessEnv) =>
      loadConfig({
        ...{ file: 'c.yaml', env, cwd },
        onNote: ({ path, message }) => notes.push(`${path}: ${message}`),
      });
    const words = 'the line end at the end of its value is left out';
    expect(await source({ BNET_SYNC_MIDDLE__CONNECTION__PASSWORD: 'hunter3\r\n' })).toMatchObject({
      middle: { connection: { password: 'hunter3' } },
      store: { connection: { password: 'hunter2' } },
    });
    expect(notes).toEqual([
      `store.connection.password: ${words}`,
      `BNET_SYNC_MIDDLE__CONNECTION__PASSWORD: ${words}`,
    ]);
    const { store } = await source({ BNET_SYNC_STORE__CONNECTION: 'postgres://u:p@h/d\n' });
    expect(store.connection).toBe('postgres://u:p@h/d');
  });

  it('leaves blanks and line ends within alone', async () => {
    const env = {
      BNET_SYNC_MIDDLE__CONNECTION__PASSWORD: ' a\nb ',
      BNET_SYNC_MIDDLE__CONNECTION__HOST: 'db',
    };
    const text = 'middle: { client: pg }\nstore: { client: better-sqlite3, connection: a.db }';
    expect((await load(text, env)).middle.connection).toEqual({ password: ' a\nb ', host: 'db' });
  });
});

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

describe('issues', () => {
  it('of the file and of the environment are reported in one run, one per line', async () => {
    const env = {
      BNET_SYNC_WORKER__BATCH_SIZE: '0',
      BNET_SYNC_MIDDLE__PRODUCT_IDS: '[1, x]',
      BNET_SYNC_NONSENSE: '1',
    };
    const error = await errorOf(() => load(`${sqlite}\nworker: { shards: 0, batchSize: 3 }`, env));
    expect(error.name).toBe('ConfigError');
    expect(error.issues.map(({ path }) => path)).toEqual([
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
    const { issues } = await errorOf(() => load(text));
    expect(issues.map(({ path }) => path)).toContain(`${join(cwd, 'bnet-sync.yaml')}:${place}`);
  });

  it('of the syntax are all reported', async () => {
    const { issues } = await errorOf(() => load('a: @x\nb: `y\nc: 1\nc: 2\n'));
    expect(issues.map(({ path }) => path.split(':').slice(-2).join(':'))).toEqual(['1:4', '2:4', '4:1']);
  });
});
