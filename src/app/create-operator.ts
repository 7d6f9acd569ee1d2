import type { Config } from '../config/schema.js';
import { createOperatorService } from '../operator/create-operator-service.js';
import type { OperatorService } from '../operator/operator-service.js';
import { RepairRunner, type RepairRunnerParts } from '../operator/repair/repair-runner.js';
import type { OperatorSettings } from '../operator/requests.js';
import type { StagingDatabase } from '../operator/verify/staging.js';
import type { OpenDatabases } from './open-databases.js';
import { requireDriver } from './require-driver.js';

/** What operators can see and do, over the open databases of a configuration. By default a repair shares them. */
export function createOperator(
  config: Config,
  { admin, middle }: OpenDatabases,
  repairs: RepairRunner = createRepairRunner(config, {
    open: () => Promise.resolve({ databases: admin, close: () => Promise.resolve() }),
  }),
): OperatorService {
  return createOperatorService({
    databases: admin,
    poller: middle.database,
    openStaging,
    repairs,
    settings: settingsOf(config),
    clocks: { wallClock: () => Date.now(), clock: () => performance.now() },
  });
}

/** Runs repairs on connections that `open` gives them. */
export function createRepairRunner(
  config: Config,
  parts: Pick<RepairRunnerParts, 'open' | 'onFailure'>,
): RepairRunner {
  return new RepairRunner({
    ...parts,
    openStaging,
    settings: settingsOf(config),
    wallClock: () => Date.now(),
  });
}

function settingsOf(config: Config): OperatorSettings {
  const { settleMs, dependencyGraceMs, maxAttributes, shards } = config.worker;
  return {
    ...{ settleMs, dependencyGraceMs, maxAttributes, shards },
    othersFinishRows: config.middle.othersFinishRows,
    productIds: config.middle.productIds.map((digits) => BigInt(digits).toString()),
    rules: config.rules,
  };
}

/** Opens the staging database of a verification or a repair. Loaded here only: the driver is an optional dependency. */
export async function openStaging(): Promise<StagingDatabase> {
  requireDriver('better-sqlite3', 'verify and repair');
  const { SqliteStagingDatabase } = await import('../staging/sqlite-staging.js');
  return new SqliteStagingDatabase();
}
