import { inject } from 'vitest';
import { createDatabaseOn, type PostgresAccess, type TestDatabase } from './postgres-database.js';

export { PostgresServer } from './postgres-server.js';
export type { PostgresAccess, TestDatabase } from './postgres-database.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this test run, or why there is none. */
    postgres: PostgresAccess | { readonly missing: string };
  }
}

/** Whether this run has a server. Without one, suites skip visibly: `describe.runIf(hasPostgres)(…)`. */
export const hasPostgres = !('missing' in inject('postgres'));

/** Creates an empty, uniquely named database on the server of this test run. */
export async function createDatabase(name?: string): Promise<TestDatabase> {
  const access = inject('postgres');
  if ('missing' in access) throw new Error(`This run has no PostgreSQL server: ${access.missing}`);
  return createDatabaseOn(access, name);
}
