import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, describe } from 'vitest';
import { cannotConnect, classifyConnecting } from '../../../src/database/classify.js';
import { Database } from '../../../src/database/database.js';
import { DatabaseError } from '../../../src/database/errors.js';
import { expiredCertificate, openExpiredServer } from '../../support/expired-tls-server.js';
import { portOf } from '../../support/silent-server.js';

/** What a call fails with on a database that is reached in this way. */
async function failureOf(connection: Readonly<Record<string, unknown>>): Promise<unknown> {
  const database = new Database({
    name: 'product store',
    client: 'pg',
    connection: { user: 'u', password: 'hunter2', ...connection },
    applicationName: 'bnet-sync test',
    maxConnections: 1,
    callTimeoutMs: 5000,
    serverTimeoutMs: 5000,
  });
  try {
    return await database.execute({ sql: 'SELECT 1', bindings: [] }).catch((error: unknown) => error);
  } finally {
    await database.close();
  }
}

/** A socket with which the system refuses to connect. */
function refusedSocket(code: string): Socket {
  const socket = new Socket();
  socket.connect = () => {
    process.nextTick(() => socket.emit('error', Object.assign(new Error(`connect ${code}`), { code })));
    return socket;
  };
  return socket;
}

describe('a connection that cannot be made is a database that cannot be reached', () => {
  it.each(['ENOENT', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'EAI_FAIL'])(
    'whatever the system says: %s',
    async (code) => {
      const failure = await failureOf({ host: '127.0.0.1', stream: () => refusedSocket(code) });
      expect(failure).toBeInstanceOf(DatabaseError);
      expect(failure).toMatchObject({ kind: 'unreachable', code, database: 'product store' });
    },
  );

  it('where the Unix-domain socket is missing, as while the server restarts', async () => {
    const failure = await failureOf({ host: join(tmpdir(), 'bnet-sync-no-such-folder') });
    expect(failure).toMatchObject({ kind: 'unreachable', code: 'ENOENT' });
  });

  it('where the server’s certificate has expired', async () => {
    const server = await openExpiredServer('postgresql');
    try {
      const failure = await failureOf({
        host: 'localhost',
        port: portOf(server),
        ssl: { ca: expiredCertificate },
      });
      expect(failure).toMatchObject({ kind: 'unreachable', code: 'CERT_HAS_EXPIRED' });
    } finally {
      server.close();
    }
  });

  it('where each of a host’s addresses fails, with the first one’s words', () => {
    const first = Object.assign(new Error('connect EACCES ::1:5432'), { code: 'EACCES' });
    const failure = classifyConnecting(new AggregateError([first, new Error('connect EACCES 127.0.0.1')]));
    expect(failure).toMatchObject({ kind: 'unreachable', code: 'EACCES', message: first.message });
  });

  it('where the server says something that means another kind of trouble elsewhere', () => {
    for (const code of ['42501', '53300', '57014', '08006', 'XX000']) {
      const failure = classifyConnecting(Object.assign(new Error('no'), { code }));
      expect(failure).toMatchObject({ kind: 'unreachable', code });
    }
  });
});

describe('a connection that cannot be made is another matter', () => {
  it('where the credentials are refused', () => {
    for (const code of ['28P01', '28000']) {
      expect(classifyConnecting(Object.assign(new Error('no'), { code }))).toMatchObject({
        kind: 'credentials',
      });
    }
    const known = new DatabaseError('credentials', 'ORA-01017');
    expect(cannotConnect(known)).toBe(known);
  });

  it('where the driver cannot be loaded, or this program is at fault', () => {
    const notLoaded = Object.assign(new Error('NODE_MODULE_VERSION'), { code: 'ERR_DLOPEN_FAILED' });
    for (const error of [notLoaded, new TypeError('undefined is not a function'), 'text']) {
      expect(classifyConnecting(error)).toBe(error);
    }
  });
});
