import pg from 'pg';
import type { PostgresAccess } from '../../support/postgres-database.js';

/** Works in a session of its own. */
export async function inSession<T>(
  access: PostgresAccess,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...access });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
