import { attributeTableOf, sources, tableOf } from '../../domain/keys.js';
import { attributeTable, mainTable, type MiddleTables } from './tables.js';

/** A privilege the worker needs (P10) and a statement that fails without it and changes no row. */
export interface Probe {
  /** As in GRANT: `UPDATE (State) ON IF_BNET_CUST`. */
  readonly privilege: string;
  readonly sql: string;
}

/** One probe per table to read and column to update. */
export function probes(tables: MiddleTables): Probe[] {
  const needed = sources.flatMap((source) => [
    {
      name: tableOf[source],
      table: mainTable(tables, source),
      columns: ['State', 'StateDate', 'ErrContent'],
    },
    {
      name: attributeTableOf[source],
      table: attributeTable(tables, source),
      columns: tables.markAttributes ? ['State', 'StateDate'] : [],
    },
  ]);
  return needed.flatMap(({ name, table, columns }) => [
    { privilege: `SELECT ON ${name}`, sql: `SELECT * FROM ${table} WHERE 1 = 0` },
    ...columns.map((column) => ({
      privilege: `UPDATE (${column}) ON ${name}`,
      sql: `UPDATE ${table} SET ${column} = NULL WHERE 1 = 0`,
    })),
  ]);
}
