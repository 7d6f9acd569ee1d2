import { execFileSync } from 'node:child_process';
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openStoreDatabase } from '../../src/app/open-databases.js';
import { parseConfig } from '../../src/config/parse.js';
import type { Database } from '../../src/database/database.js';
import { hasPostgres, PostgresServer } from '../support/postgres.js';
import { giveTo, run, serverUser } from '../support/postgres-programs.js';
import { queryOn } from '../support/postgres-database.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/** One of two names of this machine that lead to a server everywhere, with a certificate for no other. */
const names = ['localhost', '127.0.0.1'] as const;

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.runIf(hasPostgres && hasOpenssl())(
  'several hosts of PostgreSQL, each with its own certificate',
  () => {
    const folder = temporaryFolder();
    let servers: readonly PostgresServer[];
    let ports: readonly number[];
    let authority: string;
    const opened: Database[] = [];
    beforeAll(async () => {
      const openssl = (...args: string[]) => run('openssl', args, { cwd: folder() });
      const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      await openssl(
        ...[
          'req',
          '-x509',
          ...newKey,
          '-keyout',
          'ca.key',
          '-out',
          'ca.pem',
          '-subj',
          '/CN=test',
          '-days',
          '2',
        ],
      );
      authority = join(folder(), 'ca.pem');
      servers = await Promise.all(
        names.map(async (name, index) => {
          const [key, request, certificate] = [`${index}.key`, `${index}.csr`, `${index}.pem`];
          await openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', '/CN=server');
          const kind = name === 'localhost' ? 'DNS' : 'IP';
          await writeFile(join(folder(), `${index}.ext`), `subjectAltName=${kind}:${name}\n`);
          await openssl(
            ...[
              'x509',
              '-req',
              '-in',
              request,
              '-CA',
              'ca.pem',
              '-CAkey',
              'ca.key',
              '-CAcreateserial',
              '-days',
              '2',
            ],
            ...['-extfile', `${index}.ext`, '-out', certificate],
          );
          return serverWith(join(folder(), key), join(folder(), certificate));
        }),
      );
      ports = servers.map(({ access }) => access.port);
    });
    afterEach(() => Promise.all(opened.splice(0).map((database) => database.close())));
    afterAll(() => Promise.all(servers.map((server) => server.remove())));

    /** The server reads them from its own folder, where they must belong to its user. */
    async function serverWith(key: string, certificate: string): Promise<PostgresServer> {
      const server = new PostgresServer();
      await server.start();
      for (const [file, name] of [
        [key, 'server.key'],
        [certificate, 'server.crt'],
      ] as const) {
        const own = join(server.dataFolder, name);
        await copyFile(file, own);
        await chmod(own, 0o600);
        await giveTo(await serverUser(), own);
      }
      await queryOn(server.access, `ALTER SYSTEM SET ssl = on`);
      await queryOn(server.access, 'SELECT pg_reload_conf()');
      await until('the server has TLS', async () => {
        const [row] = await queryOn<{ ssl: string }>(server.access, 'SHOW ssl');
        return row?.ssl === 'on';
      });
      return server;
    }

    function open(connection: unknown): Database {
      const middle = { client: 'better-sqlite3', connection: 'unused.db' };
      const config = parseConfig({ middle, store: { client: 'pg', connection } }, '/tmp');
      const database = openStoreDatabase(config, { applicationName: 'bnet-sync tls', maxConnections: 1 });
      opened.push(database);
      return database;
    }
    const used = async (database: Database) => {
      const sql = 'SELECT inet_server_port() AS port, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
      const { rows } = await database.execute({ sql, bindings: [] });
      return [Number(rows[0]?.['port']), rows[0]?.['ssl']];
    };

    const forms = async (hosts: readonly string[]): Promise<[string, unknown][]> => {
      const login = { user: 'postgres', password: 'postgres', database: 'postgres' };
      const list = hosts.map((host, index) => ({ host, port: ports[index] }));
      const url = `postgres://postgres:postgres@${list.map(({ host, port }) => `${host}:${port}`).join(',')}/postgres`;
      return [
        ['a URL', `${url}?sslmode=verify-full&sslrootcert=${authority}`],
        ['a list', { ...login, hosts: list, ssl: { ca: await readFile(authority, 'utf8') } }],
      ];
    };

    it('are checked each against its own name, in a URL and in a list', async () => {
      const databases = (await forms(names)).map(([, connection]) => open(connection));
      for (const database of databases) expect(await used(database)).toEqual([ports[0], true]);
      await servers[0]?.stop();
      try {
        for (const database of databases) {
          await until('the second host is used', async () => {
            const [port, ssl] = await used(database).catch(() => []);
            return port === ports[1] && ssl === true;
          });
        }
      } finally {
        await servers[0]?.start();
      }
    });

    it('are left out where the certificate is for another name', async () => {
      for (const [form, connection] of await forms([names[1], names[1]])) {
        expect([form, ...(await used(open(connection)))]).toEqual([form, ports[1], true]);
      }
      for (const [, connection] of await forms([names[1], names[0]])) {
        await expect(used(open(connection))).rejects.toThrow(
          /^no host accepts writes: 127\.0\.0\.1:\d+ failed: Hostname\/IP does not match .*, localhost:\d+ failed: Hostname\/IP does not match /,
        );
      }
    });

    it('are left out where the authority is another', async () => {
      const connection = (await forms(names))
        .map(([, form]) => form)
        .find((form) => typeof form === 'object');
      const database = open({ ...(connection as object), ssl: true });
      await expect(used(database)).rejects.toMatchObject({
        kind: 'unreachable',
        message: expect.stringMatching(
          /^no host accepts writes: localhost:\d+ failed: .*certificate.*127\.0\.0\.1/,
        ) as string,
      });
    });
  },
);
