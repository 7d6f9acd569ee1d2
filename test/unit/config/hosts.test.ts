import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import { postgresHosts } from '../../../src/config/postgres-hosts.js';
import { redactConfig } from '../../../src/config/redact.js';
import { faultLines, parsed } from './minimal-config.js';

const store = (connection: unknown) => ({ store: { connection } });
const two = [{ host: 'a', port: 5432 }, { host: 'b' }];

describe('several hosts', () => {
  it('stand in a URL as libpq has them, and all else holds for each', () => {
    const url =
      'postgres://u:p,%40@a:5432,[::1],b:5433/db?sslmode=verify-full&target_session_attrs=read-write';
    expect(parsed(store(url)).store.connection).toBe(url);
    const rest = '/db?sslmode=verify-full&target_session_attrs=read-write';
    const expected = ['a:5432', '[::1]', 'b:5433'].map((name) => ({
      name,
      settings: { connectionString: `postgres://u:p,%40@${name}${rest}` },
    }));
    expect(postgresHosts(url)).toEqual(expected);
    expect(postgresHosts({ connectionString: url, ssl: { ca: 'x' } })).toEqual(expected);
  });

  it('stand in an object as a list, with a port for those that name none', () => {
    const connection = { hosts: [...two, { host: '::1', port: '5' }], port: 5433, user: 'u', password: 'p' };
    expect(parsed(store(connection)).store.connection).toEqual(connection);
    expect(postgresHosts(connection)).toEqual([
      { name: 'a:5432', settings: { host: 'a', port: 5432 } },
      { name: 'b:5433', settings: { host: 'b', port: 5433 } },
      { name: '[::1]:5', settings: { host: '::1', port: '5' } },
    ]);
  });

  it('are looked at even where there is one, if it must accept writes', () => {
    expect(postgresHosts('postgres://u@a/db')).toBeUndefined();
    expect(postgresHosts({ host: 'a', target_session_attrs: 'any' })).toBeUndefined();
    for (const wanted of ['read-write', 'primary']) {
      expect(postgresHosts(`postgres://u@a/db?target_session_attrs=${wanted}`)).toHaveLength(1);
      expect(postgresHosts({ host: 'a', target_session_attrs: wanted })).toHaveLength(1);
    }
    expect(postgresHosts({ user: 'u', target_session_attrs: 'primary' })).toMatchObject([
      { name: 'the default host' },
    ]);
    for (const connection of ['/run/postgresql d', 'socket:/run/postgresql?db=a,b', { user: 'u' }])
      expect(postgresHosts(connection)).toBeUndefined();
  });

  it('can be given by a variable', async () => {
    const env = {
      BNET_SYNC_MIDDLE__CLIENT: 'better-sqlite3',
      BNET_SYNC_MIDDLE__CONNECTION: 'm.db',
      BNET_SYNC_STORE__CLIENT: 'pg',
      BNET_SYNC_STORE__CONNECTION__HOSTS: '[{host: a, port: 5432}, {host: b}]',
    };
    expect((await loadConfig({ env, cwd: '/' })).store.connection).toEqual({ hosts: two });
  });
});

describe('a list of hosts', () => {
  it.each([
    ['is empty', { hosts: [] }, 'hosts: is empty: name at least one'],
    ['is left empty', { hosts: null }, 'hosts: is empty: name at least one'],
    ['is none', { hosts: 'a,b' }, 'hosts: must be a list, such as [{ host: a, port: 5432 }, { host: b }]'],
    ['stands beside a host', { host: 'c', hosts: two }, 'hosts: stands beside host: give one of the two'],
    [
      'stands beside a URL',
      { connectionString: 'postgres://c/d', hosts: two },
      'hosts: stands beside connectionString',
    ],
    ['is given as one host', { host: ['a', 'b'] }, 'host: names several: give hosts: [{ host: a'],
    ['is written as one host', { host: 'a,b' }, 'host: names several: give hosts: [{ host: a'],
    ['holds a text', { hosts: ['a:5432'] }, 'hosts.0: must be { host: …, port: … }'],
    ['holds two in one', { hosts: [{ host: 'a,b' }] }, 'hosts.0.host: must be one name ("a,b")'],
    [
      'holds a blank',
      { hosts: [{ host: ' a' }] },
      'hosts.0.host: must be the name or address of a server (" a")',
    ],
    ['holds an empty one', { hosts: [{ host: ' ' }] }, 'hosts.0.host: must be the name or address'],
    [
      'holds a port that is none',
      { hosts: [{ host: 'a', port: '54x2' }] },
      'hosts.0.port: must be a number from 1 to 65535 ("54x2")',
    ],
    [
      'holds port 0',
      { hosts: [{ host: 'a', port: 0 }] },
      'hosts.0.port: must be a number from 1 to 65535 (0)',
    ],
    [
      'holds a host twice',
      { hosts: [two[1], two[1]] },
      'hosts.1.host: is named twice, with the same port ("b")',
    ],
    [
      'holds a password',
      { hosts: [{ host: 'a', password: 'hunter2' }] },
      'hosts.0.password: does not belong here',
    ],
  ])('that %s is a fault', async (_what, connection, words) => {
    const [line = '', ...more] = await faultLines(store(connection));
    expect(line).toContain(`store.connection.${words}`);
    expect(more).toEqual([]);
    expect(line).not.toContain('hunter2');
  });

  it.each([
    [
      'oracledb',
      { connectString: 'a/s', user: 'u' },
      'Oracle has all its addresses in connectString: leave it out',
    ],
    ['better-sqlite3', { filename: 'x.db' }, 'SQLite is a file without hosts: leave it out'],
  ])('is nothing for %s', async (client, connection, words) => {
    expect(await faultLines({ middle: { client, connection: { ...connection, hosts: two } } })).toEqual([
      `middle.connection.hosts: ${words}`,
    ]);
  });
});

describe('hosts in a URL', () => {
  it.each([
    ['postgres://u@a,,b/d', 'names several hosts, one of them with an empty name'],
    ['postgres://u@a, b/d', 'names several hosts with a blank among them: separate them by commas alone'],
    ['postgres://u@a,:5432/d', 'names several hosts, one of them with an empty name'],
    ['postgres://u@a,b:x/d', 'the port of the second must be a number from 1 to 65535, not "x"'],
    ['postgres://u@a:0,b/d', 'the port of the first must be a number from 1 to 65535, not "0"'],
    ['postgres://u@a,b:65536/d', 'the port of the second must be a number from 1 to 65535, not "65536"'],
    ['postgres://u@a,b,a/d', 'names the same host twice: the third must be another, not "a"'],
    ['postgres://u@a,[::1/d', 'is no URL that can be read, because of its second host'],
    ['postgres://u@a,b/d?host=c', 'names hosts before its path, and again in its parameters'],
    ['postgres://u@/d?host=a,b', 'names several hosts in its parameters'],
    ['postgres://u@a/d?port=1,2', 'names several hosts in its parameters'],
    ['host=a,b user=u', 'is in the keyword form of libpq: give a URL'],
  ])('%s is a fault that says so', async (url, words) => {
    for (const connection of [url, { connectionString: url }]) {
      const [line = '', ...more] = await faultLines(store(connection));
      expect(line).toContain(words);
      expect(more).toEqual([]);
    }
  });

  it.each([
    ...['postgres://u:hunter2,x/w@a,b/d', 'postgres://u:hunter2,b:c/d', 'postgres://u:a,hunter2?x@a,b/d'],
    ...['postgres://u:p#hunter2@a,b/d', 'postgres://u:1,2#hunter2', 'postgres://hunter2,b:hunter2,c/d'],
    'host=a,b password=hunter2',
  ])('shows nothing of a password that is not escaped: %s', async (url) => {
    const lines = await faultLines(store(url));
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain('hunter2');
  });

  it.each([
    ['postgres://u:hunter2@a:5432,b:5433/d?password=hunter2', 'postgres://u:***@a:5432,b:5433/d'],
    ['postgres://u@a,[::1]:5433/d', 'postgres://u@a,[::1]:5433/d'],
    ['postgres://u:1,2/hunter2@a,b/d', '***'],
    ['postgres://u:1,hunter2?@a,b/d', '***'],
    ['postgres://u:hunter2,b/d', '***'],
  ])('are shown without secrets: %s', (connection, shown) => {
    const config = { ...parsed(), store: { client: 'pg' as const, connection } };
    expect(redactConfig(config)).toHaveProperty('store.connection', shown);
  });

  it('are shown as a list, without what else may stand there', () => {
    const hosts = [{ host: 'a', port: 1, password: 'hunter2' }, 'hunter2'];
    const connection = { hosts, target_session_attrs: 'primary', password: 'hunter2' };
    const config = { ...parsed(), store: { client: 'pg' as const, connection } };
    expect(redactConfig(config)).toHaveProperty('store.connection', {
      hosts: [{ host: 'a', port: 1, password: '***' }, '***'],
      target_session_attrs: 'primary',
      password: '***',
    });
  });
});

describe('target_session_attrs', () => {
  const forms = (hosts: string, value: string): [unknown, string][] => [
    [`postgres://u@${hosts}/d?target_session_attrs=${value}`, 'store.connection: target_session_attrs='],
    [
      { connectionString: `postgres://u@${hosts}/d?target_session_attrs=${value}` },
      'store.connection.connectionString: target_session_attrs=',
    ],
    [
      { hosts: hosts.split(',').map((host) => ({ host })), target_session_attrs: value },
      'store.connection.target_session_attrs: ',
    ],
  ];

  it('that is unknown is a fault with the value', async () => {
    for (const [connection, begin] of forms('a,b', 'readwrite')) {
      const [line = '', ...more] = await faultLines(store(connection));
      expect(line.startsWith(begin)).toBe(true);
      expect(line).toContain('is none of the values that bnet-sync knows: read-write, primary');
      expect(line).toContain('readwrite');
      expect(more).toEqual([]);
    }
  });

  it.each(['any', 'read-only', 'standby', 'prefer-standby'])(
    'cannot be %s: bnet-sync writes',
    async (value) => {
      for (const [connection] of forms('a,b', value)) {
        const [line] = await faultLines(store(connection));
        expect(line).toContain('may lead to a server that takes no changes');
        expect(line).toContain(value);
      }
    },
  );

  it('may be any for one host, which means what its absence does', () => {
    for (const [connection] of forms('a', 'any')) expect(() => parsed(store(connection))).not.toThrow();
  });
});
