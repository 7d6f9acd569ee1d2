import type { MiddleKind } from '../../middle/admin-port.js';

/*
 * Names in ready statements. Without quotes Oracle keeps a name in upper case and PostgreSQL in lower case; quotes are
 * for the names that would become others.
 */

/** A schema's or user's name, as it is configured, in a statement for this kind of database. */
export function readyName(kind: MiddleKind, name: string): string {
  if (kind === 'oracle' && /^[a-z][a-z0-9_$#]*$/i.test(name)) return name.toUpperCase();
  if (kind === 'postgresql' && /^[a-z_][a-z0-9_$]*$/.test(name)) return name;
  return `"${name.replaceAll('"', kind === 'oracle' ? '' : '""')}"`;
}

/** A table's or index's name with its schema in front, where there is one. */
export function qualified(kind: MiddleKind, schema: string | undefined, name: string): string {
  return schema === undefined ? name : `${readyName(kind, schema)}.${name}`;
}
