import { z } from 'zod';
import { sources, tableOf, type RowKey, type Source } from '../domain/keys.js';
import type { RowFilter } from '../middle/admin-port.js';
import type { PauseTarget } from '../store/port.js';

/*
 * What operators type, in command arguments, API requests, addresses and console forms. Each kind of input has one
 * reader with one limit. A reader's message ends a sentence about the input: "must be …".
 */

/** The largest inputs. */
export const inputLimits = {
  /** Rows of a list. */
  listed: 10_000,
  /** Rows named one by one. */
  named: 500,
  /** Characters of a text to search for, and of a UserID. */
  text: 200,
  /** Characters of the reason of an action. */
  reason: 500,
} as const;

/** Failures whose ErrContent starts with no result code. */
export const noCode = 'none';

/** A text that is read as something else, or refused with this message. */
function reader<T>(message: string, read: (text: string) => T | undefined) {
  return z.string().transform((text, context): T => {
    const value = read(text);
    if (value !== undefined) return value;
    context.addIssue(message);
    return z.NEVER;
  });
}

/** IF_BNET_CUST or IF_BNET_ACCOUNT, CUST or ACCOUNT, in any case. */
export const table = reader('must be IF_BNET_CUST or IF_BNET_ACCOUNT', (text): Source | undefined => {
  const name = text.toUpperCase();
  return sources.find((source) => source === name || tableOf[source] === name);
});

/** 1 to 30 digits, as a database writes them: without leading zeros. */
export const digits = z
  .string()
  .regex(/^\d{1,30}$/, 'must be 1 to 30 digits')
  .transform((text) => BigInt(text).toString());

/** The number of an action in the audit. */
export const actionId = z.string().regex(/^\d{1,18}$/, 'must be the number of an action, 1 to 18 digits');

/** The code that ErrContent starts with; null for `none`: it starts with no code. */
const code = reader(`must be 5 digits, such as 00402, or ${noCode}`, (text) => {
  if (text === noCode) return null;
  return /^\d{5}$/.test(text) ? text : undefined;
});

/** A text of 1 to so many characters. */
function text(most: number) {
  const isText = (given: string): boolean => given.trim() !== '' && [...given].length <= most;
  return z
    .string()
    .refine((given) => isText(given) && !given.includes('\0'), `must be a text of 1 to ${most} characters`);
}

/** A text to search for, and a UserID. */
const searched = text(inputLimits.text);

/** The reason of an action. */
export const reason = text(inputLimits.reason);

const opFlag = z.string().regex(/^.{1,10}$/u, 'must be 1 to 10 characters, such as 0101');

/** How many rows of a list. */
export const limit = reader(`must be 1 to ${inputLimits.listed}`, (given) => {
  const rows = /^\d{1,5}$/.test(given) ? Number(given) : 0;
  return rows >= 1 && rows <= inputLimits.listed ? rows : undefined;
});

const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function ageMs(given: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(given) ?? [];
  return count === undefined ? undefined : Number(count) * (unitsMs[unit] ?? NaN);
}

/** `30m`, `24h` or `400d`, in milliseconds. */
export const age = reader('must be a time span, such as 400d', ageMs);

const datePattern = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?)?$/;

/** `2026-11-21`, `2026-11-21 08:00` or `2026-11-21 08:00:00`, made whole. */
const date = z
  .string()
  .regex(datePattern, 'must be a date, such as 2026-11-21 or 2026-11-21 08:00:00')
  .refine((given) => !datePattern.test(given) || isDate(wholeDate(given)), 'is not a calendar date')
  .transform(wholeDate);

/** A date, or `30m`, `24h`, `7d` ago, as given. */
export const moment = z.string().transform((given, context): string => {
  if (isAge(given)) return given;
  const read = date.safeParse(given);
  if (read.success) return read.data;
  const isForm = datePattern.test(given);
  context.addIssue(
    isForm
      ? 'is not a calendar date'
      : 'must be a date (2026-11-21, "2026-11-21 08:00:00") or a time span (30m, 24h, 7d)',
  );
  return z.NEVER;
});

function wholeDate(given: string): string {
  const [, day = '', time = '00:00', seconds = ':00'] = datePattern.exec(given) ?? [];
  return `${day} ${time}${seconds}`;
}

/** Whether a well-formed date exists: not the 31st of June. */
function isDate(whole: string): boolean {
  const time = Date.parse(`${whole.replace(' ', 'T')}Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(whole.replace(' ', 'T'));
}

/** Whether a moment is a time span. */
export function isAge(given: string): boolean {
  return ageMs(given) !== undefined;
}

/** The date of a moment read by `moment`, by the clock that shows `now`: both `YYYY-MM-DD HH:MM:SS`. */
export function dateOf(given: string, now: string): string {
  const ago = ageMs(given);
  if (ago === undefined) return given;
  const then = new Date(Date.parse(`${now.replace(' ', 'T')}Z`) - ago);
  return then.toISOString().slice(0, 19).replace('T', ' ');
}

/** The conditions on failed rows, as named in options, addresses and forms. */
export const conditions = {
  table: table.optional().describe('IF_BNET_CUST or IF_BNET_ACCOUNT; absent: both'),
  code: code.optional().describe('result code that ErrContent starts with; none: it starts with no code'),
  product: digits.optional().describe('ProductID'),
  customer: digits.optional().describe('CustID'),
  user: searched.optional().describe('UserID'),
  opFlag: opFlag.optional().describe('OPFlag, such as 0101'),
  since: date.optional().describe("StateDate at or after, by the middle database's clock"),
  until: date.optional().describe('StateDate before'),
  text: searched.optional().describe('stands somewhere in ErrContent, CustName or AccName, case as given'),
};

/**
 * The same for commands, which also take time spans. Addresses and programs give dates: a list keeps its bounds from
 * page to page, and an address means the same tomorrow.
 */
export const commandConditions = { ...conditions, since: moment.optional(), until: moment.optional() };

const conditionsSchema = z.strictObject(conditions);

/** Failed rows by conditions. Unknown names are refused: a misspelt condition would match everything. */
export const filter = conditionsSchema.transform(filterOf);

/** The same for commands. */
export const commandFilter = z.strictObject(commandConditions).transform(filterOf);

/** The filter of conditions that were read. */
export function filterOf({
  table: source,
  product: productId,
  customer: custId,
  user: userId,
  ...same
}: z.output<typeof conditionsSchema>): RowFilter {
  return withoutAbsent({ source, productId, custId, userId, ...same });
}

function withoutAbsent<T extends object>(given: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [Name in keyof T]: Exclude<T[Name], undefined> };
}

/** A row by its table and StreamingNo. */
export const rowKey = z
  .strictObject({ table, streamingNo: digits })
  .transform((given): RowKey => ({ source: given.table, streamingNo: given.streamingNo }));

/** Rows named one by one. */
export const rowKeys = z.array(rowKey).min(1).max(inputLimits.named);

/** A table or a product, to pause or resume. */
export const pauseTarget = z
  .union(
    [z.strictObject({ table }), z.strictObject({ productId: digits })],
    'must be { "table": "IF_BNET_CUST" } or { "productId": "…" }',
  )
  .transform((given): PauseTarget => ('table' in given ? { source: given.table } : given));
