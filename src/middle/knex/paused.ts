import type { Fragment } from '../../database/dialects/dialect.js';
import { sources, type Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import type { Paused } from '../port.js';
import { mainTable, ourProducts, type KnexTables } from './tables.js';

/*
 * Excludes what is paused. Whether a customer has open rows in a paused table is looked up per row, by the index on
 * CustID, however many rows wait there. The look-up is a scalar subquery with a limit: planners turn anything else into
 * a join, or a set of all waiting rows, which PostgreSQL scans in full for each row once it exceeds its memory.
 */

/** Conditions on rows `t` of a main table; none without a pause. */
export function notPaused(tables: KnexTables, paused: Paused, source: Source): Fragment[] {
  if (paused.sources.includes(source)) return [{ sql: '1 = 0', bindings: [] }];
  const others = sources.filter((other) => paused.sources.includes(other));
  return [
    ...ofOtherProducts(tables, paused.productIds),
    ...others.flatMap((other) => {
      const ofCustomer = openRow(tables, other, 'p.CustID = t.CustID');
      const ofNobody = openRow(tables, other, 'p.CustID IS NULL');
      return [
        { ...ofCustomer, sql: `${ofCustomer.sql} IS NULL` },
        { ...ofNobody, sql: `(t.CustID IS NOT NULL OR ${ofNobody.sql} IS NULL)` },
      ];
    }),
  ];
}

function ofOtherProducts({ dialect }: KnexTables, productIds: readonly string[]): Fragment[] {
  if (productIds.length === 0) return [];
  const { sql, bindings } = dialect.numberIn('t.ProductID', productIds);
  return [{ sql: `(t.ProductID IS NULL OR NOT ${sql})`, bindings }];
}

/** Looks up an open row of ours in a paused table. The CASE keeps planners from walking all open rows by the poll's index. */
function openRow(tables: KnexTables, source: Source, whose: string): Fragment {
  const ours = ourProducts(tables, 'p');
  const isOpen = `CASE WHEN p.State IN (${State.Initial}, ${State.Processing}) THEN TRUE ELSE FALSE END`;
  return {
    sql: `(SELECT 1 FROM ${mainTable(tables, source)} AS p
           WHERE ${whose} AND p.StreamingNo IS NOT NULL AND ${isOpen}${ours.sql} LIMIT 1)`,
    bindings: ours.bindings,
  };
}
