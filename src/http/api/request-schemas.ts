import { z } from 'zod';
import * as inputs from '../../operator/inputs.js';
import type { MatchTarget } from '../../operator/requests.js';

/*
 * What requests hold, by the readers that all operators' inputs go through.
 */

/** How many rows of a list, by default so many. */
function limit(usual: number) {
  const range = `1 to ${inputs.inputLimits.listed}; default ${usual}`;
  return inputs.limit.prefault(String(usual)).describe(range);
}

/** A page of failed rows. */
export const failedQuery = z
  .strictObject({
    ...inputs.conditions,
    limit: limit(50),
    after: z.string().min(1).max(1000).optional().describe('the `next` of the page before'),
  })
  .transform(({ limit, after, ...conditions }) => ({
    filter: inputs.filterOf(conditions),
    request: { limit, ...(after !== undefined && { after }) },
  }));

/** A list that has no conditions. */
export const listQuery = z.strictObject({ limit: limit(100) });

/** A page of the audit. */
export const auditQuery = z.strictObject({
  limit: limit(50),
  before: inputs.actionId.optional().describe('the id of the last entry of the page before'),
});

const reason = z
  .string()
  .nullish()
  .transform((text) => (text === undefined || text === null || text.trim() === '' ? null : text))
  .pipe(inputs.reason.nullable())
  .describe('why; for the audit');

/** Rows to put back to State 0. */
export const requeueBody = z.strictObject({
  rows: inputs.rowKeys,
  dryRun: z.boolean().default(false).describe('change nothing, only report'),
  reason,
});

/** Deferred rows, to be tried at once. */
export const retryBody = z.strictObject({ rows: inputs.rowKeys, reason });

/** Rows to put back to State 0, by filter. */
export const requeueMatchingBody = z
  .strictObject({
    filter: inputs.filter.optional().describe('an empty object: all failed rows'),
    continues: inputs.actionId
      .optional()
      .describe(
        'instead of a filter: the `action` of an answer whose `matched.atLeast` is true, to continue it',
      ),
    dryRun: z.boolean().describe('true: change nothing, only count; needed in every case'),
    reason,
  })
  .refine(
    ({ filter, continues }) => (filter === undefined) !== (continues === undefined),
    'needs either a filter or continues',
  )
  .transform(({ filter = {}, continues, ...options }): { readonly target: MatchTarget } & typeof options => ({
    target: continues === undefined ? { filter } : { continues },
    ...options,
  }));

/** What to pause or resume. */
export const pauseBody = z.strictObject({ target: inputs.pauseTarget, reason });

const only = inputs.digits
  .nullish()
  .transform((digits) => digits ?? null)
  .describe('only this one; absent: all');

/** What to repair. */
export const repairBody = z.strictObject({
  dryRun: z.boolean().describe('true: change nothing, only report; needed in every case'),
  custId: only,
  productId: only,
  all: z
    .boolean()
    .default(false)
    .describe('all finished rows that the journal does not know, whoever may have finished them'),
  takeBack: z
    .boolean()
    .default(false)
    .describe('rows refused since, only because of the loss, take effect in their places and are answered 2'),
  reason,
});

/** Nothing: there is at most one repair to cancel. */
export const cancelRepairBody = z.strictObject({});
