import pg from 'pg';
import { until } from './until.js';
import type { PostgresAccess } from './postgres-database.js';

/** A session of a test's own on a server, to hold locks with, to look at others, and to end them. */
export interface Session {
  query(sql: string, values?: unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** Waits until so many other sessions on this database wait for a lock; returns their process ids. */
  untilWaiting(sessions: number): Promise<readonly number[]>;
  /** Ends the session of a process, as an administrator does; returns when it is gone. */
  terminate(pid: number): Promise<void>;
  close(): Promise<void>;
}

/** Logs in. */
export async function openSession(access: PostgresAccess): Promise<Session> {
  const client = new pg.Client({ ...access });
  client.on('error', () => undefined);
  await client.connect();
  const query = async (sql: string, values?: unknown[]) =>
    (await client.query<Record<string, unknown>>(sql, values)).rows;
  const waiting = async () => {
    // The activity of one transaction is a snapshot of its first look.
    await client.query('SELECT pg_stat_clear_snapshot()');
    const rows = await query(
      `SELECT pid FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock' ORDER BY pid`,
    );
    return rows.map((row) => Number(row['pid']));
  };
  return {
    query,
    untilWaiting: (sessions) =>
      until(`${sessions} sessions wait for a lock`, async () => {
        const pids = await waiting();
        return pids.length === sessions ? pids : null;
      }),
    terminate: async (pid) => {
      await query('SELECT pg_terminate_backend($1)', [pid]);
      await until('the session is gone', async () => {
        await client.query('SELECT pg_stat_clear_snapshot()');
        return (await query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid])).length === 0;
      });
    },
    close: () => client.end(),
  };
}
