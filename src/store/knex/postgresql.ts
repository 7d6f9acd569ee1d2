import type { Executor } from '../../database/database.js';
import { arrayLiteral } from '../../database/dialects/postgresql.js';
import type { Place, PlaceRequest, StoreDialect } from './dialect.js';
import { readReplication } from './postgresql-replication.js';

/** The name of a server that takes no changes. */
export const inRecovery = 'in recovery';

/** After a promotion the control file keeps the old timeline for a while. A subquery is evaluated once a statement. */
const serverName = `
  (SELECT CASE WHEN pg_is_in_recovery() THEN '${inRecovery}'
     ELSE concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
       substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
       (SELECT oid FROM pg_database WHERE datname = current_database()), to_regclass('sync_shard')::oid) END)`;

/** The product store on PostgreSQL. */
export const pgStore: StoreDialect = {
  types: {
    number: 'numeric(30,0)',
    instant: 'timestamptz',
    text: (length) => `varchar(${length})`,
    identity: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
    replicateWhole: (table) => [`ALTER TABLE ${table} REPLICA IDENTITY FULL`],
    tidyAfter: (table, rows) => [
      `ALTER TABLE ${table} SET (
         autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = ${rows},
         autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = ${rows})`,
    ],
  },
  serverName,
  user: 'SELECT current_user AS name',
  migrationLock: `hashtext('bnet-sync migrate'), hashtext(coalesce(current_schema(), ''))`,
  readPlace,
  readReplication,
};

async function readPlace(executor: Executor, { chosen, record, tables }: PlaceRequest): Promise<Place> {
  const { rows } = await executor.execute({
    sql: `WITH home AS MATERIALIZED (
            SELECT coalesce((SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                             WHERE c.oid = to_regclass('${record}')), current_schema())::text AS schema)
          SELECT home.schema, current_setting('server_encoding') AS encoding,
                 to_regclass('${record}') IS NOT NULL AS recorded,
                 ARRAY(SELECT c.relname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                       WHERE n.nspname = home.schema AND c.relname = ANY(?::text[]) ORDER BY 1) AS present,
                 ARRAY(SELECT n.nspname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                       WHERE c.relname = '${record}' AND n.nspname IS DISTINCT FROM home.schema
                         AND EXISTS (SELECT 1 FROM pg_class AS j
                                     WHERE j.relnamespace = n.oid AND j.relname = 'sync_journal')
                       ORDER BY 1 LIMIT 5) AS elsewhere
          FROM home`,
    bindings: [arrayLiteral(tables, (table) => table)],
  });
  const [row = {}] = rows;
  const isRecorded = row['recorded'] === true;
  const schema = (row['schema'] as string | null | undefined) ?? null;
  return {
    schema,
    noSchema: schema === null ? noSchema(chosen) : null,
    encoding: String(row['encoding']),
    present: (row['present'] as string[] | undefined) ?? [],
    elsewhere: isRecorded || chosen !== undefined ? [] : ((row['elsewhere'] as string[] | undefined) ?? []),
    isRecorded,
  };
}

function noSchema(chosen: string | undefined): string {
  return chosen === undefined
    ? "no schema of the connection's search_path exists, or its role has no USAGE on any"
    : `the schema "${chosen}" does not exist in the database of the product store, or its role has no USAGE on it`;
}
