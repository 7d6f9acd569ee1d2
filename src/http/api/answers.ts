import { z } from 'zod';
import type {
  FailureGroup,
  MatchReport,
  Overview,
  RowInHand,
  RowList,
  RowPage,
} from '../../operator/desk.js';
import type { DeferredRow, DeferredSummary, RetryReport } from '../../operator/deferred-report.js';
import type { RequeueReport } from '../../operator/requeue-report.js';
import type { StoreAlarm } from '../../store/guard-port.js';
import type { WorkerDescription } from '../../store/port.js';
import type { Pause } from '../../store/records-port.js';
import { cell, count, rowNumbers } from './row-numbers.js';

/*
 * What is answered, for the OpenAPI document. `satisfies` keeps each in step with the desk's type.
 */

/** A time of the product store. */
export const instant = z.string().describe('ISO 8601, UTC');
const source = z.enum(['CUST', 'ACCOUNT']);

const target = z.union([z.object({ source }), z.object({ productId: z.string() })]);

const pause = z.object({
  target,
  since: instant,
  who: z.string(),
  reason: z.string().nullable(),
}) satisfies z.ZodType<Pause>;

const worker = z.object({
  workerId: z.string(),
  host: z.string(),
  pid: z.int(),
  startedAt: instant,
  heartbeatAt: instant,
  alive: z.boolean(),
  shards: z.array(z.int()),
}) satisfies z.ZodType<WorkerDescription>;

const alarm = z.object({
  alarmId: z.string(),
  kind: z.enum(['ownCommits', 'finishedRows', 'noOrigin']),
  rows: z.int(),
  examples: z.array(z.object({ source, streamingNo: z.string(), custId: cell, stateDate: z.string() })),
  raisedAt: instant,
  worker: z.string(),
  host: z.string(),
}) satisfies z.ZodType<StoreAlarm>;

const health = z.object({
  reachable: z.boolean(),
  answeredMs: z.number().nullable(),
  error: z.string().nullable(),
});

const bars = z.array(z.object({ from: instant, applied: z.int(), failed: z.int() })).nullable();

const deferral = {
  stage: z.enum(['claim', 'apply', 'mark']),
  cause: z.enum(['locked', 'refused', 'ignored']),
};

const deferredRow = z.object({
  table: z.string(),
  streamingNo: z.string(),
  custId: cell,
  ...deferral,
  reason: z.string().describe("the database's own words, or who holds the lock"),
  tries: z.int(),
  since: instant,
  nextAt: instant,
  worker: z.string(),
}) satisfies z.ZodType<DeferredRow>;

/** Rows that are put off. */
export const deferred = z.array(deferredRow);

const deferredSummary = z.object({
  rows: z.int(),
  customers: z.int(),
  oldestSeconds: z.number().nullable(),
  byStage: z.array(z.object({ ...deferral, rows: z.int() })),
  oldest: deferred.describe('those put off longest first, at most ten'),
}) satisfies z.ZodType<DeferredSummary>;

/** What one wants to know first. */
export const overview = z.object({
  at: instant,
  ...rowNumbers,
  lastHour: bars,
  lastDay: bars,
  workers: z.array(worker).nullable(),
  shards: z.int().nullable(),
  pauses: z.array(pause).nullable(),
  alarms: z
    .array(alarm)
    .nullable()
    .describe('that the product store has lost something: no row is processed'),
  deferred: deferredSummary
    .nullable()
    .describe('rows that are put off, and with each the rows of its customer'),
  databases: z.object({ middle: health, store: health }),
}) satisfies z.ZodType<Overview>;

const failedRow = z.object({
  table: z.string(),
  streamingNo: z.string(),
  opFlag: cell,
  productId: cell,
  custId: cell,
  bizId: cell,
  userId: cell,
  code: z.string().nullable(),
  errContent: cell,
  createDate: cell,
  stateDate: cell,
});

/** Failures by table and code. */
export const groups = z.array(
  z.object({
    table: z.string(),
    code: z.string().nullable(),
    text: z.string().nullable(),
    present: count,
    lastHour: z.int(),
    lastDay: z.int(),
    lastWeek: z.int(),
    newest: failedRow.nullable(),
  }),
) satisfies z.ZodType<readonly FailureGroup[]>;

/** A page of failed rows. */
export const failed = z.object({
  rows: z.array(failedRow.extend({ custName: cell, accName: cell })),
  next: z.string().nullable().describe('for `after`; null: nothing is left'),
}) satisfies z.ZodType<RowList>;

/** Rows in State 1. */
export const inHand = z.array(
  z.object({
    table: z.string(),
    streamingNo: z.string(),
    opFlag: cell,
    productId: cell,
    custId: cell,
    userId: cell,
    stateDate: cell,
    ageSeconds: z.number().nullable(),
    shard: z.int(),
    holder: z.string().nullable(),
    host: z.string().nullable(),
  }),
) satisfies z.ZodType<readonly RowInHand[]>;

const fullRow = z.object({
  source,
  streamingNo: z.string(),
  productId: cell,
  bizId: cell,
  areaCode: cell,
  custId: cell,
  custAccount: cell,
  custName: cell,
  userId: cell,
  accType: cell,
  accName: cell,
  opFlag: cell,
  createDate: cell,
  state: z.int().nullable(),
  stateDate: cell,
  attributes: z.array(z.object({ attrId: cell, attrSpecId: cell, attrValue: cell })),
  errContent: cell,
  remark: cell,
});

const journalLine = z.object({
  source,
  streamingNo: z.string(),
  attempt: z.string(),
  outcome: z.enum(['applied', 'failed']),
  code: z.string().nullable(),
  errContent: z.string().nullable(),
  opFlag: cell,
  productId: cell,
  custId: cell,
  bizId: cell,
  userId: cell,
  digest: z.string(),
  superseded: z.boolean(),
  worker: z.string(),
  decidedAt: instant,
});

const attributes = z.array(
  z.object({ attrSpecId: z.string(), attrId: z.string().nullable(), attrValue: z.string().nullable() }),
);
const identity = { productId: z.string(), custId: z.string(), bizId: z.string() };

const customer = z.object({
  ...identity,
  areaCode: cell,
  custAccount: cell,
  custName: cell,
  status: z.enum(['active', 'cancelled']),
  openedAt: instant,
  changedAt: instant.nullable(),
  cancelledAt: instant.nullable(),
  lastStreamingNo: z.string(),
  attributes,
});

const account = z.object({
  ...identity,
  userId: z.string(),
  areaCode: cell,
  accType: cell,
  accName: cell,
  status: z.enum(['bound', 'unbound']),
  boundAt: instant,
  changedAt: instant.nullable(),
  unboundAt: instant.nullable(),
  lastStreamingNo: z.string(),
  attributes,
});

/** Everything about a row. */
export const rowPage = z.object({
  table: z.string(),
  streamingNo: z.string(),
  rows: z.array(fullRow),
  journal: z.array(journalLine),
  deferred: deferredRow.nullable().describe('that the row is put off, and why; null: it is not'),
  heldBackBy: deferred.describe('rows of its customer that are put off, for which it waits; at most ten'),
  records: z.array(z.object({ customer, users: z.array(account), more: z.boolean() })),
  neighbours: z.array(
    z.object({
      table: z.string(),
      streamingNo: z.string(),
      opFlag: cell,
      productId: cell,
      userId: cell,
      createDate: cell,
      state: z.int().nullable(),
      errContent: cell,
      decidedAt: instant.nullable(),
      place: z.enum(['before', 'this', 'after']),
    }),
  ),
}) satisfies z.ZodType<RowPage>;

const named = { table: z.string(), streamingNo: z.string() };

/** What became of rows to be put back. */
export const requeued = z.object({
  dryRun: z.boolean(),
  action: z.string().nullable().describe('its id in the audit; null: no row was to be changed'),
  requeued: z.array(
    z.object({
      ...named,
      errContent: cell,
      appliedSince: z.array(z.object({ ...named, opFlag: cell, decidedAt: instant })),
    }),
  ),
  notRequeued: z.array(
    z.object({
      ...named,
      reason: z.enum(['missing', 'not failed', 'several rows']),
      state: z.int().nullable(),
    }),
  ),
}) satisfies z.ZodType<RequeueReport>;

/** What became of all rows that match. */
export const requeuedMatching = z.object({
  dryRun: z.boolean(),
  action: z
    .string()
    .nullable()
    .describe('its id in the audit, for `continues`; null: no row was to be changed'),
  failedUntil: z.string().describe('about rows that failed until then, by the middle database’s clock'),
  matched: count.describe('atLeast: more is left, to be gone on with'),
  requeued: z.int(),
  before: z.int().describe('rows that the actions put back that this one goes on with'),
  notRequeued: z.int(),
  examples: z.array(failedRow),
}) satisfies z.ZodType<MatchReport>;

/** What became of rows that workers shall try at once. */
export const retried = z.object({
  retried: z.array(z.object(named)),
  notDeferred: z.array(z.object(named)).describe('they are not put off'),
}) satisfies z.ZodType<RetryReport>;

export const pauses = z.array(pause);
export const workers = z.array(worker);
/** Whether a pause or its end changed anything. */
export const changed = z.object({ changed: z.boolean() });
/** The same of a pause. */
export const paused = changed.extend({
  known: z
    .boolean()
    .describe('false: the product store has no customer of this product; its number may be mistyped'),
});

/** An error. */
export const fault = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z
      .array(z.object({ field: z.string(), value: z.string().nullable(), message: z.string() }))
      .optional(),
  }),
});
