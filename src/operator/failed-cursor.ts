import { z } from 'zod';
import { isCanonicalNumber } from '../domain/keys.js';
import type { FailedPosition } from '../middle/admin-port.js';
import { InvalidCursorError } from './operator-service.js';

/*
 * The cursor of the list of failed rows: a place in it as JSON in base64url. It comes back from outside, so nothing in
 * it is believed. `v` changes when its meaning does.
 */

const cursorSchema = z.strictObject({
  v: z.literal(1),
  source: z.enum(['CUST', 'ACCOUNT']),
  streamingNo: z.string().refine(isCanonicalNumber),
  stateDate: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d[ T\d:.+-]{0,30}$/)
    .refine((date) => !Number.isNaN(Date.parse(date)))
    .nullable(),
});

/** Longer than any real one. */
const mostCharacters = 400;

/** A place in the list as text. */
export function cursorOf({ source, streamingNo, stateDate }: FailedPosition): string {
  return Buffer.from(JSON.stringify({ v: 1, source, streamingNo, stateDate })).toString('base64url');
}

/** The place that a cursor names; InvalidCursorError where it names none. */
export function positionOf(cursor: string): FailedPosition {
  const parsed = cursor.length > mostCharacters ? null : cursorSchema.safeParse(jsonOf(cursor));
  if (parsed?.success !== true)
    throw new InvalidCursorError('the cursor is none of ours: start from the beginning');
  const { source, streamingNo, stateDate } = parsed.data;
  return { source, streamingNo, stateDate };
}

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown;
  } catch {
    return null;
  }
}
