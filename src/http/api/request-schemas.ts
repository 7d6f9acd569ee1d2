import { z } from 'zod';
import { sources, tableOf, type Source } from '../../domain/keys.js';
import type { RowFilter } from '../../middle/admin-port.js';
import { parseCode } from '../../operator/failure-code.js';
import type { MatchTarget } from '../../operator/operator-service.js';
import { parseSince } from '../../operator/since.js';
import type { PauseTarget } from '../../store/port.js';

/*
 * What may be asked. Unknown names are refused: a misspelt condition would let through what it should have kept out.
 */

/** IF_BNET_CUST or IF_BNET_ACCOUNT, CUST or ACCOUNT, in any case. */
const table = z
  .string()
  .refine((text) => sourceNamed(text) !== undefined, 'must be IF_BNET_CUST or IF_BNET_ACCOUNT');

/** The source of a table's name that was checked. */
export function sourceOf(name: string): Source {
  return sourceNamed(name) ?? 'CUST';
}

function sourceNamed(name: string): Source | undefined {
  const upper = name.toUpperCase();
  return sources.find((source) => source === upper || tableOf[source] === upper);
}

/** 1 to 30 digits, as a database writes them: without leading zeros. */
const digits = z
  .string()
  .regex(/^\d{1,30}$/, 'must be 1 to 30 digits')
  .transform((text) => BigInt(text).toString());

const date = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?$/,
    "must be a date by the middle database's clock, such as 2026-11-21 or 2026-11-21 08:00:00",
  )
  .refine((text) => parseSince(text) !== null, 'is no date of the calendar')
  .transform((text) => {
    const since = parseSince(text);
    return since !== null && 'date' in since ? since.date : text;
  });

const text = z.string().min(1).max(200);

const conditions = {
  table: table.optional().describe('IF_BNET_CUST or IF_BNET_ACCOUNT; absent: both'),
  code: z
    .string()
    .refine((text) => parseCode(text) !== undefined, 'must be 5 digits, such as 00402, or none')
    .transform(parseCode)
    .optional()
    .describe('result code that ErrContent starts with; none: it starts with no code'),
  product: digits.optional().describe('ProductID'),
  customer: digits.optional().describe('CustID'),
  user: text.optional().describe('UserID'),
  opFlag: z
    .string()
    .regex(/^.{1,10}$/u, 'must be 1 to 10 characters, such as 0101')
    .optional(),
  since: date.optional().describe('StateDate at or after'),
  until: date.optional().describe('StateDate before'),
  text: text.optional().describe('stands somewhere in ErrContent, CustName or AccName, case as given'),
};

/** Which failed rows. */
export const filter = z.strictObject(conditions);

/** The filter as the operator service takes it. */
export function rowFilter({ table, product, customer, user, ...same }: z.output<typeof filter>): RowFilter {
  const named = {
    source: table === undefined ? undefined : sourceOf(table),
    productId: product,
    custId: customer,
    userId: user,
    ...same,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** Of how many rows a list may be. */
function limit(most: number, usual: number) {
  const range = `must be 1 to ${most}`;
  return z
    .string()
    .regex(/^\d{1,5}$/, range)
    .transform(Number)
    .refine((rows) => rows >= 1 && rows <= most, range)
    .prefault(String(usual));
}

/** A page of failed rows. */
export const failedRequest = z.strictObject({
  ...conditions,
  limit: limit(200, 50).describe('1 to 200; default 50'),
  after: z.string().min(1).max(1000).optional().describe('the `next` of the page before'),
});

/** Rows in State 1. */
export const processingQuery = z.strictObject({ limit: limit(500, 100).describe('1 to 500; default 100') });

/** Deferred rows. */
export const deferredQuery = z.strictObject({ limit: limit(500, 100).describe('1 to 500; default 100') });

/** A page of the audit. */
export const auditQuery = z.strictObject({
  limit: limit(200, 50).describe('1 to 200; default 50'),
  before: digits.optional().describe('the id of the last entry of the page before'),
});

/** A row in an address. */
export const rowParams = z.strictObject({ table, streamingNo: digits });

const reason = z
  .string()
  .max(500)
  .nullish()
  .transform((text) => (text === undefined || text === null || text.trim() === '' ? null : text))
  .describe('why; stands in the audit');

/** Rows to put back to State 0. */
export const requeueBody = z.strictObject({
  rows: z
    .array(z.strictObject({ table, streamingNo: digits }))
    .min(1)
    .max(500),
  dryRun: z.boolean().default(false).describe('change nothing, only tell'),
  reason,
});

/** Deferred rows, to be tried at once. */
export const retryBody = z.strictObject({
  rows: z
    .array(z.strictObject({ table, streamingNo: digits }))
    .min(1)
    .max(100),
  reason,
});

/** Rows to put back to State 0, by filter. */
export const requeueMatchingBody = z
  .strictObject({
    filter: filter.optional().describe('an empty object: all failed rows'),
    continues: digits
      .optional()
      .describe(
        'instead of a filter: the `action` of an answer whose `matched.atLeast` is true, to go on with it',
      ),
    dryRun: z.boolean().describe('true: change nothing, only count; to be said in every case'),
    reason,
  })
  .refine(
    ({ filter, continues }) => (filter === undefined) !== (continues === undefined),
    'needs either a filter or continues',
  );

/** What it is about, as the operator service takes it. */
export function matchTarget({ filter, continues }: z.output<typeof requeueMatchingBody>): MatchTarget {
  return continues === undefined ? { filter: rowFilter(filter ?? {}) } : { continues };
}

const target = z.union(
  [z.strictObject({ table }), z.strictObject({ productId: digits })],
  'must be { "table": "IF_BNET_CUST" } or { "productId": "…" }',
);

/** What to pause or resume. */
export const pauseBody = z.strictObject({ target, reason });

/** The target as the operator service takes it. */
export function pauseTarget(given: z.output<typeof target>): PauseTarget {
  return 'table' in given ? { source: sourceOf(given.table) } : given;
}
