import type { Knex } from 'knex';
import type { Dialect, Fragment } from './dialects/dialect.js';

/** The rows a statement returned and how many it changed. */
export interface Result {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly changed: number;
}

/** Runs statements, alone or within a transaction. */
export interface Executor {
  readonly dialect: Dialect;
  execute(statement: Fragment): Promise<Result>;
}

/** A statement for Knex. */
export function rawQuery(knex: Knex, statement: Fragment): Knex.Raw {
  return knex.raw(statement.sql, statement.bindings as Knex.RawBinding[]);
}

/** What a driver has answered. */
export function resultOf(response: unknown): Result {
  if (Array.isArray(response)) return { rows: response as Result['rows'], changed: response.length };
  const { rows, rowCount, changes } = response as {
    rows?: Result['rows'];
    rowCount?: number | null;
    changes?: number;
  };
  return { rows: rows ?? [], changed: rowCount ?? changes ?? 0 };
}
