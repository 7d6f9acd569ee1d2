import { DatabaseError, type DatabaseErrorKind } from '../database/errors.js';
import { attributeTableOf, sources, tableOf, type Source } from '../domain/keys.js';
import type { MiddleOperations } from './port.js';

/** How statements name the tables, and whether attribute rows are marked. */
export interface ProbedTables {
  readonly mainTable: (source: Source) => string;
  readonly attributeTable: (source: Source) => string;
  readonly markAttributes: boolean;
  /** What ends a SELECT that locks rows; empty where rows cannot be locked. */
  readonly lock: 'FOR UPDATE' | '';
}

/** A privilege the worker needs (P10) and a statement that fails without it and changes no row. */
interface Probe {
  /** As in GRANT: `UPDATE (State) ON IF_BNET_CUST`. */
  readonly privilege: string;
  readonly sql: string;
}

const isOutage: ReadonlySet<DatabaseErrorKind> = new Set([
  'unreachable',
  'credentials',
  'connectionLost',
  'timeout',
  'conflict',
  'locked',
]);

/** Tries each privilege; returns what is refused. Fails with the error of an outage, which tells nothing of privileges. */
export async function refusedPrivileges(
  tables: ProbedTables,
  execute: (sql: string) => Promise<unknown>,
): ReturnType<MiddleOperations['missingPrivileges']> {
  const refused: { privilege: string; error: string }[] = [];
  for (const { privilege, sql } of probes(tables)) {
    try {
      await execute(sql);
    } catch (error) {
      if (!(error instanceof DatabaseError) || isOutage.has(error.kind)) throw error;
      refused.push({ privilege, error: error.message });
    }
  }
  return refused;
}

/** One probe per table to read and to lock rows of, and column to update. Oracle's READ privilege does not lock. */
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
