import { refusedProbes, type Probe } from '../database/probes.js';
import type { RefusedPrivilege } from '../domain/refused-privilege.js';
import { attributeTableOf, sources, tableOf, type Source } from '../domain/keys.js';

/*
 * SQL that every kind of database accepts. SQL for only one is in its adapter.
 */

/**
 * How long a row has been pending: an expression over its ages `created` and `changed` in seconds; 0 if they are ahead
 * of the clock, NULL if there are none.
 */
export const pendingFor = `CASE WHEN p.changed >= 0 AND (p.created IS NULL OR p.created < 0 OR p.changed < p.created) THEN p.changed
  WHEN p.created >= 0 THEN p.created WHEN p.created < 0 THEN 0 END`;

/** Table names in statements, and whether attribute rows are marked. */
export interface ProbedTables {
  readonly mainTable: (source: Source) => string;
  readonly attributeTable: (source: Source) => string;
  readonly markAttributes: boolean;
  /** Ends a SELECT that locks rows; empty if rows cannot be locked. */
  readonly lock: 'FOR UPDATE' | '';
}

/** Tries each privilege the worker needs (P10); see `refusedProbes`. */
export function refusedPrivileges(
  tables: ProbedTables,
  execute: (sql: string) => Promise<unknown>,
): Promise<readonly RefusedPrivilege[]> {
  return refusedProbes(probes(tables), execute);
}

/** One probe per table to read and lock, and per column to update. Oracle's READ privilege does not lock. */
function probes({ mainTable, attributeTable, markAttributes, lock }: ProbedTables): Probe[] {
  const needed = sources.flatMap((source) => [
    { name: tableOf[source], table: mainTable(source), columns: ['State', 'StateDate', 'ErrContent'] },
    {
      name: attributeTableOf[source],
      table: attributeTable(source),
      columns: markAttributes ? ['State', 'StateDate'] : [],
    },
  ]);
  return needed.flatMap(({ name, table, columns }) => [
    {
      privilege: `SELECT ON ${name}`,
      sql: `SELECT * FROM ${table} WHERE 1 = 0 ${columns.length === 0 ? '' : lock}`,
    },
    ...columns.map((column) => ({
      privilege: `UPDATE (${column}) ON ${name}`,
      sql: `UPDATE ${table} SET ${column} = NULL WHERE 1 = 0`,
    })),
  ]);
}
