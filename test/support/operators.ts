import { KnexMiddleOperations } from '../../src/middle/knex/middle-operations.js';
import { knexMiddleSearch } from '../../src/middle/knex/middle-search.js';
import { pgMiddle } from '../../src/middle/knex/pg.js';
import { sqliteMiddle } from '../../src/middle/knex/sqlite.js';
import type { MiddleTables } from '../../src/middle/knex/tables.js';
import { createDesk } from '../../src/operator/create-desk.js';
import type { Desk } from '../../src/operator/desk.js';
import { KnexGuardRecords } from '../../src/store/knex/guard.js';
import { KnexStoreOperations } from '../../src/store/knex/store-operations.js';
import { KnexStoreRecords } from '../../src/store/knex/store-records.js';
import type { Database } from '../../src/database/database.js';
import type { MiddleOperations, MiddleSearch } from '../../src/middle/port.js';
import type { Pair } from './databases.js';

/** Which rows are an operator's. */
export interface OperationsOptions {
  readonly schema?: string;
  readonly productIds?: readonly string[];
  readonly markAttributes?: boolean;
  readonly maxAttributes?: number;
}

/** What operators do with a middle database, over a connection that is the caller's. */
export function operationsOn(middle: Database, options: OperationsOptions = {}): KnexMiddleOperations {
  return new KnexMiddleOperations(middle, tablesOf(middle, options));
}

/** How operators look about in a middle database, over a connection that is the caller's. */
export function searchOn(middle: Database, options: OperationsOptions = {}): MiddleSearch {
  return knexMiddleSearch(middle, tablesOf(middle, options));
}

function tablesOf(middle: Database, options: OperationsOptions): MiddleTables {
  const { schema, productIds = [], markAttributes = true, maxAttributes = 10_000 } = options;
  const dialect = middle.dialect.name === 'pg' ? pgMiddle : sqliteMiddle;
  return { dialect, schema, productIds, markAttributes, maxAttributes };
}

/** The operators' ports of a pair. */
export interface Operators {
  readonly middle: MiddleOperations;
  readonly search: MiddleSearch;
  readonly store: KnexStoreOperations;
  readonly records: KnexStoreRecords;
  readonly guard: KnexGuardRecords;
}

/** The operators' ports of a pair, over connections that end with it. */
export function operatorsOf(pair: Pair, options?: OperationsOptions): Operators {
  return {
    middle: pair.end.operations(options),
    search: pair.end.search(options),
    store: new KnexStoreOperations(pair.store),
    records: new KnexStoreRecords(pair.store),
    guard: new KnexGuardRecords(pair.store),
  };
}

/** A desk over a pair, over connections that end with it. Nothing is kept: its clock makes every value old at once. */
export function deskOf(pair: Pair, options?: OperationsOptions): Desk {
  let ms = 0;
  const clock = (): number => (ms += 60_000);
  return createDesk({ ...operatorsOf(pair, options), wallClock: () => Date.now(), clock });
}
