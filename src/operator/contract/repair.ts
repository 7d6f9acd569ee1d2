import { z } from 'zod';
import { auditSchema, repairReportSchema } from './actions.js';
import { instantSchema, type Infer } from './schema.js';
import { alarmsSchema } from './state.js';

/** A repair that runs in the process that was asked for it, or the last one that did. */
export const backgroundRepairSchema = z.object({
  who: z.string(),
  reason: z.string().nullable(),
  dryRun: z.boolean(),
  custId: z.string().nullable().describe('only this customer'),
  productId: z.string().nullable().describe('only this product'),
  all: z.boolean().describe('all finished rows that the journal does not know are taken for ours'),
  takeBack: z.boolean().describe('rows refused since, only because of the loss, take effect in their places'),
  startedAt: instantSchema,
  endedAt: instantSchema.nullable(),
  status: z
    .enum(['running', 'ending', 'done', 'cancelled', 'failed'])
    .describe('ending: it was cancelled, and ends after the set it is at'),
  action: z.string().nullable().describe('its number in the audit; null: a dry run'),
  phase: z
    .enum(['rows', 'journal', 'repaired'])
    .nullable()
    .describe('what is being done: finished rows read, journal entries read, lost rows applied once more'),
  progress: z
    .object({ rows: z.int(), journal: z.int(), repaired: z.int() })
    .describe('how far each phase has come; a dry run counts what it would apply'),
  report: repairReportSchema.nullable().describe('once it has ended; `left` names the first 200 customers'),
  customersLeft: z.int().describe('how many customers were left as they are'),
  error: z.string().nullable().describe('what it failed with, in one line'),
});
export type BackgroundRepair = Infer<typeof backgroundRepairSchema>;

/** Where repairs stand. A section that could not be read is null. */
export const repairStateSchema = z.object({
  at: instantSchema,
  job: backgroundRepairSchema.nullable().describe('the present or last one of this process'),
  underWay: auditSchema
    .nullable()
    .describe(
      'others without an outcome: under way in another process, or its process ended first; starting one again goes on',
    ),
  alarms: alarmsSchema.nullable().describe('open alarms of the product store, oldest first'),
});
export type RepairState = Infer<typeof repairStateSchema>;
