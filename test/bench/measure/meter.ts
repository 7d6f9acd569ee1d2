import type { BenchServer } from '../bench-server.js';

/** What a run cost one database; statements inside functions belong to the one that called them. */
export interface DatabaseCost {
  /** Statements as sent by the client, BEGIN and COMMIT included. */
  readonly statements: number;
  /** Pages of tables and indexes looked at, in the server's memory or not. */
  readonly blocks: number;
}

/** What a run cost the server. */
export interface Cost {
  readonly walBytes: number;
  readonly byDatabase: Readonly<Record<string, DatabaseCost>>;
}

/** Starts to count what happens in these databases, from a checkpoint on; the function returned reads the counters. */
export async function startMeter(
  server: BenchServer,
  databases: readonly string[],
): Promise<() => Promise<Cost>> {
  await server.query('CHECKPOINT');
  await server.query('SELECT pg_stat_statements_reset()');
  const before = await position(server);
  return async () => {
    const walBytes = (await position(server)) - before;
    const rows = await server.query(
      `SELECT d.datname AS name, sum(s.calls) AS statements, sum(s.shared_blks_hit + s.shared_blks_read) AS blocks
       FROM pg_stat_statements AS s JOIN pg_database AS d ON d.oid = s.dbid
       WHERE s.toplevel AND d.datname = ANY ($1) GROUP BY d.datname`,
      [databases],
    );
    const byDatabase = Object.fromEntries(
      rows.map(({ name, statements, blocks }) => [
        String(name),
        { statements: Number(statements), blocks: Number(blocks) },
      ]),
    );
    return { walBytes, byDatabase };
  };
}

/** The statements that a database was sent since the meter was started, and how often. */
export async function statementsSent(
  server: BenchServer,
  database: string,
): Promise<readonly { readonly calls: number; readonly text: string }[]> {
  const rows = await server.query(
    `SELECT s.calls, regexp_replace(s.query, '\\s+', ' ', 'g') AS text
     FROM pg_stat_statements AS s JOIN pg_database AS d ON d.oid = s.dbid
     WHERE s.toplevel AND d.datname = $1 ORDER BY s.calls DESC, text`,
    [database],
  );
  return rows.map(({ calls, text }) => ({ calls: Number(calls), text: String(text) }));
}

async function position(server: BenchServer): Promise<number> {
  const rows = await server.query(`SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS position`);
  return Number(rows[0]?.['position']);
}
