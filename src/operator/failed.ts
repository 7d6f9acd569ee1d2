import { tableOf } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import type { FullRow, MiddleOperations } from '../middle/port.js';

/** A failed row as `failed --json` lists it. */
export interface FailedRow {
  /** The specification's table name. */
  readonly table: string;
  readonly streamingNo: string;
  readonly opFlag: Cell;
  readonly productId: Cell;
  readonly custId: Cell;
  readonly bizId: Cell;
  readonly userId: Cell;
  /** The code that ErrContent starts with; null where it starts with none. */
  readonly code: string | null;
  readonly errContent: Cell;
  readonly createDate: Cell;
  readonly stateDate: Cell;
}

/** Since when rows are listed: a date by the middle database's clock, or so long before now. */
export type Since = { readonly date: string } | { readonly agoMs: number };

/** Which failed rows to list. */
export interface FailedQuery {
  readonly code?: string;
  readonly productId?: string;
  readonly custId?: string;
  readonly since?: Since;
  readonly limit: number;
}

/** Lists failed rows, those that failed last first. */
export async function failed(middle: MiddleOperations, query: FailedQuery): Promise<readonly FailedRow[]> {
  const { since, ...filter } = query;
  const rows = await middle.failed(
    since === undefined ? filter : { ...filter, since: await sinceDate(middle, since) },
  );
  return rows.map(failedRow);
}

async function sinceDate(middle: MiddleOperations, since: Since): Promise<string> {
  if ('date' in since) return since.date;
  const now = Date.parse(`${(await middle.now()).replace(' ', 'T')}Z`);
  return new Date(now - since.agoMs).toISOString().slice(0, 19).replace('T', ' ');
}

function failedRow(row: FullRow): FailedRow {
  return {
    table: tableOf[row.source],
    streamingNo: row.streamingNo,
    opFlag: row.opFlag,
    productId: row.productId,
    custId: row.custId,
    bizId: row.bizId,
    userId: row.userId,
    code: codeOf(row.errContent),
    errContent: row.errContent,
    createDate: row.createDate,
    stateDate: row.stateDate,
  };
}

/** The result code that a text starts with. */
export function codeOf(errContent: Cell): string | null {
  return /^\d{5}(?!\d)/.exec(errContent ?? '')?.[0] ?? null;
}

const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `2026-11-21`, `2026-11-21 08:00`, `2026-11-21 08:00:00`, `30m`, `24h` or `7d`; null where it is none of them. */
export function parseSince(text: string): Since | null {
  const ago = /^(\d{1,6})([mhd])$/.exec(text);
  if (ago !== null) return { agoMs: Number(ago[1]) * (unitsMs[ago[2] ?? ''] ?? NaN) };
  const date = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?)?$/.exec(text);
  if (date === null) return null;
  const whole = `${date[1] ?? ''} ${date[2] ?? '00:00'}${date[3] ?? ':00'}`;
  return isDate(whole) ? { date: whole } : null;
}

/** Whether a date of the right form exists: not the 31st of June. */
function isDate(text: string): boolean {
  const time = Date.parse(`${text.replace(' ', 'T')}Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text.replace(' ', 'T'));
}
