import { digits } from '../operator/inputs.js';
import type { RepairScope } from '../operator/repair/repair-record.js';
import { address, textOf, type Values } from './addresses.js';

/** The scope of a repair that a form or an address names; null: it cannot be read. */
export function repairScope(values: Values): RepairScope | null {
  const [custId, productId] = ['customer', 'product'].map((name) => {
    const text = textOf(values, name);
    return text === '' ? null : digits.safeParse(text).data;
  });
  if (custId === undefined || productId === undefined) return null;
  return { custId, productId, all: isSet(values, 'all'), takeBack: isSet(values, 'takeBack') };
}

/** The same as the fields of a form. */
export function scopeFields({
  custId,
  productId,
  all,
  takeBack,
}: RepairScope): Readonly<Record<string, string>> {
  return {
    ...(custId !== null && { customer: custId }),
    ...(productId !== null && { product: productId }),
    ...(all && { all: 'yes' }),
    ...(takeBack && { takeBack: 'yes' }),
  };
}

function isSet(values: Values, name: string): boolean {
  return textOf(values, name) !== '';
}

/** The address of the page that asks once more before a repair. */
export function confirmAddress(scope: RepairScope): string {
  return address('/repair/confirm', scopeFields(scope));
}
