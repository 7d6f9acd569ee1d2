import type { MiddleKind } from '../../middle/admin-port.js';

/*
 * Names in ready statements. Unquoted names become upper case in Oracle and lower case in PostgreSQL; quotes are for
 * names that would become others.
 */

/** A schema's or user's name, as it is configured, in a statement for this kind of database. */
export function readyName(kind: MiddleKind, name: string): string {
  if (kind === 'oracle' && /^[a-z][a-z0-9_$#]*$/i.test(name)) return name.toUpperCase();
  if (kind === 'postgresql' && /^[a-z_][a-z0-9_$]*$/.test(name)) return name;
  return `"${name.replaceAll('"', kind === 'oracle' ? '' : '""')}"`;
}

/** A table's or index's name, preceded by its schema if any. */
export function qualified(kind: MiddleKind, schema: string | undefined, name: string): string {
  return schema === undefined ? name : `${readyName(kind, schema)}.${name}`;
}
