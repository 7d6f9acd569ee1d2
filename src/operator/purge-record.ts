import { z } from 'zod';
import { sources, tableOf, type RowKey } from '../domain/keys.js';
import type { StoreRecords } from '../store/admin-port.js';
import type { RecordedAction } from './contract/actions.js';
import { auditName } from './named.js';

/*
 * A purge of entries whose rows are gone, in the audit. It looks up row after row in the middle database, which takes long
 * where most of them are there. So it is recorded in parts: each says up to which row the parts before it had come, and in
 * its outcome how far it came itself. Where a purge was interrupted, even by a kill, the same purge goes on after that row.
 */

/** Which entries a purge is about: another scope goes on with nothing. */
export interface PurgeScope {
  readonly olderThanMs: number;
  readonly productIds: readonly string[];
}

/** A purge that was interrupted. */
export interface InterruptedPurge {
  /** Its last part, by its number in the audit. */
  readonly action: string;
  /** Rows up to this one are done. */
  readonly after: RowKey;
}

/** What is recorded before a part. */
export function purgeIntent(scope: PurgeScope, { before, after, continues }: PurgePart): object {
  return { before, gone: true, ...scope, after: after === null ? null : auditName(after), continues };
}

/** A part of a purge, before it begins. */
interface PurgePart {
  readonly before: string;
  /** Rows up to this one were done by the parts before; null: none. */
  readonly after: RowKey | null;
  /** The part before; null: there is none. */
  readonly continues: string | null;
}

const rowNameSchema = z.string().transform((name, context): RowKey => {
  const [table, streamingNo, ...rest] = name.split(' ');
  const source = sources.find((each) => tableOf[each] === table);
  if (
    source !== undefined &&
    streamingNo !== undefined &&
    /^\d{1,30}$/.test(streamingNo) &&
    rest.length === 0
  )
    return { source, streamingNo };
  context.addIssue('is no row');
  return z.NEVER;
});

const intentSchema = z.object({
  gone: z.literal(true),
  olderThanMs: z.number(),
  productIds: z.array(z.string()),
  after: rowNameSchema.nullable(),
});
const outcomeSchema = z.object({ left: rowNameSchema.nullable() });

/** Older ones are done anew: rows that are done have left the middle database since, and entries have become old. */
const goesOnForMs = 7 * 86_400_000;
const pageActions = 500;
const mostPages = 20;

/** The last purge of the same scope, where it was interrupted within the last seven days; null: there is none. */
export async function interruptedPurge(
  records: Pick<StoreRecords, 'actions'>,
  scope: PurgeScope,
  now: string,
): Promise<InterruptedPurge | null> {
  const since = Date.parse(now) - goesOnForMs;
  let before: string | null = null;
  for (let page = 0; page < mostPages; page += 1) {
    const actions: readonly RecordedAction[] = await records.actions({ before, limit: pageActions });
    for (const entry of actions) {
      if (Date.parse(entry.at) < since) return null;
      const left = leftBy(entry, scope);
      if (left !== undefined) return left;
    }
    before = actions.at(-1)?.id ?? null;
    if (actions.length < pageActions) return null;
  }
  return null;
}

/** How far a purge of this scope has come; null: to its end, or nowhere. Undefined: the entry is none. */
function leftBy(entry: RecordedAction, scope: PurgeScope): InterruptedPurge | null | undefined {
  if (entry.action !== 'journal-purge') return undefined;
  const intent = intentSchema.safeParse(JSON.parse(entry.what)).data;
  if (intent?.olderThanMs !== scope.olderThanMs || !isSame(intent.productIds, scope.productIds))
    return undefined;
  const after = entry.outcome === null ? intent.after : leftOf(entry.outcome.what);
  return after === null ? null : { action: entry.id, after };
}

function leftOf(what: string): RowKey | null {
  return outcomeSchema.safeParse(JSON.parse(what)).data?.left ?? null;
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return JSON.stringify([...some].sort()) === JSON.stringify([...others].sort());
}
