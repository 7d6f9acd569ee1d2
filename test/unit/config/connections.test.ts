import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseConfig } from '../../../src/config/parse.js';
import { faultLines, faultsOf, minimal, parsed } from './minimal-config.js';

const sqlite = (connection: unknown): Record<string, unknown> => ({ client: 'better-sqlite3', connection });

describe('a connection', () => {
  it('is a string or an object', async () => {
    for (const connection of [5, true, null, ['x']]) {
      const [line] = await faultLines({ store: { connection } });
      expect(line).toMatch(/^store\.connection: expected a string or an object/);
    }
    expect(await faultLines({ store: { connection: '' } })).toEqual([
      'store.connection: must not be empty (***)',
    ]);
  });

  it('reaches the driver as it is given, functions included', () => {
    const password = (): string => 'fresh';
    const connection = { host: 'db', password, ssl: { ca: Buffer.from('x') } };
    expect(parsed({ store: { connection } }).store.connection).toEqual(connection);
  });
});

describe('what belongs to TLS and is only read from a URL', () => {
  it('is a fault in an object: without a word there would be no TLS', async () => {
    const words = 'is only read from a URL: give ssl: true, or ssl: { ca: …, rejectUnauthorized: … }';
    for (const name of ['sslmode', 'sslrootcert', 'sslMode'])
      expect(await faultLines({ store: { connection: { host: 'db', [name]: 'verify-full' } } })).toEqual([
        `store.connection.${name}: ${words} (***)`,
      ]);
    expect(() => parsed({ store: { connection: 'postgres://h/d?sslmode=verify-full' } })).not.toThrow();
  });
});

describe('a URL for PostgreSQL', () => {
  it.each([
    ...['postgres://u:p@ss/w#rd@host/db', 'postgresql://u:hunter2/x@host/db', 'postgres://u:12/x@host/db'],
    ...['postgres://u:p#x@host/db', 'postgres://u:12?hunter2@host/db', 'postgres://u:100%ab@host/db'],
    ...['postgres://u:a@b?hunter2@host/db', 'postgres://u:p@host/db#x'],
  ])('whose password is not escaped is a fault that says so, and shows nothing of it: %s', async (url) => {
    for (const connection of [url, { connectionString: url }]) {
      const [line = '', ...more] = await faultLines({ store: { connection } });
      expect(more).toEqual([]);
      expect(line).toMatch(
        /^store\.connection(\.connectionString)?: .*percent-encoded \(@ is %40.*\(\*\*\*\)$/,
      );
      expect(line.replace(/percent-encoded \([^)]*\)/, '')).not.toMatch(/hunter2|p@ss|w#rd|\bss\b|12|100/);
    }
  });

  it.each([
    ...['postgres://u:p%40ss%2Fw%23rd@host/db', 'postgres://u:p@ss@host/db', 'postgres://u:p ss@host/db'],
    ...[
      'postgres://host/db',
      'postgres:///db?host=/run/postgresql',
      'postgres://u:p@/db?host=/run/postgresql',
    ],
    ...['postgres://u:p%ss@host:5433/db?sslmode=require', 'socket:/run/postgresql?db=d', '/run/postgresql d'],
    ...['postgres://u:p@[::1]:5432/db', 'postgresql://%2Frun%2Fpostgresql/db'],
  ])('that the driver reads as it is meant is none: %s', (url) => {
    expect(parsed({ store: { connection: url } }).store.connection).toBe(url);
  });
});

describe('an Oracle connection', () => {
  const oracle = (connection: unknown, more = {}) => ({
    middle: { client: 'oracledb', connection, ...more },
  });
  const noConnectString =
    'middle.connection.connectString: Oracle needs a connect string, such as "host:1521/service"';
  const wrongText =
    'as a text it must read user/password@connect-string; otherwise give connectString, user and password apart';
  const noUser =
    'middle.connection.user: Oracle needs a user, or externalAuth: true with credentials in a wallet';

  it('needs a connect string and a user when it is an object', async () => {
    expect(await faultLines(oracle({ user: 'u' }))).toEqual([noConnectString]);
    expect(await faultLines(oracle({ connectString: 'h/s' }))).toEqual([noUser]);
    expect(await faultLines(oracle({}))).toEqual([noConnectString, noUser]);
    for (const connectString of ['', ' ', 5]) {
      expect(await faultLines(oracle({ connectString, user: 'u' }))).toEqual([`${noConnectString} (***)`]);
    }
    expect(await faultLines(oracle({ connectString: 'h/s', user: ' ' }))).toEqual([`${noUser} (" ")`]);
    const connection = { connectString: 'h/s', user: 'u', password: 'p' };
    expect(parsed(oracle(connection)).middle.connection).toEqual(connection);
  });

  it('needs no user with externalAuth, which must be true', async () => {
    const connection = { connectString: 'h/s', externalAuth: true };
    expect(parsed(oracle(connection)).middle.connection).toEqual(connection);
    for (const externalAuth of [false, 'true', 1]) {
      expect(await faultLines(oracle({ connectString: 'h/s', externalAuth }))).toEqual([noUser]);
    }
  });

  it('has user and password beside the connect string, not in it', async () => {
    const fault =
      'middle.connection.connectString: must not hold user and password: give them beside it, as user and password (***)';
    expect(await faultLines(oracle({ connectString: 'u/p@h/s', user: 'u' }))).toEqual([fault]);
    const addressed = '(DESCRIPTION=(SECURITY=(SSL_SERVER_CERT_DN="E=dba@example.com/x")))';
    for (const connectString of ['h:1521/s', 'tcps://h:2484/s', 'ISMP', addressed]) {
      expect(() => parsed(oracle({ connectString, user: 'u' }))).not.toThrow();
    }
  });

  it.each(['u/p@h:1521/s', ' u/p@h/s ', 'u/p@ss/w@rd@h/s', 'u/p@tcps://h/s', 'u/p@(DESCRIPTION=(ADDRESS=))'])(
    'is read as user, password and connect string when it is a text: %j',
    (connection) => {
      expect(parsed(oracle(connection)).middle.connection).toBe(connection);
    },
  );

  it.each(['h/s', 'h:1521/s', 'u@h/s', 'u/p', 'u/p@', 'u/@h/s', '/p@h/s', '/@h/s', ' '])(
    'is no other text: %j',
    async (connection) => {
      const words = connection === ' ' ? 'must not be empty' : wrongText;
      expect(await faultLines(oracle(connection))).toEqual([`middle.connection: ${words} (***)`]);
    },
  );

  it('cannot be that of the product store', async () => {
    const [line] = await faultLines({ store: { client: 'oracledb' } });
    expect(line).toBe('store.client: Invalid option: expected one of "pg"|"better-sqlite3" ("oracledb")');
  });

  it('may have settings of the driver, which other clients may not', async () => {
    for (const settings of [
      { thick: { libDir: '/opt/oracle' } },
      { thick: {} },
      { walletLocation: '/etc/wallet', walletPassword: 'w' },
    ]) {
      expect(parsed(oracle('u/p@h/s', { oracle: settings })).middle.oracle).toEqual(settings);
    }
    for (const other of [{ client: 'pg' }, sqlite('x.db')]) {
      expect(await faultLines({ middle: { ...other, oracle: {} } })).toEqual([
        'middle.oracle: is only for the client oracledb',
      ]);
    }
  });

  it('names no wallet in Thick mode, where it would not be looked at', async () => {
    const settings = { thick: {}, walletLocation: '/etc/wallet', walletPassword: 'hunter2' };
    const words = "has no effect in Thick mode: name the wallet in the Oracle client's sqlnet.ora";
    expect(await faultLines(oracle('u/p@h/s', { oracle: settings }))).toEqual([
      `middle.oracle.walletLocation: ${words} ("/etc/wallet")`,
      `middle.oracle.walletPassword: ${words} (***)`,
    ]);
  });
});

describe('a SQLite connection', () => {
  it.each([[{}], [{ filename: '' }], [{ filename: ' ' }], [{ filename: 5 }], [{ Filename: 'x' }]])(
    'needs a file name: %j',
    async (connection) => {
      const [line] = await faultLines({ store: sqlite(connection) });
      expect(line).toMatch(/^store\.connection\.filename: SQLite needs the name of a file/);
    },
  );

  it.each([':memory:', ' :memory: ', ':MEMORY:'])('cannot be in memory: %j', async (filename) => {
    const message = 'a database in memory is seen by one connection only: name a file';
    expect(await faultLines({ middle: sqlite({ filename }) })).toEqual([
      `middle.connection.filename: ${message} (${JSON.stringify(filename)})`,
    ]);
    expect(await faultLines({ store: sqlite(filename) })).toEqual([`store.connection: ${message} (***)`]);
  });

  it.each(['file:x.db?mode=memory', 'sqlite:///x.db', 'postgres://u:hunter2@h/d'])(
    'cannot be a URL: %s',
    async (filename) => {
      const lines = [
        ...(await faultLines({ store: sqlite(filename) })),
        ...(await faultLines({ store: sqlite({ filename }) })),
      ];
      expect(lines).toHaveLength(2);
      for (const line of lines) expect(line).toContain('SQLite takes the plain name of a file, not a URL');
      expect(lines.join()).not.toContain('hunter2');
    },
  );
});

describe('relative paths', () => {
  it('start from the given folder, in strings and in objects', () => {
    const input = {
      middle: sqlite('middle.db'),
      store: {
        ...sqlite({ filename: ' ../data/store.db ', readonly: false }),
        handlers: './handlers.js',
      },
    };
    const { middle, store } = parseConfig(input, '/etc/bnet-sync');
    expect(middle.connection).toBe('/etc/bnet-sync/middle.db');
    expect(store.connection).toEqual({ filename: '/etc/data/store.db', readonly: false });
    expect(store.handlers).toBe('/etc/bnet-sync/handlers.js');
  });

  it('of the Oracle driver start there too', () => {
    const resolved = (oracle: object) =>
      parsed({ middle: { client: 'oracledb', connection: 'u/p@h/s', oracle } }).middle.oracle;
    expect(resolved({ walletLocation: 'wallet' })).toEqual({ walletLocation: '/etc/bnet-sync/wallet' });
    expect(resolved({ thick: { libDir: 'client' } })).toEqual({
      thick: { libDir: '/etc/bnet-sync/client' },
    });
  });

  it('leave absolute paths, other connections and the input alone', () => {
    const input = minimal({ store: { ...sqlite({ filename: '/var/store.db' }), handlers: '/opt/h.js' } });
    const before = structuredClone(input);
    const { middle, store } = parseConfig(input, '/etc/bnet-sync');
    expect(middle.connection).toBe('postgres://middle.example.com/ismp');
    expect(store).toMatchObject({ connection: { filename: '/var/store.db' }, handlers: '/opt/h.js' });
    expect(input).toEqual(before);
  });
});

describe('one SQLite file for both databases', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'));
    mkdirSync(join(folder, 'data'));
    symlinkSync(join(folder, 'data'), join(folder, 'link'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const pathsOf = async (middle: unknown, store: unknown, more = {}): Promise<string[]> =>
    (await faultsOf({ middle: sqlite(middle), store: sqlite(store), ...more }, folder)).map(
      ({ path }) => path,
    );

  it('is a fault, however the file is named', async () => {
    expect(await pathsOf('a.db', 'a.db')).toEqual(['store.connection']);
    expect(await pathsOf('a.db', { filename: './data/../a.db' })).toEqual(['store.connection']);
    expect(await pathsOf({ filename: join(folder, 'a.db') }, ' a.db ')).toEqual(['store.connection']);
  });

  it('is a fault through symbolic links, to the folder or to the file', async () => {
    expect(await pathsOf('data/new.db', 'link/new.db')).toEqual(['store.connection']);
    writeFileSync(join(folder, 'data', 'old.db'), '');
    symlinkSync(join(folder, 'data', 'old.db'), join(folder, 'alias.db'));
    expect(await pathsOf('alias.db', 'link/old.db')).toEqual(['store.connection']);
  });

  it('is reported along with other faults', async () => {
    expect(await pathsOf('a.db', 'a.db', { worker: { shards: 0 } })).toEqual([
      'worker.shards',
      'store.connection',
    ]);
  });

  it('is no fault for two files, nor for two schemas of one server', () => {
    expect(() => parseConfig({ middle: sqlite('a.db'), store: sqlite('b.db') }, folder)).not.toThrow();
    const connection = { host: 'one', filename: 'x' };
    expect(() => parsed({ middle: { connection }, store: { connection } })).not.toThrow();
  });
});
