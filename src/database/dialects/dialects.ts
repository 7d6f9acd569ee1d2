import type { KnexClient } from '../../domain/clients.js';
import type { Dialect } from './dialect.js';
import { pgDialect } from './postgresql.js';
import { sqliteDialect } from './sqlite.js';

/** What is different in each database behind Knex. */
export const dialects: Readonly<Record<KnexClient, Dialect>> = {
  pg: pgDialect,
  'better-sqlite3': sqliteDialect,
};
