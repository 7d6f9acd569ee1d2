import { KnexMiddleOperations } from '../../src/middle/knex/middle-operations.js';
import { pgMiddle } from '../../src/middle/knex/pg.js';
import { sqliteMiddle } from '../../src/middle/knex/sqlite.js';
import { KnexStoreOperations } from '../../src/store/knex/store-operations.js';
import type { Database } from '../../src/database/database.js';
import type { MiddleOperations } from '../../src/middle/port.js';
import type { Pair } from './databases.js';

/** Which rows are an operator's. */
export interface OperationsOptions {
  readonly schema?: string;
  readonly productIds?: readonly string[];
  readonly markAttributes?: boolean;
}

/** What operators do with a middle database, over a connection that is the caller's. */
export function operationsOn(middle: Database, options: OperationsOptions = {}): KnexMiddleOperations {
  const { schema, productIds = [], markAttributes = true } = options;
  const dialect = middle.dialect.name === 'pg' ? pgMiddle : sqliteMiddle;
  return new KnexMiddleOperations(middle, { dialect, schema, productIds, markAttributes });
}

/** The operators' ports of a pair, over connections that end with it. */
export function operatorsOf(
  pair: Pair,
  options?: OperationsOptions,
): { middle: MiddleOperations; store: KnexStoreOperations } {
  return { middle: pair.end.operations(options), store: new KnexStoreOperations(pair.store) };
}
