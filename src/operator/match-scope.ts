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
 * What a requeue by filter is about, and how the audit keeps it: the intent has the filter and the bound, the outcome the
 * place to go on from. Both are read again when an action that ended early is gone on with.
 */

/** Which rows an action is about, and where it begins. */
export interface MatchScope {
  readonly filter: RowFilter;
  /** Only rows that failed until this second, by the middle database's clock, or have no StateDate. */
  readonly failedUntil: string;
  /** Null: nothing is left. */
  readonly after: FailedPosition | null;
  /** The action that is gone on with; null: it is a new one. */
  readonly continues: string | null;
  /** How many rows the actions put back that it goes on with, as far as is known. */
  readonly before: number;
}

/** There is no such action to go on with. */
export class NothingToContinueError extends Error {
  override readonly name = 'NothingToContinueError';

  constructor(id: string, why: string) {
    super(`action ${id} cannot be gone on with: ${why}`);
  }
}

/** The scope of a new action, or of one that is gone on with; NothingToContinueError where that cannot be. */
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

/** What an outcome records; `left` is where to go on from, null: nothing is left. */
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

/** What the audit says of a requeue by filter. */
export interface MatchRecord {
  readonly filter: RowFilter;
  readonly failedUntil: string;
  /** How many rows were put back by the actions that it goes on with. */
  readonly before: number;
  /** Where to go on from: without an outcome nobody knows how far it came, so from the start. Null: nothing is left. */
  readonly left: FailedPosition | null;
}

/** Reads the record of a requeue by filter; null where it is none, or has no bound. */
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

/** The place in the list of failed rows before all that failed until this second. */
function beforeAll(failedUntil: string): FailedPosition {
  const next = new Date(Date.parse(`${failedUntil.replace(' ', 'T')}Z`) + 1000);
  return { source: 'CUST', streamingNo: '0', stateDate: next.toISOString().slice(0, 19).replace('T', ' ') };
}
