import type { KnexClient } from '../../domain/clients.js';
import type { StoreDialect } from './dialect.js';
import { pgStore } from './postgresql.js';
import { sqliteStore } from './sqlite.js';

/** Differences per kind of product store behind Knex. */
export const storeDialects: Readonly<Record<KnexClient, StoreDialect>> = {
  pg: pgStore,
  'better-sqlite3': sqliteStore,
};
