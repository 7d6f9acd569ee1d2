import { DatabaseError } from '../database/errors.js';
import { oneLine } from '../domain/foreign-text.js';
import type { AuditRecord, StoreRecords } from '../store/admin-port.js';
import type { Actor } from './contract/actions.js';

/*
 * No action without its record. A change to the product store commits with its record. What one transaction cannot
 * hold, because it changes the middle database or runs in sets, has an intent committed before and an outcome after,
 * however it ended. An intent without an outcome is shown as open: the action is under way, or its process ended first.
 */

/** The record of an action; `what` becomes JSON. */
export interface Action extends Omit<AuditRecord, 'who' | 'via' | 'what'> {
  readonly what: object;
}

/** An action that is recorded before it runs. */
export type Intent = Omit<Action, 'rows'>;

/** The outcome; `what` becomes JSON. */
export interface ActionOutcome {
  readonly what: object;
  /** How many rows it changed. */
  readonly rows: number;
}

/** The product store did not accept an action's record; `cause` says why. The message is a line without secrets. */
export class RecordError extends Error {
  override readonly name: string = 'RecordError';
}

/** The action was not taken, because it could not be recorded. Nothing was changed. */
export class NotTakenError extends RecordError {
  override readonly name = 'NotTakenError';

  constructor(action: AuditRecord['action'], cause: DatabaseError) {
    super(`${action}: nothing was changed, because no action is taken without its record in sync_audit`, {
      cause,
    });
  }
}

/** The action ended, but its outcome could not be recorded: the record has only its intent. */
class OutcomeNotRecordedError extends RecordError {
  override readonly name = 'OutcomeNotRecordedError';

  constructor(intentId: string, { action }: Intent, { rows }: ActionOutcome, cause: unknown) {
    const changed = `${rows} rows were changed, but this could not be recorded in sync_audit`;
    super(`${action}: ${changed} beside the intent, action ${intentId}`, { cause });
  }
}

/** Takes an action whose record commits with it; NotTakenError if the store refused that. */
export async function takeRecorded<T>(
  actor: Actor,
  { action, what, rows, reason }: Action,
  take: (record: AuditRecord) => Promise<T>,
): Promise<T> {
  const record = { who: actor.name, via: actor.via, action, what: JSON.stringify(what), rows, reason };
  return orNotTaken(action, () => take(record));
}

/** Takes an action with its intent recorded before, and its outcome so far after, however it ends. */
export async function takeIntended<T>(
  records: StoreRecords,
  actor: Actor,
  intent: Intent,
  {
    take,
    outcome,
  }: { readonly take: (intentId: string) => Promise<T>; readonly outcome: () => ActionOutcome },
): Promise<T> {
  const { action, reason } = intent;
  const what = JSON.stringify(intent.what);
  const recorded = { who: actor.name, via: actor.via, action, what, reason };
  const intentId = await orNotTaken(action, () => records.intend(recorded));
  const ended = await settled(() => take(intentId));
  const { rows, what: done } = outcome();
  const recordedOutcome = 'error' in ended ? { ...done, error: messageOf(ended.error) } : done;
  try {
    await records.conclude(intentId, { what: JSON.stringify(recordedOutcome), rows });
  } catch (error) {
    throw new OutcomeNotRecordedError(intentId, intent, { what: recordedOutcome, rows }, error);
  }
  if ('error' in ended) throw ended.error;
  return ended.result;
}

/** If the answer to a commit was lost, both the action and its record may have taken effect. */
async function orNotTaken<T>(action: AuditRecord['action'], take: () => Promise<T>): Promise<T> {
  try {
    return await take();
  } catch (error) {
    const changedNothing = error instanceof DatabaseError && error.kind !== 'commitUnknown';
    throw changedNothing ? new NotTakenError(action, error) : error;
  }
}

async function settled<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T } | { readonly error: unknown }> {
  try {
    return { result: await work() };
  } catch (error) {
    return { error };
  }
}

function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error));
}
