import type { RepairState } from '../contract/repair.js';
import type { Databases } from '../databases.js';
import { namedAlarm } from '../named.js';
import type { OperatorClocks } from '../requests.js';
import { repairsUnderWay } from './repair-record.js';
import type { RepairRunner } from './repair-runner.js';

/** How many of the newest recorded actions are searched for repairs without an outcome. */
const actionsSearched = 200;

/** Reads where repairs stand. What the product store does not answer is null: a repair goes on being shown meanwhile. */
export async function repairState(
  { store }: Databases,
  repairs: Pick<RepairRunner, 'state'>,
  { wallClock }: Pick<OperatorClocks, 'wallClock'>,
): Promise<RepairState> {
  const [actions, alarms] = await Promise.all([
    store.records.actions({ before: null, limit: actionsSearched }).catch(() => null),
    store.guard.openAlarms().catch(() => null),
  ]);
  // After the reading: the number of a repair that has just begun is known by then.
  const job = repairs.state();
  return {
    at: new Date(wallClock()).toISOString(),
    job,
    underWay: actions === null ? null : repairsUnderWay(actions, job?.action ?? null),
    alarms: alarms === null ? null : alarms.map(namedAlarm),
  };
}
