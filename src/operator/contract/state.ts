import { z } from 'zod';
import { deferredSummarySchema } from './rows.js';
import { cellSchema, countSchema, instantSchema, namedRowShape, tableSchema, type Infer } from './schema.js';
import { lastVerificationSchema } from './verification.js';

/** Registered workers, those alive first. */
export const workersSchema = z.array(
  z.object({
    workerId: z.string(),
    host: z.string(),
    pid: z.int(),
    startedAt: instantSchema,
    heartbeatAt: instantSchema,
    alive: z.boolean(),
    shards: z.array(z.int()),
  }),
);
export type RegisteredWorker = Infer<typeof workersSchema>[number];

const targetSchema = z.union([z.object({ table: tableSchema }), z.object({ productId: z.string() })]);

/** What is paused, by the names that operators use. */
export type NamedTarget = Infer<typeof targetSchema>;

/** Pauses in force. */
export const pausesSchema = z.array(
  z.object({
    target: targetSchema.describe('as `pause` and `resume` take it'),
    since: instantSchema,
    who: z.string(),
    reason: z.string().nullable(),
  }),
);
export type PauseInForce = Infer<typeof pausesSchema>[number];

/** Open alarms: the product store has lost something, and no row is processed. */
export const alarmsSchema = z.array(
  z.object({
    alarmId: z.string(),
    kind: z.enum(['ownCommits', 'finishedRows', 'noOrigin']),
    rows: z.int(),
    examples: z.array(z.object({ ...namedRowShape, custId: cellSchema, stateDate: z.string() })),
    raisedAt: instantSchema,
    worker: z.string(),
    host: z.string(),
  }),
);
export type OpenAlarm = Infer<typeof alarmsSchema>[number];

const databaseStatusSchema = z.object({
  reachable: z.boolean(),
  answeredMs: z.number().nullable(),
  error: z.string().nullable().describe('one line without secrets'),
});

/** How a database answers. */
export type DatabaseStatus = Infer<typeof databaseStatusSchema>;

const barsSchema = z.array(z.object({ from: instantSchema, applied: z.int(), failed: z.int() }));

/** A bar of a chart: decisions in a span of time. */
export type ActivityBar = Infer<typeof barsSchema>[number];

const countsByStateSchema = z.object({
  ...{ '0': countSchema, '1': countSchema, '2': countSchema, '3': countSchema },
  other: countSchema.optional().describe('in a State outside the specification, or in none'),
});

/** Counts by State. */
export type CountsByState = Infer<typeof countsByStateSchema>;

const straysSchema = z.object({ late: z.int(), orphaned: z.int() });

/** Attribute rows in State 0 that came after their row was taken, or have none. */
export type StrayNumbers = Infer<typeof straysSchema>;

const oldestPendingSchema = z
  .number()
  .nullable()
  .describe('since the later of CreateDate and StateDate that is not ahead of the clock');

const createdAheadSchema = z
  .object({ rows: z.int(), newest: cellSchema, seconds: z.number() })
  .describe('pending rows whose CreateDate is ahead of the middle database: left alone until then');

/** The dashboard's summary. A section that could not be read is null; `databases` says why. */
export const overviewSchema = z.object({
  at: instantSchema,
  tables: z.record(tableSchema, countsByStateSchema).nullable().describe('by table, then by State'),
  oldestPendingSeconds: oldestPendingSchema,
  createdAhead: createdAheadSchema.nullable(),
  strayAttributes: z
    .record(tableSchema, straysSchema)
    .nullable()
    .describe(
      'attribute rows that came too late for their row, or belong to none; of the newest 1000 of each table',
    ),
  lastHour: barsSchema.nullable().describe('in spans of 5 minutes, oldest first'),
  lastDay: barsSchema.nullable().describe('in hours, oldest first'),
  workers: workersSchema.nullable(),
  shards: z.int().nullable(),
  pauses: pausesSchema.nullable(),
  alarms: alarmsSchema.nullable().describe('that the product store has lost something: no row is processed'),
  deferred: deferredSummarySchema
    .nullable()
    .describe('deferred rows, and with each the rows of its customer'),
  verification: z
    .object({ last: lastVerificationSchema.nullable().describe('null: none has finished') })
    .nullable()
    .describe('the last verification of everything that finished'),
  databases: z.object({ middle: databaseStatusSchema, store: databaseStatusSchema }),
});
export type Overview = Infer<typeof overviewSchema>;

/** How much there is to do and who does it: the answer of `status --json`. */
export const statusSchema = z.object({
  tables: z
    .record(
      tableSchema,
      z.object({
        ...{ '0': z.int(), '1': z.int(), '2': z.int(), '3': z.int() },
        other: z.int().optional(),
        atLeast: z
          .array(z.enum(['0', '1', '2', '3', 'other']))
          .optional()
          .describe('States with more rows than were counted; absent: all were counted'),
      }),
    )
    .describe('rows by State; only rows of our products'),
  oldestPendingSeconds: oldestPendingSchema,
  createdAhead: createdAheadSchema.optional().describe('absent: there are none'),
  workers: workersSchema,
  alarms: alarmsSchema,
  deferred: deferredSummarySchema,
});
export type Status = Infer<typeof statusSchema>;
