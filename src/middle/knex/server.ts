import type { Database } from '../../database/database.js';
import type { ServerDescription } from '../admin-port.js';
import { middleDialects } from './dialects.js';

/** The server, and the user we are connected as. */
export async function readServer(database: Database): Promise<ServerDescription> {
  const { rows } = await database.execute({
    sql: middleDialects[database.dialect.name].server,
    bindings: [],
  });
  const [server] = rows;
  const isolation = await database.defaultIsolation();
  const user = server?.['user_name'];
  return {
    product: String(server?.['product']),
    version: String(server?.['version']),
    characterSet: String(server?.['character_set']),
    user: typeof user === 'string' ? user : null,
    schemas: rows.map((row) => row['schema_name']).filter((name) => typeof name === 'string'),
    isolation,
    pooler: await database.pooler(),
  };
}
