import { tableOf } from '../domain/keys.js';
import type { RowFilter } from '../middle/admin-port.js';
import { conditions, filter, noCode } from '../operator/inputs.js';
import { address, textOf, type Values } from './addresses.js';

/** A field of the filter of failed rows, as forms and addresses name it. */
export type FilterField = keyof typeof conditions;

/** All of them. */
export const filterFields = Object.keys(conditions) as FilterField[];

/** A filter as it was typed. */
export interface FilterForm {
  /** What was typed, to be shown again. */
  readonly typed: Readonly<Record<FilterField, string>>;
  readonly filter: RowFilter;
  /** Fields that are refused; the filter is empty then. */
  readonly errors: readonly FilterField[];
}

/** Reads a filter from an address or a form. */
export function filterForm(values: Values): FilterForm {
  const typed = filterFields.map((field) => [field, textOf(values, field)] as const);
  const read = filter.safeParse(Object.fromEntries(typed.filter(([, text]) => text !== '')));
  return {
    typed: Object.fromEntries(typed) as Record<FilterField, string>,
    filter: read.data ?? {},
    errors: filterFields.filter((field) => read.error?.issues.some(({ path }) => path[0] === field) === true),
  };
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
