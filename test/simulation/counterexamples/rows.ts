import type { WorkerSettings } from '../../../src/worker/settings.js';
import { emptyContent, type Content, type Table, type TroubleKind } from '../../fault/observations.js';
import type { ScheduledRow } from '../../fault/schedule.js';
import { goodNetwork } from '../network.js';
import type { Ambush, AmbushedStatement, PutBack, Scenario, Step } from '../scenario.js';

/* What counterexamples are made of: nothing is drawn, and nothing goes wrong but what their steps say. */

const settings: WorkerSettings = {
  batchSize: 10,
  concurrency: 1,
  pollIntervalMs: 100,
  idlePollMaxMs: 100,
  settleMs: 0,
  dependencyGraceMs: 0,
  leaseTtlMs: 3000,
  shards: 1,
  maxAttempts: 2,
  maxAttributes: 10_000,
  breakerThreshold: 3,
  drainTimeoutMs: 5000,
  callTimeoutMs: 1500,
  handlerTimeoutMs: 1000,
  productIds: [],
  othersFinishRows: false,
  rules: {
    onDuplicateOpen: 'refuse',
    onDuplicateBind: 'refuse',
    onCancelWithUsers: 'refuse',
    attributes: 'merge',
    userLimitAttrSpecId: null,
  },
};

/** A scenario of these steps, with one worker and one shard unless it is told otherwise. */
export function scenarioOf(
  steps: readonly Step[],
  { settings: own = {}, ...rest }: { settings?: Partial<WorkerSettings>; calmAtMs?: number } = {},
): Scenario {
  return {
    seed: 1,
    settings: { ...settings, ...own },
    network: goodNetwork,
    workers: 1,
    clockAheadMs: { middle: 0, store: 0 },
    hurry: 0,
    calmAtMs: 20_000,
    ...rest,
    steps,
  };
}

/** The customer of all rows that are not told otherwise. */
const usualCustomer = '1000';

/** 客户新增: right, and applied unless the product is there. */
export function open(streamingNo: string, custId = usualCustomer): ScheduledRow {
  return row('CUST', streamingNo, { custId, opFlag: '0101', custAccount: 'a', custName: '企业' });
}

/** 客户变更: right where the product is there. */
export function change(streamingNo: string, custId = usualCustomer): ScheduledRow {
  return row('CUST', streamingNo, { custId, opFlag: '0102', custAccount: 'a', custName: '改名' });
}

/** 用户新增: right where the product is there. */
export function bind(streamingNo: string, custId = usualCustomer): ScheduledRow {
  return row('ACCOUNT', streamingNo, { custId, opFlag: '0201', userId: '用户', accType: '1', accName: '张' });
}

/** The same without its BizID, which is refused; `corrected` sets it right. */
export function wrong(scheduled: ScheduledRow): ScheduledRow {
  return { ...scheduled, content: { ...scheduled.content, bizId: null }, formCode: '00401' };
}

const bizId = 'b';

/** The DBA puts a wrong row back as it should have been. */
export const corrected = putBack({ from: 3, content: { bizId } });

/** The DBA puts a row that ended back to State 0. */
export function putBack(exactly: PutBack): Step {
  return { atMs: 0, kind: 'put back', pick: 0, seed: 1, exactly };
}

function row(source: Table, streamingNo: string, content: Partial<Content>): ScheduledRow {
  return {
    ...{ source, streamingNo, ageMs: 0, attributes: [], formCode: null, mark: 'none', planted: null },
    content: { ...emptyContent, productId: '323002000', bizId, areaCode: '571', ...content },
  };
}

/** The platform writes rows in one transaction. */
export function write(atMs: number, ...rows: readonly ScheduledRow[]): Step {
  return { atMs, kind: 'write', transaction: { rows, openMs: 0 } };
}

/** Until all rows of other customers have ended. */
export const forEver = 1_000_000;

/** Something is wrong with the first of the rows that are written next, or with so many. */
export function trouble(kind: TroubleKind, forMs: number, rows = 1): Step {
  return { atMs: 0, kind: 'trouble', trouble: kind, of: 'next rows', rows, pick: 0, forMs };
}

/** An open and its customer's bind, and another customer's open. */
export const threeRows = write(2000, open('1'), bind('2'), open('3', '2000'));

/** Nobody gives up while a statement is held up, or a process stands still. */
export const longCalls = { settings: { callTimeoutMs: 12_000 } };

/** A second worker is there, which has no share of a single shard as long as the first one is alive. */
export const secondWorker: Step = { atMs: 500, kind: 'start' };

/** Which statement of its name: the first one of any worker unless it is told otherwise. */
interface Place {
  readonly skip?: number;
  readonly worker?: number;
}

/** A statement falls into an ambush, which is laid at the beginning. */
export function ambush(statement: AmbushedStatement, what: Ambush, place: Place = {}): Step {
  return { atMs: 0, kind: 'ambush', statement, skip: 0, ...place, ...what };
}

/** A step follows from a statement. */
export function upon(statement: AmbushedStatement, then: Step, place: Place = {}): Step {
  return { atMs: 0, kind: 'upon', statement, skip: 0, ...place, then };
}
