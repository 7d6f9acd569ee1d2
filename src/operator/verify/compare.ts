import { identityKey, type Account, type Attribute, type Customer } from '../../domain/customer.js';
import { compareNumbers } from '../../domain/keys.js';
import type { Difference } from '../contract/checks.js';
import { recordDifference, type RecordName } from './difference.js';

/*
 * Records that the finished rows lead to against those in the product store, field by field. Times are not compared:
 * they come from the store's clock when a row was applied, and no row has them.
 */

/** A customer's products and users. */
export interface Records {
  readonly customers: readonly Customer[];
  readonly accounts: readonly Account[];
}

/** What a comparison found. */
export interface Comparison {
  readonly differences: readonly Difference[];
  /** Surplus records that have not changed since `journalSince`: they are no differences. */
  readonly older: number;
}

/** A record, and how it is compared. */
interface Compared {
  readonly name: RecordName;
  readonly what: 'customer' | 'user';
  /** By the product store's names of the columns. */
  readonly fields: Readonly<Record<string, string | null>>;
  readonly attributes: readonly Attribute[];
  /** When it last changed, ISO 8601. */
  readonly changedAt: string;
}

/** Compares the records of a customer. `journalSince`: an instant before which the journal may be incomplete. */
export function compareRecords(expected: Records, found: Records, journalSince: string | null): Comparison {
  const differences: Difference[] = [];
  let older = 0;
  const left = comparedRecords(expected);
  const right = comparedRecords(found);
  for (const [key, record] of left) {
    const other = right.get(key);
    if (other === undefined) differences.push(absent('missing', record));
    else differences.push(...fieldsOf(record, other), ...attributesOf(record, other));
  }
  for (const [key, record] of right) {
    if (left.has(key)) continue;
    if (journalSince !== null && record.changedAt < journalSince) older += 1;
    else differences.push(absent('surplus', record));
  }
  return { differences, older };
}

function comparedRecords({ customers, accounts }: Records): Map<string, Compared> {
  const records = [...customers.map(comparedCustomer), ...accounts.map(comparedAccount)];
  return new Map(records.map((record) => [keyOf(record), record]));
}

function keyOf({ name, what }: Compared): string {
  return `${what}/${identityKey(name)}/${name.userId ?? ''}`;
}

function comparedCustomer(customer: Customer): Compared {
  const { productId, custId, bizId } = customer;
  return {
    name: { productId, custId, bizId, userId: null },
    what: 'customer',
    fields: {
      status: customer.status,
      area_code: customer.areaCode,
      cust_account: customer.custAccount,
      cust_name: customer.custName,
      last_streaming_no: customer.lastStreamingNo,
    },
    attributes: customer.attributes,
    changedAt: latest(customer.openedAt, customer.changedAt, customer.cancelledAt),
  };
}

function comparedAccount(account: Account): Compared {
  const { productId, custId, bizId, userId } = account;
  return {
    name: { productId, custId, bizId, userId },
    what: 'user',
    fields: {
      status: account.status,
      area_code: account.areaCode,
      acc_type: account.accType,
      acc_name: account.accName,
      last_streaming_no: account.lastStreamingNo,
    },
    attributes: account.attributes,
    changedAt: latest(account.boundAt, account.changedAt, account.unboundAt),
  };
}

function latest(...instants: (string | null)[]): string {
  return instants.filter((instant) => instant !== null).reduce((a, b) => (a > b ? a : b), '');
}

function absent(kind: 'missing' | 'surplus', { name, what, fields }: Compared): Difference {
  const status = fields['status'] ?? null;
  const values = kind === 'missing' ? { expected: status, found: null } : { expected: null, found: status };
  return recordDifference(name, { kind, what, ...values });
}

function fieldsOf({ name, what, fields }: Compared, other: Compared): Difference[] {
  return Object.entries(fields).flatMap(([field, expected]) => {
    const found = other.fields[field] ?? null;
    return expected === found
      ? []
      : [recordDifference(name, { kind: 'different', what, field, expected, found })];
  });
}

/** Attributes are matched by spec and id; where several share both, also by value. */
function attributesOf({ name, attributes }: Compared, other: Compared): Difference[] {
  const expected = unmatched(attributes, other.attributes, sameAttribute);
  const found = unmatched(other.attributes, attributes, sameAttribute);
  const differences: Difference[] = [];
  const paired = new Set<Attribute>();
  for (const attribute of expected) {
    const partner = found.find((each) => !paired.has(each) && sameName(each, attribute));
    if (partner !== undefined) paired.add(partner);
    const kind = partner === undefined ? 'missing' : 'different';
    differences.push(attributeDifference(name, kind, { expected: attribute, found: partner }));
  }
  for (const attribute of found) {
    if (!paired.has(attribute)) differences.push(attributeDifference(name, 'surplus', { found: attribute }));
  }
  return differences;
}

function sameName(a: Attribute, b: Attribute): boolean {
  return a.attrSpecId === b.attrSpecId && a.attrId === b.attrId;
}

function sameAttribute(a: Attribute, b: Attribute): boolean {
  return sameName(a, b) && a.attrValue === b.attrValue;
}

/** Those that have no equal among the others, each of which is the equal of one; in attribute-id order. */
function unmatched(
  attributes: readonly Attribute[],
  others: readonly Attribute[],
  isEqual: (a: Attribute, b: Attribute) => boolean,
): Attribute[] {
  const left = [...others];
  return attributes
    .filter((attribute) => {
      const equal = left.findIndex((each) => isEqual(each, attribute));
      if (equal >= 0) left.splice(equal, 1);
      return equal < 0;
    })
    .sort((a, b) => compareNumbers(a.attrId ?? '', b.attrId ?? ''));
}

function attributeDifference(
  name: RecordName,
  kind: 'missing' | 'surplus' | 'different',
  sides: { readonly expected?: Attribute; readonly found?: Attribute | undefined },
): Difference {
  const { attrSpecId = null, attrId = null } = sides.expected ?? sides.found ?? {};
  return recordDifference(name, {
    kind,
    what: 'attribute',
    attrSpecId,
    attrId,
    field: 'attr_value',
    expected: sides.expected?.attrValue ?? null,
    found: sides.found?.attrValue ?? null,
  });
}
