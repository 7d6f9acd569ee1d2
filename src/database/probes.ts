import type { RefusedPrivilege } from '../domain/refused-privilege.js';
import type { Database } from './database.js';
import type { Fragment } from './dialects/dialect.js';
import { DatabaseError, type DatabaseErrorKind } from './errors.js';

/** A privilege, and a statement that fails without it and changes no row. */
export interface Probe {
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
export async function refusedProbes<P extends Probe>(
  probes: readonly P[],
  execute: (sql: string) => Promise<unknown>,
): Promise<readonly (Omit<P, 'sql'> & RefusedPrivilege)[]> {
  const refused: (Omit<P, 'sql'> & RefusedPrivilege)[] = [];
  for (const { sql, ...probe } of probes) {
    try {
      await execute(sql);
    } catch (error) {
      if (!(error instanceof DatabaseError) || isOutage.has(error.kind)) throw error;
      const found = { ...probe, error: error.message };
      if (error.kind === 'unavailable') return [...refused, { ...found, isReadOnly: true }];
      refused.push(found);
    }
  }
  return refused;
}

/** Ends the transaction of a statement that was not refused. */
class RollBack extends Error {}

/** Runs a statement in a transaction of its own that is rolled back. */
export async function undone(database: Database, statement: Fragment): Promise<void> {
  try {
    await database.transaction(async (transaction) => {
      await transaction.execute(statement);
      throw new RollBack();
    });
  } catch (error) {
    if (!(error instanceof RollBack)) throw error;
  }
}
