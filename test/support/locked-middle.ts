import pg from 'pg';
import type { Pair } from './databases.js';

/** A session that locks IF_BNET_CUST of a PostgreSQL middle database: whoever wants to read it waits. */
export async function lockMiddle({
  connections,
}: Pick<Pair, 'connections'>): Promise<{ release(): Promise<void> }> {
  const client = new pg.Client(connections.middle.connection);
  await client.connect();
  await client.query('BEGIN; LOCK TABLE IF_BNET_CUST IN ACCESS EXCLUSIVE MODE');
  return { release: () => client.end() };
}
