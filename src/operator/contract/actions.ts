import { z } from 'zod';
import { failedRowsSchema } from './rows.js';
import {
  cellSchema,
  countSchema,
  instantSchema,
  namedRowSchema,
  namedRowShape,
  type Infer,
} from './schema.js';

/** Where actions come from. */
const via = ['console', 'api', 'command'] as const;

/** Who acts, for the audit. */
export interface Actor {
  readonly name: string;
  readonly via: (typeof via)[number];
}

const dryRun = z.boolean().describe('nothing was changed');
const action = z.string().nullable().describe('its number in the audit; null: no row was to be changed');

const requeuedSchema = z.object({
  ...namedRowShape,
  errContent: cellSchema.describe('the error that it had'),
  appliedSince: z
    .array(z.object({ ...namedRowShape, opFlag: cellSchema, decidedAt: instantSchema }))
    .describe(
      'rows of its customer that were applied after it failed, newest first; it takes effect after them',
    ),
});

/** A row that was requeued, or would be. */
export type Requeued = Infer<typeof requeuedSchema>;

const notRequeuedSchema = z.object({
  ...namedRowShape,
  reason: z.enum(['missing', 'not failed', 'several rows']),
  state: z
    .int()
    .nullable()
    .describe('its State now; null: there is no such row, more than one, or none in it'),
});

/** A row that was not requeued. */
export type NotRequeued = Infer<typeof notRequeuedSchema>;

/** Result of requeuing named rows. */
export const requeueReportSchema = z.object({
  dryRun,
  action,
  requeued: z.array(requeuedSchema),
  notRequeued: z.array(notRequeuedSchema),
});
export type RequeueReport = Infer<typeof requeueReportSchema>;

/** Result of a requeue by filter. */
export const matchReportSchema = z.object({
  dryRun,
  action: action.describe('its number in the audit, for `continues`; null: no row was to be changed'),
  failedUntil: z.string().describe("about rows that failed until then, by the middle database's clock"),
  matched: countSchema.describe('atLeast: more rows are left, for `continues`'),
  requeued: z.int(),
  before: z.int().describe('rows requeued by the actions that it continues'),
  notRequeued: z.int().describe('changed meanwhile, or sharing their StreamingNo with another row'),
  examples: failedRowsSchema.describe('the first of the matching rows'),
});
export type MatchReport = Infer<typeof matchReportSchema>;

/** Result of retrying deferred rows. */
export const retryReportSchema = z.object({
  retried: z.array(namedRowSchema).describe('workers try them at their next check of the leases'),
  notDeferred: z.array(namedRowSchema).describe('they are not deferred'),
});
export type RetryReport = Infer<typeof retryReportSchema>;

/** Whether the end of a pause changed anything. */
export const changedSchema = z.object({ changed: z.boolean() });

/** Whether a pause changed anything. */
export const pausedSchema = changedSchema.extend({
  known: z
    .boolean()
    .describe('false: the product store has no customer of this product; its number may be mistyped'),
});

/** Result of a journal purge. */
export const purgeReportSchema = z.object({
  dryRun,
  ended: z.boolean().describe('false: it ended before all entries were checked'),
  before: instantSchema.describe('entries decided before this went'),
  continues: z
    .string()
    .nullable()
    .describe('the interrupted purge that it goes on with, in the audit; null: none'),
  after: z.string().nullable().describe('the last row that was done by it'),
  superseded: z.int().describe('superseded failures, without those that are evidence of a requeue'),
  gone: z
    .object({ rows: z.int(), entries: z.int().nullable() })
    .nullable()
    .describe('rows that have left the middle database, and their entries; null: not asked for'),
});
export type PurgeReport = Infer<typeof purgeReportSchema>;

/** What `repair --accept` and `migrate --new-store` accepted. */
export const acceptReportSchema = z.object({
  finishedUntil: z
    .string()
    .describe("rows finished until then, by the middle database's clock, are not compared any more"),
  alarmsClosed: z.int(),
  unknownRows: z.int().describe('finished rows among the newest that the journal does not know'),
});
export type AcceptReport = Infer<typeof acceptReportSchema>;

/** Result of a repair. */
export const repairReportSchema = z.object({
  dryRun,
  action: z.string().nullable().describe('its number in the audit; null: a dry run'),
  cancelled: z
    .string()
    .nullable()
    .describe('who or what ended it early: what was done stays done; null: it came to its end'),
  rows: z.int().describe('rows that took effect once more'),
  customers: z.int().describe('customers that they belong to'),
  replayed: z
    .int()
    .describe(
      'those of them with rows applied after the lost ones: all of their rows were applied anew in memory',
    ),
  examples: z
    .array(z.object({ ...namedRowShape, custId: cellSchema, opFlag: cellSchema, stateDate: z.string() }))
    .describe('the first of these rows, with the time of their mark by the middle database'),
  falselyRefused: z
    .object({
      rows: z.int(),
      takenBack: z.int().describe('of these put back to State 0, for a worker to answer 2'),
      examples: z.array(z.object({ ...namedRowShape, custId: cellSchema, opFlag: cellSchema })),
    })
    .describe('rows of these customers that were refused since, only because of the loss'),
  left: z
    .array(
      z.object({
        ...namedRowShape,
        custId: z.string(),
        reason: z
          .enum(['historyIncomplete', 'impossible', 'busy'])
          .describe(
            'historyIncomplete: rows of the customer were applied after the lost ones, and the rows that the journal knows ' +
              'do not lead to what the store holds; impossible: a lost row, or one applied since, cannot take effect; busy: ' +
              'rows of the customer were decided each time',
          ),
        rows: z.int().describe('lost rows of the customer, as far as they are known'),
        why: z.string().nullable(),
      }),
    )
    .describe('customers that were left as they are, each with its first lost row'),
  byOthers: z.int().describe('finished rows that the journal does not know, and that others finished'),
  alarmsClosed: z.int(),
  alarmsOpen: z.int().describe('alarms that are open after it'),
});
export type RepairReport = Infer<typeof repairReportSchema>;

/** Recorded actions, newest first. */
export const auditSchema = z.array(
  z.object({
    who: z.string(),
    via: z.enum(via),
    action: z.enum([
      'requeue',
      'requeue-matching',
      'retry',
      'pause',
      'resume',
      'journal-purge',
      'repair',
      'repair-accept',
      'new-store',
      'login',
      'login-refused',
      'logout',
      'action-refused',
      'wrong-host',
      'export',
    ]),
    what: z.string(),
    rows: z.int().nullable(),
    reason: z.string().nullable(),
    id: z.string(),
    at: instantSchema,
    status: z
      .enum(['done', 'open'])
      .describe('open: recorded before it was done, and without an outcome: under way, or its process ended'),
    outcome: z
      .object({ at: instantSchema, what: z.string() })
      .nullable()
      .describe('of an action that was recorded before it was done; how many rows it changed is `rows`'),
  }),
);
export type RecordedAction = Infer<typeof auditSchema>[number];
