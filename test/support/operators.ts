import { KnexMiddleAdmin } from '../../src/middle/knex/middle-admin.js';
import { pgMiddle } from '../../src/middle/knex/postgresql.js';
import { sqliteMiddle } from '../../src/middle/knex/sqlite.js';
import type { KnexTables } from '../../src/middle/knex/tables.js';
import { createOperatorService } from '../../src/operator/create-operator-service.js';
import type { Databases } from '../../src/operator/databases.js';
import { RepairRunner } from '../../src/operator/repair/repair-runner.js';
import type { OperatorSettings } from '../../src/operator/requests.js';
import type { OperatorService } from '../../src/operator/operator-service.js';
import { SqliteStagingDatabase } from '../../src/staging/sqlite-staging.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import type { Database } from '../../src/database/database.js';
import type { MiddleAdmin } from '../../src/middle/admin-port.js';
import { rulesWith } from './builders.js';
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

function tablesOf(middle: Database, options: OperationsOptions): KnexTables {
  const { schema, productIds = [], markAttributes = true, maxAttributes = 10_000 } = options;
  const dialect = middle.dialect.name === 'pg' ? pgMiddle : sqliteMiddle;
  return { dialect, schema, productIds, markAttributes, maxAttributes };
}

/** The operators' ports of a pair, over connections that end with it. */
export function operatorsOf(
  pair: Pair,
  options?: OperationsOptions,
): { readonly middle: MiddleAdmin; readonly store: KnexStoreAdmin } {
  return { middle: pair.testMiddle.operations(options), store: new KnexStoreAdmin(pair.store) };
}

/** An empty staging database. */
export const openStaging = () => Promise.resolve(new SqliteStagingDatabase());

/** Settings of an operator service that a test does not change. */
export const operatorSettings: OperatorSettings = {
  ...{ productIds: [], shards: 8, settleMs: 0, dependencyGraceMs: 0, maxAttributes: 10_000 },
  othersFinishRows: false,
  rules: rulesWith(),
};

/** Runs repairs on these connections, which stay open. */
export function repairRunnerOn(databases: Databases, settings = operatorSettings): RepairRunner {
  const open = () => Promise.resolve({ databases, close: () => Promise.resolve() });
  return new RepairRunner({ open, openStaging, settings, wallClock: () => Date.now() });
}

/** An operator service over a pair, whose connections end with the pair. Nothing is cached: by its clock every value is old at once. */
export function operatorServiceOf(pair: Pair, options: OperationsOptions = {}): OperatorService {
  let ms = 0;
  const clock = (): number => (ms += 60_000);
  const databases = operatorsOf(pair, options);
  const settings = { ...operatorSettings, productIds: options.productIds ?? [] };
  return createOperatorService({
    ...{ databases, openStaging, settings },
    poller: pair.openMiddle(options),
    repairs: repairRunnerOn(databases, settings),
    clocks: { wallClock: () => Date.now(), clock },
  });
}
