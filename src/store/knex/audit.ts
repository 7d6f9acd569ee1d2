import type { Executor } from '../../database/database.js';
import type { AuditEntry, AuditRecord } from '../records-port.js';

/* What people did, one row of sync_audit each. Nothing here changes or deletes one. */

/** Records an action, by the store's clock. */
export async function insertAction(executor: Executor, action: AuditRecord): Promise<void> {
  await executor.execute({
    sql: `INSERT INTO sync_audit (at, who, via, action, what, rows, reason)
          VALUES (${executor.dialect.now}, ?, ?, ?, ?, ?, ?)`,
    bindings: [action.who, action.via, action.action, action.what, action.rows, action.reason],
  });
}

/** Reads actions, newest first. */
export async function readActions(
  executor: Executor,
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<readonly AuditEntry[]> {
  const { rows } = await executor.execute({
    sql: `SELECT CAST(a.id AS TEXT) AS id_text, ${executor.dialect.instantText('a.at')} AS at_text, a.who, a.via, a.action,
                 a.what, a.rows, a.reason
          FROM sync_audit AS a WHERE ${before === null ? 'TRUE' : 'a.id < ?'} ORDER BY a.id DESC LIMIT ${limit}`,
    bindings: before === null ? [] : [before],
  });
  return rows.map((row) => ({
    id: String(row['id_text']),
    at: String(row['at_text']),
    who: String(row['who']),
    via: row['via'] as AuditEntry['via'],
    action: row['action'] as AuditEntry['action'],
    what: String(row['what']),
    rows: row['rows'] === null ? null : Number(row['rows']),
    reason: row['reason'] === null ? null : String(row['reason']),
  }));
}
