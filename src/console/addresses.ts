import type { RowKey } from '../domain/keys.js';
import { rowKey } from '../operator/inputs.js';

/*
 * Addresses of the console's pages, and what they say. A page is read from its address alone, so that every address
 * can be shared.
 */

/** The values of an address or of a form: a name may stand several times. */
export type Values = Readonly<Record<string, unknown>>;

/** The first text under a name, trimmed; empty where there is none. */
export function textOf(values: Values, name: string): string {
  const value = values[name];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first.trim() : '';
}

/** Every text under a name. */
export function textsOf(values: Values, name: string): readonly string[] {
  const value = values[name];
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.filter((text) => typeof text === 'string');
}

/** An address with these parameters; empty ones are left out. */
export function address(
  path: string,
  parameters: Readonly<Record<string, string | null | undefined>> = {},
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) search.append(name, value);
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

/** The address of a row's page. */
export function rowAddress(row: { readonly table: string; readonly streamingNo: string }): string {
  return `/rows/${encodeURIComponent(row.table)}/${encodeURIComponent(row.streamingNo)}`;
}

/** A row as forms and addresses name it: `IF_BNET_CUST:1141`. */
export function rowNamed(text: string): RowKey | undefined {
  const [table, streamingNo, ...rest] = text.split(':');
  return rest.length > 0 ? undefined : rowKey.safeParse({ table, streamingNo }).data;
}

/** The name of a row for `rowNamed`. */
export function rowName(row: { readonly table: string; readonly streamingNo: string }): string {
  return `${row.table}:${row.streamingNo}`;
}
