import { z } from 'zod';
import { sources, tableOf } from '../domain/keys.js';
import type { FailedPosition, RowFilter } from '../middle/admin-port.js';
import type { StoreRecords } from '../store/admin-port.js';
import type { RecordedAction } from './contract/actions.js';
import type { Databases } from './databases.js';
import { cursorOf, datedFilter, positionOf } from './failed.js';
import { actionId } from './inputs.js';
import { namedFilter } from './named.js';
import type { MatchTarget } from './requests.js';

/*
 * The scope of a requeue by filter, and its record in the audit: the intent has the filter and the bound, the outcome
 * the position to continue from. Both are read again to continue an action that ended early.
 */

/** Which rows an action covers, and where it starts. */
export interface MatchScope {
  readonly filter: RowFilter;
  /** Only rows that failed until this second, by the middle database's clock, or have no StateDate. */
  readonly failedUntil: string;
  /** Null: nothing is left. */
  readonly after: FailedPosition | null;
  /** The action to continue; null: a new one. */
  readonly continues: string | null;
  /** Rows requeued by the actions it continues, as far as known. */
  readonly before: number;
}

/** There is no such action to continue. */
export class NothingToContinueError extends Error {
  override readonly name = 'NothingToContinueError';

  constructor(id: string, why: string) {
    super(`action ${id} cannot be continued: ${why}`);
  }
}

/** The scope of a new action, or of one to continue; NothingToContinueError if there is none. */
export async function scopeOf({ middle, store }: Databases, target: MatchTarget): Promise<MatchScope> {
  if ('continues' in target)
    return continued(target.continues, await actionOf(store.records, target.continues));
  const failedUntil = await middle.now();
  const after = beforeAll(failedUntil);
  const filter = await datedFilter(middle, target.filter);
  return { filter, failedUntil, after, continues: null, before: 0 };
}

/** What an intent records of it. */
export function intentOf({ filter, failedUntil, continues, before }: MatchScope): object {
  return { filter: namedFilter(filter), failedUntil, ...(continues !== null && { continues, before }) };
}

/** What an outcome records; `left` is where to continue, null: nothing is left. */
export function outcomeOf(matched: number, left: FailedPosition | null): object {
  return { matched, left: left === null ? null : cursorOf(left) };
}

const text = z.string().optional();

const intentSchema = z.object({
  filter: z.strictObject({
    ...{ table: z.enum(['IF_BNET_CUST', 'IF_BNET_ACCOUNT']).optional(), code: text.nullable() },
    ...{ productId: text, custId: text, userId: text, opFlag: text, since: text, until: text, text },
  }),
  failedUntil: z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
  before: z.int().min(0).default(0),
});

const outcomeSchema = z.object({ left: z.string().nullable() });

async function actionOf(records: StoreRecords, id: string): Promise<RecordedAction> {
  const entry = actionId.safeParse(id).success ? await records.action(id) : null;
  if (entry?.action !== 'requeue-matching')
    throw new NothingToContinueError(id, 'the audit has no requeue by filter of this number');
  return entry;
}

function continued(id: string, entry: RecordedAction): MatchScope {
  const record = matchRecord(entry);
  if (record === null)
    throw new NothingToContinueError(id, 'it was recorded by an older version, without the bound it needs');
  const { filter, failedUntil, before, left } = record;
  return { filter, failedUntil, after: left, continues: id, before: before + (entry.rows ?? 0) };
}

/** The audit record of a requeue by filter. */
export interface MatchRecord {
  readonly filter: RowFilter;
  readonly failedUntil: string;
  /** Rows requeued by the actions it continues. */
  readonly before: number;
  /** Where to continue: without an outcome its progress is unknown, so from the start. Null: nothing is left. */
  readonly left: FailedPosition | null;
}

/** Reads the record of a requeue by filter; null if it is none, or has no bound. */
export function matchRecord({ action, what, outcome }: RecordedAction): MatchRecord | null {
  if (action !== 'requeue-matching') return null;
  const intent = intentSchema.safeParse(JSON.parse(what));
  if (!intent.success) return null;
  const { filter, failedUntil, before } = intent.data;
  const { table, ...rest } = filter;
  const source = sources.find((each) => tableOf[each] === table);
  const named = Object.entries({ ...rest, source }).filter(([, value]) => value !== undefined);
  const left = outcome === null ? beforeAll(failedUntil) : leftOf(outcome.what);
  return { filter: Object.fromEntries(named), failedUntil, before, left };
}

function leftOf(what: string): FailedPosition | null {
  const { left } = outcomeSchema.parse(JSON.parse(what));
  return left === null ? null : positionOf(left);
}

/** The position before all rows that failed until this second. */
function beforeAll(failedUntil: string): FailedPosition {
  const next = new Date(Date.parse(`${failedUntil.replace(' ', 'T')}Z`) + 1000);
  return { source: 'CUST', streamingNo: '0', stateDate: next.toISOString().slice(0, 19).replace('T', ' ') };
}
