import { isDeepStrictEqual } from 'node:util';
import { identityKey, type Account, type Attribute, type Customer } from '../../domain/customer.js';
import type { Changed, Changes } from '../../domain/working-set.js';
import type { Records } from '../verify/compare.js';

/** What turns the stored records of a customer into those expected. A record that is not expected stays as it is. */
export function recordChanges(stored: Records, expected: Records): Changes {
  const customers = differing(expected.customers, byName(stored.customers));
  const accounts = differing(expected.accounts, byName(stored.accounts));
  return {
    unboundAll: [],
    customers: customers.map(({ subject }) => subject),
    accounts: accounts.map(({ subject }) => subject),
    customerAttributes: customers.filter(({ isOther }) => isOther),
    accountAttributes: accounts.filter(({ isOther }) => isOther),
  };
}

interface Differing<T> extends Changed<T> {
  /** Its attributes differ. */
  readonly isOther: boolean;
}

function differing<T extends Customer | Account>(
  expected: readonly T[],
  stored: ReadonlyMap<string, T>,
): Differing<T>[] {
  return expected.flatMap((subject) => {
    const present = stored.get(nameOf(subject));
    if (present === undefined)
      return [{ subject, hadAttributes: false, isOther: subject.attributes.length > 0 }];
    const isOther = !isDeepStrictEqual(ordered(subject.attributes), ordered(present.attributes));
    const isSame =
      !isOther && isDeepStrictEqual({ ...subject, attributes: [] }, { ...present, attributes: [] });
    return isSame ? [] : [{ subject, hadAttributes: present.attributes.length > 0, isOther }];
  });
}

function byName<T extends Customer | Account>(records: readonly T[]): ReadonlyMap<string, T> {
  return new Map(records.map((record) => [nameOf(record), record]));
}

function nameOf(record: Customer | Account): string {
  return `${identityKey(record)}/${'userId' in record ? record.userId : ''}`;
}

/** Attributes have no order but that of their ids. */
function ordered(attributes: readonly Attribute[]): readonly string[] {
  return attributes
    .map(({ attrSpecId, attrId, attrValue }) => JSON.stringify([attrSpecId, attrId, attrValue]))
    .sort();
}
