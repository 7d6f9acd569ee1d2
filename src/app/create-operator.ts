import type { Config } from '../config/schema.js';
import { createOperatorService } from '../operator/create-operator-service.js';
import type { OperatorService } from '../operator/operator-service.js';
import type { StagingDatabase } from '../operator/verify/staging.js';
import type { OpenDatabases } from './open-databases.js';

/** What operators can see and do, over the open databases of a configuration. */
export function createOperator(config: Config, { admin, middle }: OpenDatabases): OperatorService {
  const { settleMs, dependencyGraceMs, maxAttributes, shards } = config.worker;
  return createOperatorService({
    databases: admin,
    poller: middle.database,
    openStaging,
    settings: {
      ...{ settleMs, dependencyGraceMs, maxAttributes, shards },
      othersFinishRows: config.middle.othersFinishRows,
      productIds: config.middle.productIds.map((digits) => BigInt(digits).toString()),
      rules: config.rules,
    },
    clocks: { wallClock: () => Date.now(), clock: () => performance.now() },
  });
}

/** Opens the staging database of a verification. Loaded here only: the driver is an optional dependency. */
export async function openStaging(): Promise<StagingDatabase> {
  const { SqliteStagingDatabase } = await import('../staging/sqlite-staging.js');
  return new SqliteStagingDatabase();
}
