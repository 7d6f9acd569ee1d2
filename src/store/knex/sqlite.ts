import type { Executor } from '../../database/database.js';
import type { Place, PlaceRequest, StoreDialect } from './dialect.js';

/** The product store on SQLite. */
export const sqliteStore: StoreDialect = {
  types: {
    number: 'text',
    instant: 'text',
    text: () => 'text',
    identity: 'integer PRIMARY KEY AUTOINCREMENT',
    replicateWhole: () => [],
    tidyAfter: () => [],
  },
  serverName: null,
  user: null,
  migrationLock: null,
  readPlace,
  readReplication: async () => null,
};

async function readPlace(executor: Executor, { record }: PlaceRequest): Promise<Place> {
  const { rows } = await executor.execute({
    sql: `SELECT DISTINCT lower(name) AS name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY 1`,
    bindings: [],
  });
  const present = rows.map((row) => String(row['name']));
  const isRecorded = present.includes(record);
  return { schema: null, noSchema: null, encoding: null, elsewhere: [], present, isRecorded };
}
