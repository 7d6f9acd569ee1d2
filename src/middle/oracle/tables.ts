import { attributeTableOf, tableOf, type Source } from '../../domain/keys.js';
import type { MiddleTables } from '../tables.js';

/** A main table's name in statements. */
export function mainTable(tables: MiddleTables, source: Source): string {
  return qualified(tables, tableOf[source]);
}

/** An attribute table's name in statements. */
export function attributeTable(tables: MiddleTables, source: Source): string {
  return qualified(tables, attributeTableOf[source]);
}

function qualified({ schema }: MiddleTables, table: string): string {
  return schema === undefined ? table : `${oracleName(schema)}.${table}`;
}

/** A name as statements write it: upper case, as Oracle keeps names; one that needs quotes in quotes, as it is. */
export function oracleName(name: string): string {
  return /^[a-z][a-z0-9_$#]*$/i.test(name) ? name.toUpperCase() : `"${name.replaceAll('"', '')}"`;
}

/** `AND …` that leaves out rows of other products; empty without `productIds`. */
export function ourProducts({ productIds }: MiddleTables, alias = 't'): string {
  return productIds.length === 0 ? '' : ` AND ${oneOf(`${alias}.ProductID`, productIds)}`;
}

/** The most items that Oracle takes in one list (ORA-01795). */
export const longestList = 1000;

/** `column` is one of these expressions. */
export function oneOf(column: string, expressions: readonly (string | number)[]): string {
  if (expressions.length === 0) return '1 = 0';
  const lists: string[] = [];
  for (let start = 0; start < expressions.length; start += longestList) {
    lists.push(`${column} IN (${expressions.slice(start, start + longestList).join(', ')})`);
  }
  return lists.length > 1 ? `(${lists.join(' OR ')})` : lists.join('');
}

/** A number as text as the driver reads it, whatever the session's decimal character. */
export function numberText(expression: string): string {
  return `TO_CHAR(${expression}, 'TM9', 'NLS_NUMERIC_CHARACTERS = ''.,''')`;
}

const tenToThe30 = `1${'0'.repeat(30)}`;

/** The shard of a CustID, as `shardOf` has it: 0 where it is missing, or no integer of 30 digits. */
export function shardText(custId: string, shards: number): string {
  const isInteger = `${custId} = TRUNC(${custId}) AND ABS(${custId}) < ${tenToThe30}`;
  return `CASE WHEN ${isInteger} THEN MOD(ABS(${custId}), ${shards}) ELSE 0 END`;
}

/**
 * Hint: by the poll's index, in its order. Without a histogram of State, or with old statistics, the optimiser
 * estimates a quarter of the table per State, and reads all of it. The list of columns means any index on them; of
 * several the optimiser takes the cheapest.
 */
export function byPollIndex(direction: 'ASC' | 'DESC' = 'ASC', ofProducts = false): string {
  const product = ofProducts ? ' (ProductID State CreateDate StreamingNo)' : '';
  return `/*+ INDEX_RS_${direction}(t (State CreateDate StreamingNo)${product}) */`;
}

/** Hint at the start of a statement: States stay literals, whatever CURSOR_SHARING says, or indexes on them do not serve. */
export const exactStates = '/*+ CURSOR_SHARING_EXACT */';

const dateFormat = `'YYYY-MM-DD HH24:MI:SS'`;

/** A date as `YYYY-MM-DD HH:MM:SS`, whatever the session's formats. */
export function dateText(expression: string): string {
  return `TO_CHAR(${expression}, ${dateFormat})`;
}

/** A date from a bound text of that form. */
export function boundDate(bind: string): string {
  return `TO_DATE(${bind}, ${dateFormat})`;
}

export const oneSecond = `INTERVAL '1' SECOND`;

/** The first date written with four digits and no sign. */
export const firstDate = `DATE '0001-01-01'`;

/** The StateDate of a row `t` as text; NULL where it cannot name an attempt. */
export const attemptText = `CASE WHEN t.StateDate >= ${firstDate} THEN ${dateText('t.StateDate')} END`;
