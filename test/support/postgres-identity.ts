import { randomBytes } from 'node:crypto';
import { type PostgresAccess, queryOn } from './postgres-database.js';

/** Which server a session is on: a primary and its standbys are one system; each promotion begins a timeline. */
export interface ServerIdentity {
  readonly system: string;
  readonly timeline: string;
}

/** Reads it from a server that accepts writes; one in recovery refuses (55000). */
export async function identityOf(access: PostgresAccess): Promise<ServerIdentity | undefined> {
  const rows = await queryOn<{ system: string; timeline: string }>(
    access,
    `SELECT system_identifier::text AS system, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline
     FROM pg_control_system()`,
  );
  return rows[0];
}

/** Creates a role that may log in and nothing else; returns how it does. Roles belong to the server, not to a database. */
export async function createLoginRole(access: PostgresAccess): Promise<PostgresAccess> {
  const user = `login_${randomBytes(6).toString('hex')}`;
  await queryOn(access, `CREATE ROLE ${user} LOGIN PASSWORD 'login'`);
  return { ...access, user, password: 'login' };
}
