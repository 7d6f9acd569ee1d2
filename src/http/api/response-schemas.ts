import { z } from 'zod';
import type {
  FailureGroup,
  MatchReport,
  Overview,
  RowInProcessing,
  RowList,
  RowDetails,
} from '../../operator/operator-service.js';
import type { DeferredRow, DeferredSummary, RetryReport } from '../../operator/deferred-report.js';
import type { RequeueReport } from '../../operator/requeue-report.js';
import type { StoreAlarm } from '../../store/guard-port.js';
import type { WorkerDescription, Pause } from '../../store/port.js';
import { cellSchema, countSchema, rowNumbers } from './row-numbers.js';

/*
 * What is answered, for the OpenAPI document. `satisfies` keeps each in step with the operator service's type.
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
  examples: z.array(z.object({ source, streamingNo: z.string(), custId: cellSchema, stateDate: z.string() })),
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
  custId: cellSchema,
  ...deferral,
  reason: z.string().describe("the database's own words, or who holds the lock"),
  tries: z.int(),
  since: instant,
  nextAt: instant,
  worker: z.string(),
}) satisfies z.ZodType<DeferredRow>;

/** Deferred rows. */
export const deferredResponse = z.array(deferredRow);

const deferredSummary = z.object({
  rows: z.int(),
  customers: z.int(),
  oldestSeconds: z.number().nullable(),
  byStage: z.array(z.object({ ...deferral, rows: z.int() })),
  oldest: deferredResponse.describe('those deferred longest first, at most ten'),
}) satisfies z.ZodType<DeferredSummary>;

/** What one wants to know first. */
export const overviewResponse = z.object({
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
  deferred: deferredSummary.nullable().describe('deferred rows, and with each the rows of its customer'),
  databases: z.object({ middle: health, store: health }),
}) satisfies z.ZodType<Overview>;

const failedRow = z.object({
  table: z.string(),
  streamingNo: z.string(),
  opFlag: cellSchema,
  productId: cellSchema,
  custId: cellSchema,
  bizId: cellSchema,
  userId: cellSchema,
  code: z.string().nullable(),
  errContent: cellSchema,
  createDate: cellSchema,
  stateDate: cellSchema,
});

/** Failures by table and code. */
export const failureGroupsResponse = z.array(
  z.object({
    table: z.string(),
    code: z.string().nullable(),
    text: z.string().nullable(),
    present: countSchema,
    lastHour: z.int(),
    lastDay: z.int(),
    lastWeek: z.int(),
    newest: failedRow.nullable(),
  }),
) satisfies z.ZodType<readonly FailureGroup[]>;

/** A page of failed rows. */
export const failedResponse = z.object({
  rows: z.array(failedRow.extend({ custName: cellSchema, accName: cellSchema })),
  next: z.string().nullable().describe('for `after`; null: nothing is left'),
}) satisfies z.ZodType<RowList>;

/** Rows in State 1. */
export const processingResponse = z.array(
  z.object({
    table: z.string(),
    streamingNo: z.string(),
    opFlag: cellSchema,
    productId: cellSchema,
    custId: cellSchema,
    userId: cellSchema,
    stateDate: cellSchema,
    ageSeconds: z.number().nullable(),
    shard: z.int(),
    holder: z.string().nullable(),
    host: z.string().nullable(),
  }),
) satisfies z.ZodType<readonly RowInProcessing[]>;

const fullRow = z.object({
  source,
  streamingNo: z.string(),
  productId: cellSchema,
  bizId: cellSchema,
  areaCode: cellSchema,
  custId: cellSchema,
  custAccount: cellSchema,
  custName: cellSchema,
  userId: cellSchema,
  accType: cellSchema,
  accName: cellSchema,
  opFlag: cellSchema,
  createDate: cellSchema,
  state: z.int().nullable(),
  stateDate: cellSchema,
  attributes: z.array(z.object({ attrId: cellSchema, attrSpecId: cellSchema, attrValue: cellSchema })),
  errContent: cellSchema,
  remark: cellSchema,
});

const journalLine = z.object({
  source,
  streamingNo: z.string(),
  attempt: z.string(),
  outcome: z.enum(['applied', 'failed']),
  code: z.string().nullable(),
  errContent: z.string().nullable(),
  opFlag: cellSchema,
  productId: cellSchema,
  custId: cellSchema,
  bizId: cellSchema,
  userId: cellSchema,
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
  areaCode: cellSchema,
  custAccount: cellSchema,
  custName: cellSchema,
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
  areaCode: cellSchema,
  accType: cellSchema,
  accName: cellSchema,
  status: z.enum(['bound', 'unbound']),
  boundAt: instant,
  changedAt: instant.nullable(),
  unboundAt: instant.nullable(),
  lastStreamingNo: z.string(),
  attributes,
});

/** Everything about a row. */
export const rowResponse = z.object({
  table: z.string(),
  streamingNo: z.string(),
  rows: z.array(fullRow),
  journal: z.array(journalLine),
  deferred: deferredRow.nullable().describe('that the row is deferred, and why; null: it is not'),
  heldBackBy: deferredResponse.describe(
    'rows of its customer that are deferred, for which it waits; at most ten',
  ),
  records: z.array(z.object({ customer, users: z.array(account), more: z.boolean() })),
  relatedRows: z.array(
    z.object({
      table: z.string(),
      streamingNo: z.string(),
      opFlag: cellSchema,
      productId: cellSchema,
      userId: cellSchema,
      createDate: cellSchema,
      state: z.int().nullable(),
      errContent: cellSchema,
      decidedAt: instant.nullable(),
      place: z.enum(['before', 'this', 'after']),
    }),
  ),
}) satisfies z.ZodType<RowDetails>;

const named = { table: z.string(), streamingNo: z.string() };

/** What became of rows to be put back. */
export const requeuedResponse = z.object({
  dryRun: z.boolean(),
  action: z.string().nullable().describe('its id in the audit; null: no row was to be changed'),
  requeued: z.array(
    z.object({
      ...named,
      errContent: cellSchema,
      appliedSince: z.array(z.object({ ...named, opFlag: cellSchema, decidedAt: instant })),
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
export const requeuedMatchingResponse = z.object({
  dryRun: z.boolean(),
  action: z
    .string()
    .nullable()
    .describe('its id in the audit, for `continues`; null: no row was to be changed'),
  failedUntil: z.string().describe('about rows that failed until then, by the middle database’s clock'),
  matched: countSchema.describe('atLeast: more is left, to be gone on with'),
  requeued: z.int(),
  before: z.int().describe('rows that the actions put back that this one goes on with'),
  notRequeued: z.int(),
  examples: z.array(failedRow),
}) satisfies z.ZodType<MatchReport>;

/** What became of rows that workers shall try at once. */
export const retriedResponse = z.object({
  retried: z.array(z.object(named)),
  notDeferred: z.array(z.object(named)).describe('they are not deferred'),
}) satisfies z.ZodType<RetryReport>;

export const pausesResponse = z.array(pause);
export const workersResponse = z.array(worker);
/** Whether a pause or its end changed anything. */
export const changedResponse = z.object({ changed: z.boolean() });
/** The same of a pause. */
export const pausedResponse = changedResponse.extend({
  known: z
    .boolean()
    .describe('false: the product store has no customer of this product; its number may be mistyped'),
});

/** An error. */
export const errorResponse = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z
      .array(z.object({ field: z.string(), value: z.string().nullable(), message: z.string() }))
      .optional(),
  }),
});
