import type { Executor } from './database.js';

/**
 * The level at which PostgreSQL begins transactions by itself, as server, database and role say, such as `repeatable read`;
 * null where there are no levels. Our own sessions do not go by it (knex-config.ts).
 */
export async function defaultIsolation(database: Executor): Promise<string | null> {
  if (database.dialect.name !== 'pg') return null;
  const { rows } = await database.execute({
    sql: `SELECT reset_val AS level FROM pg_catalog.pg_settings WHERE name = 'default_transaction_isolation'`,
    bindings: [],
  });
  const level = rows[0]?.['level'];
  return typeof level === 'string' ? level : null;
}
