import { z } from 'zod';
import { deferralCauses, stages } from '../../domain/deferral.js';
import { cellSchema, countSchema, instantSchema, namedRowShape, tableSchema, type Infer } from './schema.js';

const failedRowSchema = z.object({
  ...namedRowShape,
  opFlag: cellSchema,
  productId: cellSchema,
  custId: cellSchema,
  bizId: cellSchema,
  userId: cellSchema,
  code: z.string().nullable().describe('the code that ErrContent starts with; null: it starts with none'),
  errContent: cellSchema,
  createDate: cellSchema,
  stateDate: cellSchema,
});

/** A failed row as `failed --json` lists it. */
export type FailedRow = Infer<typeof failedRowSchema>;

/** Failed rows, as the command lists them. */
export const failedRowsSchema = z.array(failedRowSchema);

const listedRowSchema = failedRowSchema.extend({ custName: cellSchema, accName: cellSchema });

/** A failed row in the list, with the names it has. */
export type ListedRow = Infer<typeof listedRowSchema>;

/** A page of failed rows. It may have fewer rows than asked for, or none, and not be the last. */
export const rowListSchema = z.object({
  rows: z.array(listedRowSchema),
  next: z.string().nullable().describe('opaque, for `after`; null: nothing is left'),
});
export type RowList = Infer<typeof rowListSchema>;

/** Failures by table and code. */
export const failureGroupsSchema = z.array(
  z.object({
    table: tableSchema,
    code: z.string().nullable(),
    text: z.string().nullable().describe("the code's standard text; null: it is not in the registry"),
    present: countSchema.describe('rows that are in State 3 now'),
    lastHour: z.int().describe('failures decided in the last hour, corrected or not'),
    lastDay: z.int(),
    lastWeek: z.int(),
    newest: failedRowSchema.nullable().describe('the row that failed last of those in State 3 now'),
  }),
);
export type FailureGroup = Infer<typeof failureGroupsSchema>[number];

/** Rows in State 1. */
export const processingSchema = z.array(
  z.object({
    ...namedRowShape,
    opFlag: cellSchema,
    productId: cellSchema,
    custId: cellSchema,
    userId: cellSchema,
    stateDate: cellSchema,
    ageSeconds: z.number().nullable(),
    shard: z.int(),
    holder: z.string().nullable().describe('worker that holds the shard; null: none does'),
    host: z.string().nullable(),
  }),
);
export type RowInProcessing = Infer<typeof processingSchema>[number];

const deferral = { stage: z.enum(stages), cause: z.enum(deferralCauses) };

/** Deferred rows, longest deferred first. */
export const deferredSchema = z.array(
  z.object({
    ...namedRowShape,
    custId: cellSchema,
    ...deferral,
    reason: z.string().describe("the database's own words, or who holds the lock"),
    tries: z.int().describe('in this stage'),
    since: instantSchema,
    nextAt: instantSchema,
    worker: z.string().describe('that tried it last'),
  }),
);
export type DeferredRow = Infer<typeof deferredSchema>[number];

/** How many rows are deferred, and the longest deferred. */
export const deferredSummarySchema = z.object({
  rows: z.int(),
  customers: z.int().describe('whose rows wait for them'),
  oldestSeconds: z.number().nullable().describe('age of the oldest deferral; null: none'),
  byStage: z.array(z.object({ ...deferral, rows: z.int() })).describe('without zeros'),
  oldest: deferredSchema.describe('longest deferred first, at most ten'),
});
export type DeferredSummary = Infer<typeof deferredSummarySchema>;

const fullRowSchema = z.object({
  ...namedRowShape,
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

/** A row with all that the tables hold of it. */
export type RowColumns = Infer<typeof fullRowSchema>;

const attemptSchema = z.object({
  ...namedRowShape,
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
  decidedAt: instantSchema,
});

/** What the journal holds of an attempt. */
export type JournalledAttempt = Infer<typeof attemptSchema>;

const identity = { productId: z.string(), custId: z.string(), bizId: z.string() };
const record = {
  lastStreamingNo: z.string(),
  attributes: z.array(
    z.object({ attrSpecId: z.string(), attrId: z.string().nullable(), attrValue: z.string().nullable() }),
  ),
};

const customerSchema = z.object({
  ...identity,
  areaCode: cellSchema,
  custAccount: cellSchema,
  custName: cellSchema,
  status: z.enum(['active', 'cancelled']),
  openedAt: instantSchema,
  changedAt: instantSchema.nullable(),
  cancelledAt: instantSchema.nullable(),
  ...record,
});

const accountSchema = z.object({
  ...identity,
  userId: z.string(),
  areaCode: cellSchema,
  accType: cellSchema,
  accName: cellSchema,
  status: z.enum(['bound', 'unbound']),
  boundAt: instantSchema,
  changedAt: instantSchema.nullable(),
  unboundAt: instantSchema.nullable(),
  ...record,
});

const relatedRowSchema = z.object({
  ...namedRowShape,
  opFlag: cellSchema,
  productId: cellSchema,
  userId: cellSchema,
  createDate: cellSchema,
  state: z.int().nullable().describe('null: it has left the middle database'),
  errContent: cellSchema,
  decidedAt: instantSchema.nullable().describe("of the journal's current entry"),
  place: z.enum(['before', 'this', 'after']).describe("in the customer's order"),
});

/** A row of the same customer. */
export type RelatedRow = Infer<typeof relatedRowSchema>;

/** Everything about a row. */
export const rowDetailsSchema = z.object({
  ...namedRowShape,
  rows: z.array(fullRowSchema).describe('none, one, or more where the table has no primary key'),
  journal: z.array(attemptSchema).describe('newest attempt first'),
  deferred: deferredSchema.element.nullable().describe('null: it is not deferred'),
  heldBackBy: deferredSchema.describe('deferred rows of its customer that it waits for; at most ten'),
  records: z
    .array(z.object({ customer: customerSchema, users: z.array(accountSchema), more: z.boolean() }))
    .describe("the customer's products in the product store, with their users"),
  relatedRows: z.array(relatedRowSchema).describe('the nearest before and after, in order'),
});
export type RowDetails = Infer<typeof rowDetailsSchema>;

/** Outcomes of pending rows. */
export const previewSchema = z.array(
  z.object({
    ...namedRowShape,
    opFlag: cellSchema,
    productId: cellSchema,
    custId: cellSchema,
    bizId: cellSchema,
    userId: cellSchema,
    createDate: cellSchema,
    state: z.int(),
    outcome: z.enum(['applied', 'failed', 'waits']),
    code: z.string().nullable(),
    errContent: z.string().nullable(),
    note: z
      .string()
      .nullable()
      .describe('why it waits, what the journal holds of it, or how long it still settles'),
  }),
);
export type PreviewedRow = Infer<typeof previewSchema>[number];
