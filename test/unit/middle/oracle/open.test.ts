import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../../src/database/errors.js';
import { openExpiredServer } from '../../../support/expired-tls-server.js';
import { portOf } from '../../../support/silent-server.js';
import {
  attributesOf,
  openOracleDatabase,
  type OpenOracleOptions,
} from '../../../../src/middle/oracle/open.js';
import { scaled } from '../../../support/time-factor.js';

describe('a connection as text', () => {
  it.each([
    ['u/p@h:1521/s', 'u', 'p', 'h:1521/s'],
    [' u/p@h/s ', 'u', 'p', 'h/s'],
    ['u/p@ISMP', 'u', 'p', 'ISMP'],
    ['u/p@ss@h/s', 'u', 'p@ss', 'h/s'],
    ['u/pa/ss@h:1521/s', 'u', 'pa/ss', 'h:1521/s'],
    ['u//p@/@@h/s', 'u', '/p@/@', 'h/s'],
    ['u/"p@ss/"@h/s', 'u', 'p@ss/', 'h/s'],
    ['u/ p @h/s', 'u', ' p ', 'h/s'],
    ['u/p\n@h/s', 'u', 'p\n', 'h/s'],
    ['bnet[ismp]/p@tcps://h:2484/s?a=b', 'bnet[ismp]', 'p', 'tcps://h:2484/s?a=b'],
    [
      'u/p@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=h)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=s/t)))',
      'u',
      'p',
      '(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=h)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=s/t)))',
    ],
  ])('%j is user, password and connect string', (text, user, password, connectString) => {
    expect(attributesOf(text)).toEqual({ user, password, connectString });
  });

  it('that reads otherwise is refused without being shown', () => {
    for (const text of ['hunter2', 'u/hunter2', 'u@h/hunter2'])
      expect(() => attributesOf(text)).toThrow(/^(?!.*hunter2).*user\/password@connectString/);
  });

  it('is as good as the attributes, which reach the driver as they are', () => {
    const attributes = { user: 'u', password: 'p', connectString: 'h/s', retryCount: 1 };
    expect(attributesOf(attributes)).toBe(attributes);
  });
});

describe('a way to Oracle that leads nowhere', () => {
  let server: Server;
  let port: number;
  beforeEach(async () => {
    server = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as { port: number });
  });
  afterEach(() => {
    server.close();
  });

  const failureOf = async (
    connection: OpenOracleOptions['connection'],
    settings: OpenOracleOptions['settings'] = {},
  ) => {
    const options = { name: 'middle database', applicationName: 'bnet-sync test', maxConnections: 2 };
    const database = openOracleDatabase({ ...options, connection, settings, callTimeoutMs: 500 });
    try {
      await database.query({ sql: 'SELECT 1 FROM DUAL', binds: {}, expected: 1 });
    } catch (error) {
      if (error instanceof DatabaseError) return error;
      throw error;
    } finally {
      await database.close();
    }
    throw new Error('a failure was expected');
  };
  // The driver loads the rest of itself at the first connection.
  beforeAll(() => failureOf('u/p@127.0.0.1:1/orcl').catch(() => undefined));
  const missing = join(tmpdir(), 'bnet-sync-no-such-folder');
  const to = (connectString: string, more: object = {}) => ({
    user: 'u',
    password: 'hunter2',
    connectString,
    ...more,
  });

  it.each([
    ['a wallet that is not there', () => to(`tcps://127.0.0.1:${port}/orcl`), `${missing}/ewallet.pem`],
    ['a server without TLS', () => to(`tcps://127.0.0.1:${port}/orcl`), 'no answer within 500 ms'],
    ['no server', () => `u/hunter2@tcps://127.0.0.1:1/orcl`, 'ECONNREFUSED'],
    ['a name without tnsnames.ora', () => to('ISMP', { configDir: missing }), 'tnsnames.ora not found'],
    ['a descriptor cut short', () => to('(DESCRIPTION=(ADDRESS='), 'NJS-5'],
    ['a port that cannot be', () => to('127.0.0.1:99999/orcl'), '99999'],
    ['no answer at all', () => to(`127.0.0.1:${port}/orcl`), 'no answer within 500 ms'],
  ])('is told in the driver’s words, soon: %s', async (what, connection, words) => {
    const settings = what.startsWith('a wallet')
      ? { walletLocation: missing, walletPassword: 'hunter2' }
      : {};
    const startedAt = Date.now();
    const failure = await failureOf(connection(), settings);
    expect(Date.now() - startedAt).toBeLessThan(scaled(2000));
    expect(failure).toMatchObject({ kind: 'unreachable', database: 'middle database' });
    expect(failure.message).toMatch(new RegExp(words));
    expect(failure.message).not.toContain('\n');
    expect(failure.message).not.toContain('hunter2');
  });

  it('is a server whose certificate has expired', async () => {
    const expired = await openExpiredServer('tls');
    try {
      const failure = await failureOf(to(`tcps://localhost:${portOf(expired)}/orcl`, { retryCount: 0 }));
      expect(failure.kind).toBe('unreachable');
      expect(failure.message).toMatch(/certificate/);
    } finally {
      expired.close();
    }
  });
});
