import { z } from 'zod';
import { differenceSchema, verifySummarySchema } from './checks.js';
import { instantSchema, type Infer } from './schema.js';

/*
 * What the product store keeps of verifications of everything, by schedule (`verify.every`) or by command.
 */

const runShape = {
  id: z.string(),
  via: z.enum(['schedule', 'command']),
  who: z.string().describe("the worker's id, or user@host of a command"),
  startedAt: instantSchema,
};

const recordedRunSchema = z.object({
  ...runShape,
  state: z
    .enum(['running', 'finished', 'failed', 'cancelled', 'abandoned'])
    .describe('cancelled: its worker stopped or lost shard 0; abandoned: its process ended without a word'),
  endedAt: instantSchema.nullable(),
  differences: z.int().nullable().describe('null: it did not finish'),
  error: z.string().nullable().describe('why it did not finish'),
});

/** A run that is on record. */
export type RecordedRun = Infer<typeof recordedRunSchema>;

const lastRunSchema = z.object({
  ...runShape,
  endedAt: instantSchema,
  summary: verifySummarySchema,
  differences: z.array(differenceSchema).describe('the first 1000, in the order in which they were found'),
});

/** The last run that finished. */
export type LastRun = Infer<typeof lastRunSchema>;

/** The recorded verifications. */
export const verificationSchema = z.object({
  last: lastRunSchema.nullable().describe('the last run that finished; null: none has'),
  runs: z.array(recordedRunSchema).describe('the last runs, newest first'),
});
export type Verification = Infer<typeof verificationSchema>;

/** The last run that finished, for the overview. */
export const lastVerificationSchema = z.object({
  endedAt: instantSchema,
  who: z.string(),
  differences: z.int(),
  byKind: verifySummarySchema.shape.byKind,
});
export type LastVerification = Infer<typeof lastVerificationSchema>;
