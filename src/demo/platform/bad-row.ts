import { z } from 'zod';
import { dialects } from '../../database/dialects/dialects.js';
import type { KnexClient } from '../../domain/clients.js';
import type { ResultCode } from '../../domain/result-codes.js';
import type { Rules } from '../../domain/rules.js';

/*
 * Rows that are wrong on purpose. The fault, its expected code and the platform's correction are in the row's Remark,
 * the platform's own column: so any later run can send the corrections, and readers of the row see that the fault is
 * intended.
 */

/** Every kind of fault, with the result code that it must be refused with. */
export const badRowCodes = {
  'missing-cust-account': '00401',
  'missing-several-fields': '00401',
  'missing-cust-id': '00401',
  'missing-acc-name': '00401',
  'area-code-too-long': '00403',
  'acc-type-unknown': '00403',
  'op-flag-unknown': '00403',
  'attr-spec-id-malformed': '00403',
  'product-never-opened': '00402',
  'product-cancelled': '00402',
  'user-never-bound': '00402',
  'opened-twice': '00404',
  'bound-twice': '00404',
  'cancelled-with-users': '00405',
  'user-limit-passed': '00406',
} as const satisfies Readonly<Record<string, ResultCode>>;

/** A kind of fault. */
export type BadRowKind = keyof typeof badRowCodes;

const allKinds = Object.keys(badRowCodes) as BadRowKind[];

/** The kinds that the tables can hold and that are faults under these rules. */
export function badRowKinds(dialect: KnexClient, rules: Rules): readonly BadRowKind[] {
  const impossible = new Set<BadRowKind>();
  if (dialects[dialect].checksColumns) impossible.add('area-code-too-long').add('attr-spec-id-malformed');
  if (rules.onDuplicateOpen === 'update') impossible.add('opened-twice');
  if (rules.onDuplicateBind === 'update') impossible.add('bound-twice');
  if (rules.onCancelWithUsers === 'unbind') impossible.add('cancelled-with-users');
  if (rules.userLimitAttrSpecId === null) impossible.add('user-limit-passed');
  return allKinds.filter((kind) => !impossible.has(kind));
}

const contentFields = [
  'productId',
  'bizId',
  'areaCode',
  'custId',
  'custAccount',
  'custName',
  'userId',
  'accType',
  'accName',
  'opFlag',
] as const;

/** A message that must go before the corrected one, for the same product of the same customer. */
const stepSchema = z.strictObject({
  opFlag: z.enum(['0102', '0203']),
  userId: z.string().optional(),
  attributes: z.array(z.tuple([z.string(), z.string()])).optional(),
});

const correctionSchema = z.strictObject({
  /** As a new row with a new StreamingNo, or the same row edited and requeued. */
  how: z.enum(['new row', 'put back']),
  /** Fields with their right values. */
  set: z.partialRecord(z.enum(contentFields), z.string()).optional(),
  /** The right AttrSpecIDs by the wrong ones. */
  attrSpecIds: z.record(z.string(), z.string()).optional(),
  /** What must be done first; only with a new row, because a requeued row keeps its place in the order. */
  first: z.array(stepSchema).optional(),
});

/** How a refused row is corrected. */
export type Correction = z.output<typeof correctionSchema>;

const faultSchema = z.strictObject({
  kind: z.enum(allKinds),
  /** The result code it must be refused with. */
  code: z.string(),
  /** Null: nothing to correct, the information was wrong altogether. */
  correction: correctionSchema.nullable(),
});

/** What is wrong with a row on purpose. */
export type BadRow = z.output<typeof faultSchema>;

const remarkStart = '模拟错误 ';

/** What a pattern for LIKE has before and after the result code, to find Remarks of rows that can be corrected. */
export const correctableRemarks = [`${remarkStart}%"code":"`, '"%"how":%'] as const;

/** The Remark of a row with a fault. */
export function badRowRemark(fault: BadRow): string {
  return remarkStart + JSON.stringify(fault);
}

/** Reads a Remark that `faultRemark` wrote; null for any other. */
export function readBadRow(remark: string | null): BadRow | null {
  if (remark?.startsWith(remarkStart) !== true) return null;
  try {
    return faultSchema.parse(JSON.parse(remark.slice(remarkStart.length)));
  } catch {
    return null;
  }
}

/** A fault of this kind. */
export function badRowOf(kind: BadRowKind, correction: Correction | null): BadRow {
  return { kind, code: badRowCodes[kind], correction };
}

/** The Remark of a row whose correction was sent. */
export function correctedRemark(fault: BadRow, by: string): string {
  return `模拟错误 ${fault.kind} ${fault.code}, ${by}`;
}
