import { describe, expect, it } from 'vitest';

import { overrideFromEnvironment } from '../../../src/config/environment.js';
import { parseConfig } from '../../../src/config/parse.js';
import { redactConfig } from '../../../src/config/redact.js';
import { readYaml } from '../../../src/config/yaml-text.js';
import { errorOf, faultLines, faultsOf, minimal, parsed } from './minimal-config.js';

const secret = 'hunter2';

describe('issues never show', () => {
  it.each([
    [
      'a connection string',
      { store: { client: 'better-sqlite3', connection: `postgres://u:${secret}@h/d` } },
    ],
    ['a connection of the wrong type', { store: { connection: [secret] } }],
    ['a connect string', { middle: { client: 'oracledb', connection: { connectString: [secret] } } }],
    ['an Oracle connection as text', { middle: { client: 'oracledb', connection: secret } }],
    ['such a text with a part missing', { middle: { client: 'oracledb', connection: `u/${secret}` } }],
    [
      'user and password in a connect string',
      { middle: { client: 'oracledb', connection: { connectString: `u/${secret}@h/s` } } },
    ],
    [
      'the password beside what is missing',
      { middle: { client: 'oracledb', connection: { password: secret } } },
    ],
    [
      'a password of the wrong type',
      { middle: { client: 'oracledb', oracle: { walletPassword: [secret] } } },
    ],
    [
      'a password that has no effect',
      { middle: { client: 'oracledb', oracle: { thick: {}, walletPassword: secret } } },
    ],
    ['a misspelt password', { middle: { pasword: secret } }],
    ['a password outside its connection', { store: { password: secret } }],
    ['a misspelt connection', { store: { conection: `postgres://u:${secret}@h/d` } }],
    ['a URL where none belongs', { log: { level: `postgres://u:${secret}@h/d` } }],
    ['a URL with characters that should be escaped', { log: { level: `postgres://u:p/#@ ${secret}@h/d` } }],
    ['a URL that its password breaks', { store: { connection: `postgres://u:p/${secret}@h/d` } }],
    [
      'such a URL in an object',
      { store: { connection: { connectionString: `postgres://u:1#${secret}@h/d` } } },
    ],
    ['a URL cut short', { log: { level: `postgres://u:${secret.repeat(20)}@h/d` } }],
  ])('%s', async (_what, changes: Record<string, Record<string, unknown>>) => {
    const lines = await faultLines(changes);
    expect(lines).not.toEqual([]);
    expect(lines.join('\n')).not.toContain(secret);
  });

  it('a number or a boolean that stands for a password', async () => {
    const middle = { client: 'oracledb', connection: 'u/p@h/s', oracle: { walletPassword: 12345 } };
    expect(await faultLines({ middle })).toEqual([
      'middle.oracle.walletPassword: Invalid input: expected string, received number (***)',
    ]);
  });

  it('a section given as text', async () => {
    const lines = await faultsOf({ middle: `postgres://u:${secret}@h/d`, store: { a: secret } });
    expect(JSON.stringify(lines)).not.toContain(secret);
  });

  it('a function’s text', async () => {
    const shards = (): string => 'hunter2';
    expect(await faultLines({ worker: { shards } })).toEqual([
      'worker.shards: Invalid input: expected number, received function',
    ]);
  });

  it('the value of a variable that is no setting', () => {
    const env = { BNET_SYNC_PASSWORD: secret, BNET_SYNC_STORE__CONNECTION__PASSWORD: secret };
    const { issues } = overrideFromEnvironment(minimal(), env);
    expect(issues).toHaveLength(2);
    expect(JSON.stringify(issues)).not.toContain(secret);
  });

  it.each([
    `*${secret}`,
    `!${secret}`,
    `!${secret}! x`,
    `!!${secret} x`,
    `@${secret}`,
    `%${secret}`,
    `|${secret}`,
    `>${secret}`,
    `"${secret}`,
    `'${secret}`,
    `{${secret}`,
    `[${secret}`,
    `${secret}: x`,
    `"\\x${secret}"`,
    `"\\u${secret}"`,
    `'a'${secret}`,
    `"a" ${secret}`,
    `]${secret}`,
    `- ${secret}`,
    `? ${secret}`,
    `&a &b ${secret}`,
    `!<${secret} x`,
    `!a%zz${secret} x`,
    `\`${secret}`,
  ])('the line of a syntax fault: password: %s', async (value) => {
    const { message, issues } = await errorOf(() => {
      readYaml(`connection:\n  password: ${value}\n`, 'file');
      return parseConfig({}, '/');
    });
    expect(issues.length).toBeGreaterThan(0);
    expect(message).not.toContain(secret);
  });
});

describe('issues show', () => {
  it('what is no secret, shortened', async () => {
    const lines = await faultLines({ log: { level: 'x'.repeat(200) }, http: { port: -1 } });
    expect(lines[0]).toContain(` ("${'x'.repeat(78)}…)`);
    expect(lines[1]).toContain(' (-1)');
  });
});

describe('the redacted configuration', () => {
  it('shows where connections lead, and everything that is no secret', () => {
    const config = parsed({
      middle: {
        client: 'oracledb',
        connection: { connectString: secret, user: 'u', password: secret },
        oracle: { walletLocation: '/w', walletPassword: secret },
      },
      store: {
        connection: {
          host: 'h',
          port: 5432,
          database: 'd',
          password: secret,
          ssl: { key: secret },
          list: [secret],
        },
      },
    });
    expect(redactConfig(config)).toEqual({
      ...config,
      middle: {
        ...config.middle,
        connection: { connectString: '***', user: 'u', password: '***' },
        oracle: { walletLocation: '/w', walletPassword: '***' },
      },
      store: {
        client: 'pg',
        connection: { host: 'h', port: 5432, database: 'd', password: '***', ssl: '***', list: ['***'] },
      },
    });
  });

  it.each([`u/${secret}@h:1521/s`, `u:x/${secret}@h/s`, `u/${secret}@tcps://h/s`, `u/${secret}@(ADDRESS=)`])(
    'shows nothing of an Oracle connection as text: %s',
    (connection) => {
      const config = parsed({ middle: { client: 'oracledb', connection } });
      expect(redactConfig(config)).toHaveProperty('middle.connection', '***');
    },
  );

  it('leaves the configuration itself as it was', () => {
    const config = parsed({ store: { connection: { password: secret } } });
    redactConfig(config);
    expect(config.store.connection).toEqual({ password: secret });
  });

  it('shows SQLite files', () => {
    const config = parsed({ store: { client: 'better-sqlite3', connection: 'a.db' } });
    expect(redactConfig(config)).toHaveProperty('store.connection', '/etc/bnet-sync/a.db');
  });

  it.each([
    [`postgres://u:${secret}@h:5432/d?password=${secret}`, 'postgres://u:***@h:5432/d'],
    [`postgres://u:${secret}@h/d#${secret}`, 'postgres://u:***@h/d'],
    ['postgres://u@h/d', 'postgres://u@h/d'],
    ['postgres://h/d', 'postgres://h/d'],
    [`postgres://u:@${secret}@h/d`, 'postgres://u:***@h/d'],
    [`postgres://u:1/${secret}@h/d`, '***'],
    [`postgres://u:1?${secret}@h/d`, '***'],
    [`postgres://u:1#${secret}@h/d`, '***'],
    [`postgres:///d?password=${secret}`, '***'],
    [`host=h password=${secret}`, '***'],
    [`u/${secret}@h:1521/s`, '***'],
    [`u:${secret}@h/d`, '***'],
  ])('shows of %s: %s', (connection, shown) => {
    // Some of them are refused where a configuration is checked.
    const config = { ...parsed(), store: { client: 'pg' as const, connection } };
    expect(redactConfig(config)).toHaveProperty('store.connection', shown);
  });
});
