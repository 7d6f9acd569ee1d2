import { identityKey } from '../../domain/customer.js';
import type { RowKey } from '../../domain/keys.js';
import type { Operation } from '../../domain/operation.js';
import type { Rules } from '../../domain/rules.js';
import { compareRecords, type Records } from './compare.js';
import { productOf } from './difference.js';

/*
 * Which late rows explain the differences between two orders. One replay cannot separate rows that give the same field
 * of the same record: all of them are named.
 */

/** A row whose late effect changes values. */
export interface RowOutOfOrder extends RowKey {
  /** Its product, see `identityKey`. */
  readonly product: string;
  /** The first later row that took effect before it. */
  readonly later: RowKey;
}

/** A late row in its right place, and what it can change. */
export interface Moved extends RowOutOfOrder {
  /** Null: the record of the customer and those of all its users. */
  readonly record: string | null;
  /** Null: all its fields. */
  readonly fields: readonly string[] | null;
}

/** The record of the customer itself, where users have their UserID. */
const ofCustomer = '';

export function movedRow(operation: Operation, before: RowKey, attributes: Rules['attributes']): Moved {
  const { source, streamingNo, opFlag, identity } = operation;
  const isChange = opFlag === '0102' || opFlag === '0202';
  return {
    ...{ source, streamingNo, product: identityKey(identity) },
    later: { source: before.source, streamingNo: before.streamingNo },
    // An open or a cancel decides whether users can be bound, or unbinds them.
    record: operation.source === 'ACCOUNT' ? operation.userId : isChange ? ofCustomer : null,
    fields: isChange && attributes === 'merge' ? changedFields(operation) : null,
  };
}

function changedFields(operation: Operation): string[] {
  const { areaCode, attributes } = operation;
  const named =
    operation.source === 'CUST'
      ? { area_code: areaCode, cust_account: operation.custAccount, cust_name: operation.custName }
      : { area_code: areaCode, acc_type: operation.accType, acc_name: operation.accName };
  const given = Object.entries(named).flatMap(([field, value]) => (value === null ? [] : [field]));
  return [...given, ...attributes.map(({ attrSpecId }) => attributeField(attrSpecId))];
}

function attributeField(attrSpecId: string | null): string {
  return `attribute ${attrSpecId ?? ''}`;
}

/** Fields that two orders lead to differently, by product and record. */
type Differing = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

/** Which row last touched a record is no value of it. */
export function differingFields(right: Records, folded: Records): Differing {
  const products = new Map<string, Map<string, Set<string>>>();
  for (const difference of compareRecords(right, folded, null).differences) {
    const { what, field, attrSpecId } = difference;
    if (field === 'last_streaming_no') continue;
    const product = productOf(difference);
    const records = products.get(product) ?? new Map<string, Set<string>>();
    products.set(product, records);
    const record = difference.userId ?? ofCustomer;
    const name = what === 'attribute' ? attributeField(attrSpecId) : (field ?? '');
    records.set(record, (records.get(record) ?? new Set()).add(name));
  }
  return products;
}

export function concerns({ product, record, fields }: Moved, differing: Differing): boolean {
  const records = differing.get(product);
  if (records === undefined || record === null) return records !== undefined;
  const names = records.get(record);
  return names !== undefined && (fields === null || fields.some((field) => names.has(field)));
}
