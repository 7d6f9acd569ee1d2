import type { StoreRecords } from '../store/admin-port.js';
import type { PauseTarget } from '../store/port.js';
import { takeRecorded } from './audit.js';
import type { Actor } from './contract/actions.js';
import { namedTarget } from './named.js';

/** What to pause or resume, and why. */
export interface PauseRequest {
  readonly target: PauseTarget;
  readonly reason: string | null;
}

/** Pauses a table or a product; false if already paused. */
export async function pause(
  records: StoreRecords,
  actor: Actor,
  { target, reason }: PauseRequest,
): Promise<boolean> {
  const action = { action: 'pause', what: namedTarget(target), rows: null, reason } as const;
  return takeRecorded(actor, action, (record) => records.pause(target, record));
}

/** Ends a pause; false if there is none. */
export async function resume(
  records: StoreRecords,
  actor: Actor,
  { target, reason }: PauseRequest,
): Promise<boolean> {
  const action = { action: 'resume', what: namedTarget(target), rows: null, reason } as const;
  return takeRecorded(actor, action, (record) => records.resume(target, record));
}
