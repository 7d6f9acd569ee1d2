import type { Executor } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import type { AuditEntry, AuditIntent, AuditOutcome, AuditRecord } from '../admin-port.js';

/*
 * What people did. An action that commits with its record is one row of sync_audit. Any other is two: an intent before,
 * and an outcome after, which names its intent and repeats who and which kind of action. Nothing here changes or
 * deletes a row.
 */

/** Records an action, by the store's clock. */
export async function insertAction(executor: Executor, action: AuditRecord): Promise<void> {
  await executor.execute({
    sql: `INSERT INTO sync_audit (at, who, via, action, what, rows, reason)
          VALUES (${executor.dialect.now}, ?, ?, ?, ?, ?, ?)`,
    bindings: [action.who, action.via, action.action, action.what, action.rows, action.reason],
  });
}

/** Records an intent; returns its id. */
export async function insertIntent(executor: Executor, intent: AuditIntent): Promise<string> {
  const { rows } = await executor.execute({
    sql: `INSERT INTO sync_audit (at, who, via, action, what, reason, phase)
          VALUES (${executor.dialect.now}, ?, ?, ?, ?, ?, 'intent') RETURNING CAST(id AS TEXT) AS id_text`,
    bindings: [intent.who, intent.via, intent.action, intent.what, intent.reason],
  });
  return String(rows[0]?.['id_text']);
}

/** Records the outcome of an intent; fails where it has one. */
export async function insertOutcome(
  executor: Executor,
  intentId: string,
  { what, rows }: AuditOutcome,
): Promise<void> {
  const { changed } = await executor.execute({
    sql: `INSERT INTO sync_audit (at, who, via, action, what, rows, phase, intent_id)
          SELECT ${executor.dialect.now}, i.who, i.via, i.action, ?, ?, 'outcome', i.id
          FROM sync_audit AS i WHERE i.id = ? AND i.phase = 'intent' RETURNING id`,
    bindings: [what, rows, intentId],
  });
  if (changed !== 1) throw new Error(`sync_audit has no intent ${intentId}`);
}

/** Reads one action with its outcome; null if the id is unknown. */
export async function readAction(executor: Executor, id: string): Promise<AuditEntry | null> {
  const [entry = null] = await readEntries(executor, { sql: 'a.id = ?', bindings: [id] });
  return entry;
}

/** Reads actions with their outcomes, newest first. */
export async function readActions(
  executor: Executor,
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<readonly AuditEntry[]> {
  return readEntries(executor, {
    sql: `${before === null ? 'TRUE' : 'a.id < ?'} ORDER BY a.id DESC LIMIT ${limit}`,
    bindings: before === null ? [] : [before],
  });
}

async function readEntries(executor: Executor, { sql, bindings }: Fragment): Promise<readonly AuditEntry[]> {
  const { instantText } = executor.dialect;
  const { rows } = await executor.execute({
    sql: `SELECT CAST(a.id AS TEXT) AS id_text, ${instantText('a.at')} AS at_text, a.who, a.via, a.action, a.what, a.rows,
                 a.reason, a.phase, ${instantText('o.at')} AS outcome_at, o.what AS outcome, o.rows AS outcome_rows
          FROM sync_audit AS a LEFT JOIN sync_audit AS o ON o.intent_id = a.id
          WHERE a.phase <> 'outcome' AND ${sql}`,
    bindings,
  });
  return rows.map(entryOf);
}

function entryOf(row: Readonly<Record<string, unknown>>): AuditEntry {
  const isIntent = row['phase'] === 'intent';
  const changed = isIntent ? row['outcome_rows'] : row['rows'];
  const outcome =
    row['outcome'] === null ? null : { at: String(row['outcome_at']), what: String(row['outcome']) };
  return {
    id: String(row['id_text']),
    at: String(row['at_text']),
    who: String(row['who']),
    via: row['via'] as AuditEntry['via'],
    action: row['action'] as AuditEntry['action'],
    what: String(row['what']),
    rows: changed === null ? null : Number(changed),
    reason: row['reason'] === null ? null : String(row['reason']),
    status: isIntent && outcome === null ? 'open' : 'done',
    outcome,
  };
}
