import type { Executor } from '../../database/database.js';
import type { AuditRecord } from '../admin-port.js';
import type { Pause, PauseTarget } from '../port.js';
import { insertAction } from './audit.js';

/* Pauses in force, one row of sync_pause each. Workers read them at every check of their leases. */

/** Reads all pauses: tables first, then products, each in order. */
export async function readPauses(executor: Executor): Promise<readonly Pause[]> {
  const { rows } = await executor.execute({
    sql: `SELECT p.source, CAST(p.product_id AS TEXT) AS product_id, ${executor.dialect.instantText('p.since')} AS since_text,
                 p.who, p.reason
          FROM sync_pause AS p ORDER BY CASE WHEN p.source IS NULL THEN 1 ELSE 0 END, p.source DESC, p.product_id`,
    bindings: [],
  });
  return rows.map((row) => ({
    target: targetOf(row),
    since: String(row['since_text']),
    who: String(row['who']),
    reason: row['reason'] === null ? null : String(row['reason']),
  }));
}

/** Pauses a target and records it; false if already paused: the first record stays. */
export async function insertPause(
  executor: Executor,
  target: PauseTarget,
  action: AuditRecord,
): Promise<boolean> {
  const { rows } = await executor.execute({
    sql: `INSERT INTO sync_pause (source, product_id, since, who, reason) VALUES (?, ?, ${executor.dialect.now}, ?, ?)
          ON CONFLICT DO NOTHING RETURNING who`,
    bindings: [
      'source' in target ? target.source : null,
      'source' in target ? null : target.productId,
      action.who,
      action.reason,
    ],
  });
  if (rows.length === 0) return false;
  await insertAction(executor, action);
  return true;
}

/** Ends a pause and records it; false if there is none. */
export async function deletePause(
  executor: Executor,
  target: PauseTarget,
  action: AuditRecord,
): Promise<boolean> {
  const [column, value] = 'source' in target ? ['source', target.source] : ['product_id', target.productId];
  const { rows } = await executor.execute({
    sql: `DELETE FROM sync_pause WHERE ${column} = ? RETURNING who`,
    bindings: [value],
  });
  if (rows.length === 0) return false;
  await insertAction(executor, action);
  return true;
}

function targetOf(row: Readonly<Record<string, unknown>>): PauseTarget {
  if (row['source'] === null) return { productId: String(row['product_id']) };
  return { source: row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT' };
}
