import type { Source } from '../../domain/keys.js';
import type { State } from '../../domain/states.js';
import type { Batch, OracleDatabase } from './database.js';
import { attributesBatch } from './statements.js';
import type { OracleTables } from './tables.js';

/** A guarded change of a main table's rows. */
export interface RowChange {
  readonly source: Source;
  /** With the StreamingNo of each row under `streamingNo`. */
  readonly batch: Batch;
  /** The States that it leads to: attribute rows follow rows in one of these. */
  readonly leadsTo: readonly State[];
}

/** Changes rows and lets their attribute rows follow, atomically; returns the StreamingNo of each row changed. */
export async function changeRows(
  database: OracleDatabase,
  tables: OracleTables,
  { source, batch, leadsTo }: RowChange,
): Promise<readonly string[]> {
  const changedBy = (counts: readonly number[]) =>
    batch.rows.flatMap(({ streamingNo }, index) =>
      Array<string>(counts[index] ?? 0).fill(String(streamingNo)),
    );
  const follow = (counts: readonly number[]) => {
    const changed = changedBy(counts);
    return changed.length === 0 ? null : attributesBatch(tables, source, leadsTo, changed);
  };
  return changedBy(await database.change(batch, tables.markAttributes ? follow : undefined));
}
