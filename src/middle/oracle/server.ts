import { tableOf } from '../../domain/keys.js';
import type { ServerDescription } from '../admin-port.js';
import type { OracleDatabase } from './database.js';

/** The server, and the user we are connected as. */
export async function readServer(database: OracleDatabase): Promise<ServerDescription> {
  const [server] = await database.query({
    sql: `SELECT p.PRODUCT AS "product", p.VERSION AS "version", n.VALUE AS "character_set",
  SYS_CONTEXT('USERENV', 'SESSION_USER') AS "user"
FROM PRODUCT_COMPONENT_VERSION p, NLS_DATABASE_PARAMETERS n
WHERE p.PRODUCT LIKE '%Oracle%' AND n.PARAMETER = 'NLS_CHARACTERSET'`,
    binds: {},
    expected: 1,
  });
  const schemas = await database.query({
    sql: `SELECT c.OWNER AS "owner" FROM ALL_TAB_COLUMNS c
WHERE c.TABLE_NAME = '${tableOf.CUST}' AND c.COLUMN_ID = 1 ORDER BY c.OWNER`,
    binds: {},
    expected: 10,
  });
  return {
    product: String(server?.['product'] ?? 'Oracle Database').trim(),
    version: String(server?.['version'] ?? ''),
    characterSet: String(server?.['character_set'] ?? ''),
    user: typeof server?.['user'] === 'string' ? server['user'] : null,
    schemas: schemas.map((row) => String(row['owner'])),
    isolation: null,
    pooler: null,
  };
}
