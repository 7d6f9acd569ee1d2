import { KnexMiddleAdmin } from '../../src/middle/knex/middle-admin.js';
import { knexBoundedQueries } from '../../src/middle/knex/bounded-queries.js';
import { pgMiddle } from '../../src/middle/knex/pg.js';
import { sqliteMiddle } from '../../src/middle/knex/sqlite.js';
import type { KnexTables } from '../../src/middle/knex/tables.js';
import { createOperatorService } from '../../src/operator/create-operator-service.js';
import type { OperatorService } from '../../src/operator/operator-service.js';
import { KnexGuardRecords } from '../../src/store/knex/guard.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { KnexStoreRecords } from '../../src/store/knex/store-records.js';
import type { Database } from '../../src/database/database.js';
import type { MiddleAdmin, BoundedQueries } from '../../src/middle/admin-port.js';
import type { Pair } from './databases.js';

/** Which rows are an operator's. */
export interface OperationsOptions {
  readonly schema?: string;
  readonly productIds?: readonly string[];
  readonly markAttributes?: boolean;
  readonly maxAttributes?: number;
}

/** What operators do with a middle database, over a connection that is the caller's. */
export function operationsOn(middle: Database, options: OperationsOptions = {}): KnexMiddleAdmin {
  return new KnexMiddleAdmin(middle, tablesOf(middle, options));
}

/** How operators look about in a middle database, over a connection that is the caller's. */
export function searchOn(middle: Database, options: OperationsOptions = {}): BoundedQueries {
  return knexBoundedQueries(middle, tablesOf(middle, options));
}

function tablesOf(middle: Database, options: OperationsOptions): KnexTables {
  const { schema, productIds = [], markAttributes = true, maxAttributes = 10_000 } = options;
  const dialect = middle.dialect.name === 'pg' ? pgMiddle : sqliteMiddle;
  return { dialect, schema, productIds, markAttributes, maxAttributes };
}

/** The operators' ports of a pair. */
export interface Operators {
  readonly middle: MiddleAdmin;
  readonly search: BoundedQueries;
  readonly store: KnexStoreAdmin;
  readonly records: KnexStoreRecords;
  readonly guard: KnexGuardRecords;
}

/** The operators' ports of a pair, over connections that end with it. */
export function operatorsOf(pair: Pair, options?: OperationsOptions): Operators {
  return {
    middle: pair.testMiddle.operations(options),
    search: pair.testMiddle.search(options),
    store: new KnexStoreAdmin(pair.store),
    records: new KnexStoreRecords(pair.store),
    guard: new KnexGuardRecords(pair.store),
  };
}

/** An operator service over a pair, whose connections end with the pair. Nothing is cached: by its clock every value is old at once. */
export function operatorServiceOf(pair: Pair, options?: OperationsOptions): OperatorService {
  let ms = 0;
  const clock = (): number => (ms += 60_000);
  return createOperatorService({ ...operatorsOf(pair, options), wallClock: () => Date.now(), clock });
}
