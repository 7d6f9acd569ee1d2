import type { KnexClient } from '../../domain/clients.js';
import type { MiddleDialect } from './dialect.js';
import { pgMiddle } from './postgresql.js';
import { sqliteMiddle } from './sqlite.js';

/** Differences per kind of middle database behind Knex. */
export const middleDialects: Readonly<Record<KnexClient, MiddleDialect>> = {
  pg: pgMiddle,
  'better-sqlite3': sqliteMiddle,
};
