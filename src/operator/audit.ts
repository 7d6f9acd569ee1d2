import { oneLine } from '../domain/foreign-text.js';
import type { AuditEntry, AuditRecord, StoreRecords } from '../store/records-port.js';
import { InvalidCursorError, type Actor } from './desk.js';

/** What is recorded of an action; `what` becomes JSON. */
export interface Action extends Omit<AuditRecord, 'who' | 'via' | 'what'> {
  readonly what: unknown;
}

/** The action took effect, and could not be recorded. */
class NotRecordedError extends Error {
  override readonly name = 'NotRecordedError';

  constructor({ action, rows }: Action, cause: unknown) {
    const changed = rows === null ? '' : `, ${rows} rows were changed`;
    const why = oneLine(cause instanceof Error ? cause.message : String(cause));
    super(`${action} was done${changed}, but it could not be recorded in sync_audit: ${why}`, { cause });
  }
}

/** Records an action after it took effect; NotRecordedError where that fails. */
export async function record(records: StoreRecords, actor: Actor, action: Action): Promise<void> {
  try {
    await records.recordAction({
      ...action,
      who: actor.name,
      via: actor.via,
      what: JSON.stringify(action.what),
    });
  } catch (error) {
    throw new NotRecordedError(action, error);
  }
}

/** Actions, newest first, those before an id; InvalidCursorError where it is none. */
export async function actions(
  records: StoreRecords,
  { limit, before }: { readonly limit: number; readonly before?: string },
): Promise<readonly AuditEntry[]> {
  if (before !== undefined && !/^\d{1,18}$/.test(before)) {
    throw new InvalidCursorError('an action is named by its number');
  }
  return records.actions({ before: before ?? null, limit });
}
