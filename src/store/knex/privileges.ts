import type { Database } from '../../database/database.js';
import { refusedProbes, undone, type Probe } from '../../database/probes.js';
import type { MissingStorePrivileges } from '../admin-port.js';
import { storeDialects } from './dialects.js';
import { migrationTable } from './migrations.js';

/*
 * What workers and people do with the tables of the product store, as in sql/postgresql/grants-store.sql. Each is tried
 * by a statement over no row, in a transaction of its own that is rolled back.
 */

interface Need {
  readonly tables: readonly string[];
  readonly neededBy: MissingStorePrivileges['refused'][number]['neededBy'];
  readonly reads?: true;
  /** A column that a row is inserted with. */
  readonly inserts?: string;
  /** Columns that are updated; one stands for all if every column is. */
  readonly updates?: readonly string[];
  /** As in GRANT, if only some columns are updated. */
  readonly updatesOnly?: true;
  readonly deletes?: true;
}

const worker = { neededBy: 'worker', reads: true } as const;
const people = { neededBy: 'people' } as const;
const verify = { neededBy: 'verify', reads: true } as const;

const needs: readonly Need[] = [
  { ...worker, tables: ['bnet_customer', 'bnet_account'], inserts: 'cust_id', updates: ['status'] },
  { ...worker, tables: ['bnet_customer_attr', 'bnet_account_attr'], inserts: 'cust_id', deletes: true },
  { ...worker, tables: ['sync_journal'], inserts: 'source', updates: ['superseded'], updatesOnly: true },
  { ...worker, tables: ['sync_shard'], updates: ['owner'] },
  { ...worker, tables: ['sync_worker'], inserts: 'worker_id', updates: ['heartbeat_at'], deletes: true },
  { ...worker, tables: ['sync_crash'], inserts: 'source', deletes: true },
  { ...worker, tables: ['sync_deferral'], inserts: 'source', updates: ['tries'], deletes: true },
  { ...worker, tables: ['sync_activity'], inserts: 'bucket', updates: ['rows'], deletes: true },
  { ...worker, tables: ['sync_pause'] },
  { ...worker, tables: ['sync_guard'], inserts: 'alarm_id' },
  { ...worker, tables: ['sync_origin'], inserts: 'product_id' },
  { ...worker, tables: [migrationTable] },
  { ...people, tables: ['sync_pause'], inserts: 'who', deletes: true },
  { ...people, tables: ['sync_audit'], reads: true, inserts: 'who' },
  { ...people, tables: ['sync_guard'], updates: ['closed_at', 'closed_by'], updatesOnly: true },
  { ...people, tables: ['sync_origin'], updates: ['middle_clock', 'recorded_at'], updatesOnly: true },
  { ...verify, tables: ['sync_verification'], inserts: 'who', updates: ['state'], deletes: true },
  { ...verify, tables: ['sync_difference'], inserts: 'run_id', deletes: true },
];

/** Tries everything; see `refusedProbes`. */
export async function missingPrivileges(database: Database): Promise<MissingStorePrivileges> {
  const refused = await refusedProbes(needs.flatMap(probesOf), (sql) =>
    undone(database, { sql, bindings: [] }),
  );
  return { user: refused.length === 0 ? null : await userOf(database), refused };
}

function probesOf(need: Need): (Probe & Pick<Need, 'neededBy'>)[] {
  const { tables, neededBy, reads, inserts, updates = [], updatesOnly, deletes } = need;
  return tables.flatMap((table) => {
    const probe = (action: string, sql: string) => ({ neededBy, privilege: `${action} ON ${table}`, sql });
    const columns = updatesOnly === true ? ` (${updates.join(', ')})` : '';
    return [
      ...(reads === true ? [probe('SELECT', `SELECT 1 FROM ${table} WHERE 1 = 0`)] : []),
      // Reads no table: reading may be refused for another reason.
      ...(inserts === undefined
        ? []
        : [probe('INSERT', `INSERT INTO ${table} (${inserts}) SELECT NULL WHERE 1 = 0`)]),
      ...(updates.length === 0
        ? []
        : [
            probe(
              `UPDATE${columns}`,
              `UPDATE ${table} SET ${updates.map((column) => `${column} = NULL`).join(', ')} WHERE 1 = 0`,
            ),
          ]),
      ...(deletes === true ? [probe('DELETE', `DELETE FROM ${table} WHERE 1 = 0`)] : []),
    ];
  });
}

async function userOf(database: Database): Promise<string | null> {
  const sql = storeDialects[database.dialect.name].user;
  if (sql === null) return null;
  const { rows } = await database.execute({ sql, bindings: [] });
  return String(rows[0]?.['name']);
}
