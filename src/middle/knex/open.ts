import type { Database } from '../../database/database.js';
import { together } from '../../database/pool-use.js';
import type { OpenMiddle } from '../open-middle.js';
import type { MiddleTables } from '../tables.js';
import { middleDialects } from './dialects.js';
import { KnexMiddleAdmin } from './middle-admin.js';
import { KnexMiddleDatabase } from './middle-database.js';

/** A middle database behind Knex; `searched` has the connections of bounded queries, and may be the same. */
export function openKnex(database: Database, searched: Database, ours: MiddleTables): OpenMiddle {
  const tables = { ...ours, dialect: middleDialects[database.dialect.name] };
  const isOne = searched === database;
  return {
    database: new KnexMiddleDatabase(database, tables),
    admin: new KnexMiddleAdmin(database, tables, searched),
    pool: () => (isOne ? database.pool() : together(database.pool(), searched.pool())),
    close: async () => {
      await Promise.all([database.close(), ...(isOne ? [] : [searched.close()])]);
    },
  };
}
