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

/** Units are given none, though what they import may be made for suites that are. */
const provided = (inject('postgres') as ReturnType<typeof inject<'postgres'>> | undefined) ?? {
  missing: 'units have none',
};

/** Whether this run has a server. Without one, suites skip visibly: `describe.runIf(hasPostgres)(…)`. */
export const hasPostgres = !('missing' in provided);

/** Creates an empty, uniquely named database on the server of this test run. */
export async function createDatabase(name?: string): Promise<TestDatabase> {
  if ('missing' in provided) throw new Error(`This run has no PostgreSQL server: ${provided.missing}`);
  return createDatabaseOn(provided, name);
}
