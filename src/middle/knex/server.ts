import type { Database } from '../../database/database.js';
import { defaultIsolation } from '../../database/default-isolation.js';
import type { Dialect } from '../../database/dialect.js';
import type { ServerDescription } from '../admin-port.js';

/** Columns product, version, character_set, user_name; and schema_name, a row for each. */
const description: Readonly<Record<Dialect['name'], string>> = {
  pg: `SELECT 'PostgreSQL' AS product, current_setting('server_version') AS version,
              current_setting('server_encoding') AS character_set, current_user AS user_name, n.nspname AS schema_name
       FROM (SELECT 1) AS server LEFT JOIN (pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n
         ON n.oid = c.relnamespace AND c.relkind IN ('r', 'p', 'v', 'f') AND c.relname = 'if_bnet_cust'
         AND has_schema_privilege(n.oid, 'USAGE')) ON TRUE
       ORDER BY n.nspname`,
  'better-sqlite3': `SELECT 'SQLite' AS product, sqlite_version() AS version, encoding AS character_set,
                            NULL AS user_name, NULL AS schema_name FROM pragma_encoding`,
};

/** Asks a database behind Knex what it is. */
export async function readServer(database: Database): Promise<ServerDescription> {
  const { rows } = await database.execute({ sql: description[database.dialect.name], bindings: [] });
  const [server] = rows;
  const isolation = await defaultIsolation(database);
  const user = server?.['user_name'];
  return {
    product: String(server?.['product']),
    version: String(server?.['version']),
    characterSet: String(server?.['character_set']),
    user: typeof user === 'string' ? user : null,
    schemas: rows.map((row) => row['schema_name']).filter((name) => typeof name === 'string'),
    isolation,
  };
}
