import { tableOf, type RowKey, type Source, type TableName } from '../domain/keys.js';
import type { RowFilter } from '../middle/admin-port.js';
import type { StoreAlarm } from '../store/guard-port.js';
import type { Pause, PauseTarget } from '../store/port.js';
import type { NamedTarget, OpenAlarm, PauseInForce } from './contract/state.js';

/*
 * Converts the ports' rows and targets, with a source, to the contract's, with the table's name.
 */

/** A row with its table's name instead of its source. */
export function named<Row extends RowKey>({
  source,
  ...rest
}: Row): Omit<Row, 'source'> & { readonly table: TableName } {
  return { table: tableOf[source], ...rest };
}

/** A filter by the names that operators use. */
export function namedFilter({ source, ...rest }: RowFilter): object {
  return source === undefined ? rest : { table: tableOf[source], ...rest };
}

/** A row's name in the audit: `IF_BNET_CUST 1141`. */
export function auditName({ source, streamingNo }: RowKey): string {
  return `${tableOf[source]} ${streamingNo}`;
}

/** What is paused, by the names that operators use. */
export function namedTarget(target: PauseTarget): NamedTarget {
  return 'source' in target ? { table: tableOf[target.source] } : { productId: target.productId };
}

/** A pause by the names that operators use. */
export function namedPause({ target, ...rest }: Pause): PauseInForce {
  return { target: namedTarget(target), ...rest };
}

/** An alarm by the names that operators use. */
export function namedAlarm({ examples, ...rest }: StoreAlarm): OpenAlarm {
  return { ...rest, examples: examples.map(named) };
}

/** Something of each main table, by the table's name. */
export function byTableName<T>(of: (source: Source) => T): Readonly<Record<TableName, T>> {
  return { IF_BNET_CUST: of('CUST'), IF_BNET_ACCOUNT: of('ACCOUNT') };
}
