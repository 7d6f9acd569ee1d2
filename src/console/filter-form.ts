import { isCanonicalNumber, tableOf } from '../domain/keys.js';
import type { RowFilter } from '../middle/admin-port.js';
import { noCode, parseCode } from '../operator/failure-code.js';
import { parseSince } from '../operator/since.js';
import { address, sourceNamed, textOf, type Values } from './addresses.js';

/** The fields of the filter of failed rows, as forms and addresses name them. */
export const filterFields = [
  'table',
  'code',
  'product',
  'customer',
  'user',
  'opFlag',
  'since',
  'until',
  'text',
] as const;
export type FilterField = (typeof filterFields)[number];

/** A filter as somebody typed it. */
export interface FilterForm {
  /** What was typed, to be shown again. */
  readonly typed: Readonly<Record<FilterField, string>>;
  readonly filter: RowFilter;
  /** Fields that cannot be what they should be; the filter is not to be used then. */
  readonly errors: readonly FilterField[];
}

type Read = (text: string) => Partial<RowFilter> | null;

const matches =
  (pattern: RegExp, name: keyof RowFilter): Read =>
  (text) =>
    pattern.test(text) ? { [name]: text } : null;

const number =
  (name: 'productId' | 'custId'): Read =>
  (text) =>
    isCanonicalNumber(text) ? { [name]: text } : null;

const date =
  (name: 'since' | 'until'): Read =>
  (text) => {
    const parsed = parseSince(text);
    return parsed !== null && 'date' in parsed ? { [name]: parsed.date } : null;
  };

const readers: Readonly<Record<FilterField, Read>> = {
  table: (text) => {
    const source = sourceNamed(text);
    return source === undefined ? null : { source };
  },
  code: (text) => {
    const code = parseCode(text);
    return code === undefined ? null : { code };
  },
  product: number('productId'),
  customer: number('custId'),
  user: matches(/^.{1,100}$/su, 'userId'),
  opFlag: matches(/^.{1,10}$/su, 'opFlag'),
  since: date('since'),
  until: date('until'),
  text: matches(/^.{1,200}$/su, 'text'),
};

/** Reads a filter from an address or a form. */
export function filterForm(values: Values): FilterForm {
  const typed = Object.fromEntries(filterFields.map((field) => [field, textOf(values, field)]));
  const errors: FilterField[] = [];
  let filter: RowFilter = {};
  for (const field of filterFields) {
    const text = typed[field] ?? '';
    if (text === '') continue;
    const part = readers[field](text);
    if (part === null) errors.push(field);
    else filter = { ...filter, ...part };
  }
  return { typed: typed as Record<FilterField, string>, filter, errors };
}

/** The parameters of an address for a filter. */
export function filterParameters(filter: RowFilter): Partial<Record<FilterField, string>> {
  const { source, code, productId, custId, userId, opFlag, since, until, text } = filter;
  const all = {
    table: source === undefined ? undefined : tableOf[source],
    code: code === null ? noCode : code,
    product: productId,
    customer: custId,
    user: userId,
    opFlag,
    since,
    until,
    text,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The address of the list of failed rows with this filter. */
export function failedAddress(filter: RowFilter, after?: string): string {
  return address('/failed', { ...filterParameters(filter), after });
}
