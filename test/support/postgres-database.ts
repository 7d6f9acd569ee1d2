import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** How to reach a server as a user who may create databases; `database` is where that user logs in. */
export interface PostgresAccess {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** A database of one test. */
export interface TestDatabase {
  readonly connection: PostgresAccess;
  readonly url: string;
  /** Deletes the database, ending the sessions that still use it. */
  drop(): Promise<void>;
}

/** Creates an empty database in UTF-8 with a name nobody else has; `name` starts it, to recognise it by. */
export async function createDatabaseOn(access: PostgresAccess, name = 'test'): Promise<TestDatabase> {
  const prefix = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  const database = `${prefix.slice(0, 40)}_${randomBytes(6).toString('hex')}`;
  await queryOn(
    access,
    `CREATE DATABASE "${database}" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
  );
  const connection = { ...access, database };
  return {
    connection,
    url: toUrl(connection),
    drop: async () => {
      await queryOn(access, `DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
    },
  };
}

/** Reads `postgresql://user:password@host:port/database`. */
export function accessFromUrl(text: string): PostgresAccess {
  const url = new URL(text);
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username) || 'postgres',
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || 'postgres',
  };
}

function toUrl({ host, port, user, password, database }: PostgresAccess): string {
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `postgresql://${login}@${host}:${port}/${encodeURIComponent(database)}`;
}

/** Runs a statement in a session of its own. */
export async function queryOn<Row extends pg.QueryResultRow>(
  access: PostgresAccess,
  statement: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ ...access });
  // A connection that breaks is an error of the statement as well.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(statement, values)).rows;
  } finally {
    await client.end();
  }
}
