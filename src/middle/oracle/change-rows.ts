import { byTable, rowId, sources, type RowKey, type Source } from '../../domain/keys.js';
import type { State } from '../../domain/states.js';
import type { ChangeResult, RowChange } from '../changes.js';
import type { BatchStatement, OracleDatabase, OracleTransaction } from './database.js';
import { followStatement, lockableStatement, lockAttributesStatement, lockStatement } from './statements.js';
import type { MiddleTables } from '../tables.js';

/*
 * Changes of rows with their attribute rows (claim, mark, requeue) that do not wait for locked rows.
 *
 * One transaction locks what it can without waiting, main rows and attribute rows, selects among these, changes them,
 * and commits with the last change. A plain UPDATE would wait, holding what it has changed so far; a session dropped
 * while it waits holds that until the wait ends.
 *
 * Round trips per table with rows in it: lock 1, change 1; with attribute rows 2 more. One more if a row was locked or
 * has changed since the poll.
 */

/** A guarded change of main tables' rows. */
export interface GuardedChange<Row> {
  /** The rows that may be changed, as a condition over `t`. */
  readonly where: string;
  /** The change, with each row's StreamingNo as `streamingNo`. */
  batchOf(source: Source, rows: readonly Row[]): BatchStatement;
  /** The States it leads to: attribute rows follow rows in these. */
  readonly leadsTo: readonly State[];
}

/** Changes rows where they may be changed, and lets their attribute rows follow, atomically. */
export async function changeRows<Row extends RowKey>(
  database: OracleDatabase,
  tables: MiddleTables,
  { rows, chosen }: RowChange<Row>,
  change: GuardedChange<Row>,
): Promise<ChangeResult> {
  return database.transaction(async (transaction) => {
    const { locked, followed } = await lockRows(transaction, tables, rows, change.where);
    const free = chosen(rows, locked);
    const asked = new Set(free.map(rowId));
    const heldBack = rows.map(rowId).filter((id) => !asked.has(id) && !locked.has(id));
    const follow = sources.filter((source) =>
      free.some((row) => row.source === source && followed.has(rowId(row))),
    );
    const changed: RowKey[] = [];
    const changing = sources.filter((source) => free.some((row) => row.source === source));
    for (const source of changing) {
      const batch = change.batchOf(
        source,
        free.filter((row) => row.source === source),
      );
      const isLast = follow.length === 0 && source === changing.at(-1);
      const counts = await transaction.execute(batch, { commit: isLast });
      changed.push(...changedKeys(source, batch, counts));
    }
    const following = byTable(changed.filter((key) => followed.has(rowId(key))));
    for (const [index, { source, streamingNos }] of following.entries()) {
      const batch = followStatement(tables, source, change.leadsTo, streamingNos);
      await transaction.execute(batch, { commit: index === following.length - 1 });
    }
    if (follow.length > 0 && following.length === 0 && changed.length > 0) await transaction.commit();
    return { changed, locked, heldBack: new Set(heldBack) };
  });
}

function changedKeys(source: Source, { rows }: BatchStatement, counts: readonly number[]): RowKey[] {
  return rows.flatMap(({ streamingNo }, index) =>
    Array.from({ length: counts[index] ?? 0 }, () => ({ source, streamingNo: String(streamingNo) })),
  );
}

/** Rows by `rowId`. */
interface Locks {
  /** Locked by others. */
  readonly locked: ReadonlySet<string>;
  /** Those whose attribute rows follow: at most `maxAttributes` each. */
  readonly followed: ReadonlySet<string>;
}

async function lockRows(
  transaction: OracleTransaction,
  tables: MiddleTables,
  rows: readonly RowKey[],
  where: string,
): Promise<Locks> {
  const [locked, followed] = [new Set<string>(), new Set<string>()];
  for (const { source, streamingNos } of byTable(rows)) {
    const request = { source, streamingNos, where };
    const idOf = (streamingNo: string) => rowId({ source, streamingNo });
    const free = await transaction.query(lockStatement(tables, request));
    const got = countsOf(free);
    if (got.size < new Set(streamingNos).size) {
      const present = countsOf(await transaction.query(lockableStatement(tables, request)));
      for (const [streamingNo, count] of present)
        if ((got.get(streamingNo) ?? 0) < count) locked.add(idOf(streamingNo));
    }
    if (!tables.markAttributes) continue;
    const attributes = new Map(free.map((row) => [String(row['StreamingNo']), Number(row['attributes'])]));
    const wanted = [...attributes].filter(([, count]) => count > 0 && count <= tables.maxAttributes);
    if (wanted.length === 0) continue;
    const numbers = wanted.map(([streamingNo]) => streamingNo);
    const owned = countsOf(await transaction.query(lockAttributesStatement(tables, source, numbers)));
    for (const [streamingNo, count] of wanted) {
      followed.add(idOf(streamingNo));
      if ((owned.get(streamingNo) ?? 0) < count) locked.add(idOf(streamingNo));
    }
  }
  return { locked, followed };
}

/** How often each StreamingNo was returned. */
function countsOf(rows: readonly Readonly<Record<string, unknown>>[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const streamingNo = String(row['StreamingNo']);
    counts.set(streamingNo, (counts.get(streamingNo) ?? 0) + 1);
  }
  return counts;
}
