import { z } from 'zod';
import { cellSchema, tableSchema, type Infer } from './schema.js';

/*
 * What the commands print that check both databases.
 */

const findingSchema = z.object({
  area: z.enum([
    'middle database',
    'product store',
    'server',
    'tables',
    'privileges',
    'indexes',
    'clock',
    'rows',
    'migrations',
    'handlers',
    'workers',
    'deferred',
  ]),
  level: z
    .enum(['ok', 'warning', 'error'])
    .describe('fine; something to know or improve; something that keeps rows from being processed'),
  finding: z.string(),
  whatToDo: z.string().nullable().describe('a ready statement where one helps; null: there is nothing to do'),
});

/** One thing the doctor found. */
export type Finding = Infer<typeof findingSchema>;
export type Area = Finding['area'];
export type Level = Finding['level'];

/** The answer of `doctor --json`. */
export const findingsSchema = z.array(findingSchema);

/** All kinds of differences. */
export const differenceKinds = [
  /** The finished rows lead to it, and the product store has none. */
  'missing',
  /** The product store has it, and no finished row leads to it. */
  'surplus',
  /** Both have it, with different values. */
  'different',
  /** A row in State 2 that the journal does not know: nobody here applied it. */
  'notInJournal',
  /** A row in State 2 that the journal knows as refused. */
  'refusedInJournal',
  /** A row in State 2 with other content than the one that was applied. */
  'changedSince',
  /** A row in State 3 that the journal knows as applied. */
  'appliedInJournal',
  /** A row in State 2 that the journal does not know, and that could not have taken effect. */
  'impossible',
  /** An applied row that took effect after a later one of its customer, and the right order leads to other values. */
  'outOfOrder',
] as const;

/** A difference. */
export const differenceSchema = z.object({
  kind: z.enum(differenceKinds),
  what: z.enum(['customer', 'user', 'attribute', 'row']),
  custId: cellSchema,
  productId: cellSchema,
  bizId: cellSchema,
  userId: cellSchema,
  table: tableSchema.nullable().describe('of a row'),
  streamingNo: cellSchema,
  laterTable: tableSchema
    .nullable()
    .describe('of a row out of order: the first later row that took effect before it'),
  laterStreamingNo: cellSchema,
  attrSpecId: cellSchema.describe('of an attribute'),
  attrId: cellSchema,
  field: z
    .string()
    .nullable()
    .describe("the product store's column; null for a whole record: `expected` and `found` are its status"),
  expected: cellSchema.describe('what the finished rows lead to, or for a row what its State says'),
  found: cellSchema.describe('what the product store holds, or for a row what the journal says'),
});

/** How the product store differs from what the finished rows lead to, or a row from its journal. What does not apply is null. */
export type Difference = Infer<typeof differenceSchema>;

/** All reasons why a customer cannot be judged. */
export const notJudgedReasons = [
  /** Rows that were applied have left the middle database. */
  'rowsLeft',
  /** Rows that were applied have been given other content since, and put back. */
  'rowsRewritten',
  /** Applied rows need something before them of which neither database knows any more. */
  'historyIncomplete',
  /** Records without any history that have not changed since `journalSince`. */
  'olderThanJournal',
  /** Its rows were being applied each time it was looked at. */
  'busy',
] as const;
const notJudgedSchema = z.enum(notJudgedReasons);
export type NotJudged = Infer<typeof notJudgedSchema>;

const lateRowsSchema = z.object({
  requeued: z.int().describe('refused, and put back later'),
  waited: z.int().describe('it, or a row before it, waited for the open or bind of a later row'),
  undated: z.int().describe('without a CreateDate: before all others whenever it arrives'),
  sameValues: z
    .int()
    .describe(
      'the right order leads to the same values, or the product store holds those of the right order',
    ),
});

/** Numbers of rows that took effect after a later one of their customer and are no difference, by reason. */
export type LateRows = Infer<typeof lateRowsSchema>;

const strayRowsSchema = z.object({
  rows: z.int(),
  examples: z.array(z.string()).describe('StreamingNos of some of them'),
});

/** What a verification compared, and how much differs. */
export const verifySummarySchema = z.object({
  rows: z.int().describe('finished rows that were read'),
  customers: z.int(),
  customersWithDifferences: z.int(),
  differences: z.int(),
  byKind: z.record(z.string(), z.int()).describe('differences by kind; only what there is'),
  lateRows: lateRowsSchema.describe('rows that took effect after a later one and are no difference'),
  strayAttributes: z
    .record(tableSchema, z.object({ late: strayRowsSchema, orphaned: strayRowsSchema }))
    .nullable()
    .describe(
      'attribute rows that came too late for their row, or belong to none; null where a single customer is verified',
    ),
  notJudged: z
    .record(notJudgedSchema, z.int())
    .describe('customers whose records could not be compared, or not all of them'),
  notJudgedExamples: z
    .array(z.object({ custId: cellSchema, reason: notJudgedSchema }))
    .describe('the first of them'),
});

/** What a verification found. */
export type VerifySummary = Infer<typeof verifySummarySchema>;

/** The answer of `verify --json`. */
export const verifyReportSchema = z.object({
  differences: z.array(differenceSchema).describe('at most as many as were asked for; all are counted'),
  summary: verifySummarySchema
    .extend({
      ok: z.boolean().describe('no difference'),
      printed: z.int(),
      seconds: z.number(),
      recorded: z.boolean().describe('kept in the product store, for console and API'),
    })
    .nullable()
    .describe('null: an error ended it'),
});
export type VerifyReport = Infer<typeof verifyReportSchema>;
