import type { Database, Transaction } from '../../database/database.js';
import { DatabaseError } from '../../database/errors.js';
import { rowId, sources, type RowKey, type Source } from '../../domain/keys.js';
import { nothingLocked, type ChangeResult, type RowChange } from '../changes.js';
import type { GuardedUpdate, MiddleDialect, RowLocks } from './dialect.js';
import { isAsked } from './statements.js';
import type { KnexTables } from './tables.js';

/*
 * Changes of rows with their attribute rows (claim, mark, requeue) that do not wait for locked rows.
 *
 * Usually none is locked, and one statement changes all requested rows of both tables. If the database reports a locked
 * row, the change is repeated in one transaction: it locks what it can without waiting, main rows and attribute rows,
 * selects among these, and changes them. Locking first every time costs a third more of the server's time
 * (docs/decisions/0011).
 */

/** The SQL of a change to one table. */
type UpdateOf<Row> = (source: Source, rows: readonly Row[]) => GuardedUpdate;

/** Changes rows where they may be changed. */
export async function changeRows<Row extends RowKey>(
  database: Database,
  tables: KnexTables,
  { rows, chosen }: RowChange<Row>,
  updateOf: UpdateOf<Row>,
): Promise<ChangeResult> {
  const updates = updatesOf(rows, updateOf);
  if (updates.length === 0) return { changed: [], ...nothingLocked };
  const { dialect } = tables;
  const { rowLocks, numberText } = dialect;
  try {
    return { changed: await dialect.update(database, updates), ...nothingLocked };
  } catch (error) {
    if (rowLocks === undefined || !(error instanceof DatabaseError) || error.kind !== 'locked') throw error;
  }
  return database.transaction(async (transaction) => {
    const locked = new Set<string>();
    for (const each of updates)
      for (const streamingNo of await lockedByOthers(transaction, each, { ...rowLocks, numberText }))
        locked.add(rowId({ source: each.source, streamingNo }));
    const free = chosen(rows, locked);
    const freed = updatesOf(free, updateOf);
    const changed = freed.length === 0 ? [] : await rowLocks.updateLocked(transaction, freed);
    const asked = new Set(free.map(rowId));
    const heldBack = rows.map(rowId).filter((id) => !asked.has(id) && !locked.has(id));
    return { changed, locked, heldBack: new Set(heldBack) };
  });
}

function updatesOf<Row extends RowKey>(rows: readonly Row[], updateOf: UpdateOf<Row>): GuardedUpdate[] {
  return sources.flatMap((source) => {
    const ofTable = rows.filter((row) => row.source === source);
    return ofTable.length === 0 ? [] : [updateOf(source, ofTable)];
  });
}

type Locking = Pick<RowLocks, 'skipLocked'> & Pick<MiddleDialect, 'numberText'>;

/** Locks the rows of an update and their attribute rows if unlocked; returns the StreamingNos of the others. */
async function lockedByOthers(
  transaction: Transaction,
  update: GuardedUpdate,
  locking: Locking,
): Promise<readonly string[]> {
  const { asked, ours, table } = update;
  const { skipLocked, numberText } = locking;
  const ofUpdate = {
    sql: `SELECT ${numberText('t.StreamingNo')} AS streaming_no FROM ${asked.sql} CROSS JOIN ${table} AS t WHERE ${isAsked(update)}`,
    bindings: [...asked.bindings, ...ours.bindings],
  };
  const counts = async (lock: string) =>
    countsOf(transaction, { ...ofUpdate, sql: `${ofUpdate.sql} ${lock}` });
  const free = await counts(skipLocked);
  const present = await counts('');
  const blocked = await lockedAttributes(transaction, update, [...free.keys()], locking);
  return [...present.keys()].filter((no) => (free.get(no) ?? 0) < (present.get(no) ?? 0) || blocked.has(no));
}

/** StreamingNos of rows with a locked attribute row: fewer can be locked than exist. */
async function lockedAttributes(
  transaction: Transaction,
  { attributeTable, attributesStay }: GuardedUpdate,
  streamingNos: readonly string[],
  { skipLocked, numberText }: Locking,
): Promise<ReadonlySet<string>> {
  const stay = new Set(attributesStay);
  const followed = streamingNos.filter((streamingNo) => !stay.has(streamingNo));
  if (attributeTable === null || followed.length === 0) return new Set();
  const { sql, bindings } = transaction.dialect.recordset(
    { streaming_no: 'number' },
    followed.map((streamingNo) => [streamingNo]),
    'a',
  );
  const rows = `SELECT t.StreamingNo FROM ${sql} CROSS JOIN ${attributeTable} AS t WHERE t.StreamingNo = a.streaming_no`;
  const counts = async (lock: string) =>
    countsOf(transaction, {
      sql: `WITH x AS MATERIALIZED (${rows} ${lock})
            SELECT ${numberText('x.StreamingNo')} AS streaming_no, count(*) AS number FROM x GROUP BY x.StreamingNo`,
      bindings,
    });
  const free = await counts(skipLocked);
  const present = await counts('');
  return new Set([...present].flatMap(([no, count]) => ((free.get(no) ?? 0) < count ? [no] : [])));
}

/** How often each StreamingNo is returned: by its column `number`, or once per row. */
async function countsOf(
  transaction: Transaction,
  statement: Parameters<Transaction['execute']>[0],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const row of (await transaction.execute(statement)).rows) {
    const streamingNo = String(row['streaming_no']);
    counts.set(streamingNo, (counts.get(streamingNo) ?? 0) + Number(row['number'] ?? 1));
  }
  return counts;
}
