import type { Fragment } from '../../database/dialects/dialect.js';
import { attributeTableOf, tableOf, type Source } from '../../domain/keys.js';
import type { MiddleTables } from '../tables.js';
import type { MiddleDialect } from './dialect.js';

/** The tables, and the kind of database they are in. */
export interface KnexTables extends MiddleTables {
  readonly dialect: MiddleDialect;
}

/** A main table's name in statements. */
export function mainTable(tables: KnexTables, source: Source): string {
  return qualified(tables, tableOf[source]);
}

/** An attribute table's name in statements. */
export function attributeTable(tables: KnexTables, source: Source): string {
  return qualified(tables, attributeTableOf[source]);
}

function qualified(tables: KnexTables, table: string): string {
  return tables.schema === undefined ? table : `"${tables.schema.replaceAll('"', '""')}".${table}`;
}

/** `AND …` that excludes rows of other products; empty without `productIds`. */
export function ourProducts(tables: KnexTables, alias: string): Fragment {
  const [one, ...others] = tables.productIds;
  if (one === undefined) return { sql: '', bindings: [] };
  // Only for one value do planners know that an index starting with it has the poll's order.
  if (others.length === 0) return { sql: ` AND ${alias}.ProductID = ?`, bindings: [one] };
  const { sql, bindings } = tables.dialect.numberIn(`${alias}.ProductID`, tables.productIds);
  return { sql: ` AND ${sql}`, bindings };
}

/** The StateDate of a row `t` as text; NULL where it cannot name an attempt. */
export function attemptText({ dialect }: KnexTables): string {
  return `CASE WHEN ${dialect.isAttempt('t.StateDate')} THEN ${dialect.dateText('t.StateDate')} END`;
}
