import { z } from 'zod';
import type { ActionOutcome } from '../audit.js';
import { repairReportSchema, type RecordedAction, type RepairReport } from '../contract/actions.js';

/*
 * A repair in the audit: the intent has its scope, the outcome what became of it. Both are read again to show it later, also
 * those of versions that recorded less.
 */

/** What a repair is about. */
export interface RepairScope {
  /** Only this customer; null: all. */
  readonly custId: string | null;
  /** Only this product; null: all. */
  readonly productId: string | null;
  /** All finished rows of the scope that the journal does not know were finished by our workers. */
  readonly all: boolean;
  /** Rows that were refused since, because of the loss, take effect in their places, and are answered 2. */
  readonly takeBack: boolean;
}

/** So many customers that were left are named in the audit. */
const namedLeft = 20;

/** What an outcome records; `alarmsOpen` null: it ended before they were counted. */
export function repairOutcome(
  { custId, productId, all, takeBack }: RepairScope,
  report: Omit<RepairReport, 'alarmsOpen'> & { readonly alarmsOpen: number | null },
  takenBack: readonly string[],
): ActionOutcome {
  const { rows, customers, replayed, left, byOthers, alarmsClosed, alarmsOpen, cancelled } = report;
  const { rows: falselyRefused } = report.falselyRefused;
  const counts = {
    ...{ customers, replayed, falselyRefused, takenBack, left: left.length },
    ...{ byOthers, alarmsClosed, alarmsOpen, cancelled },
  };
  return {
    what: { custId, productId, all, takeBack, ...counts, leftCustomers: left.slice(0, namedLeft) },
    rows,
  };
}

const scopeSchema = z.object({
  custId: z.string().nullable(),
  productId: z.string().nullable(),
  all: z.boolean(),
  takeBack: z.boolean().default(false),
});

// A later version may leave customers for other reasons.
const leftSchema = repairReportSchema.shape.left.element.extend({ reason: z.string() });

const outcomeSchema = z.object({
  customers: z.int(),
  left: z.int(),
  replayed: z.int().default(0),
  falselyRefused: z.int().default(0),
  /** The rows by name. */
  takenBack: z
    .array(z.string())
    .default([])
    .transform((names) => names.length),
  byOthers: z.int().default(0),
  alarmsClosed: z.int().nullable().default(null),
  alarmsOpen: z.int().nullable().default(null),
  cancelled: z.string().nullable().default(null),
  leftCustomers: z.array(leftSchema).default([]),
});

/** A customer that was left, as the audit has it. */
export type RecordedLeft = Readonly<z.infer<typeof leftSchema>>;

/** The audit record of a repair. */
export interface RepairRecord {
  readonly scope: RepairScope;
  /** Null: no outcome is on record. */
  readonly outcome: Readonly<z.infer<typeof outcomeSchema>> | null;
}

/** Reads the record of a repair; null if it is none, or none that can be read. */
export function repairRecord({ action, what, outcome }: RecordedAction): RepairRecord | null {
  if (action !== 'repair') return null;
  const scope = scopeSchema.safeParse(JSON.parse(what));
  if (!scope.success) return null;
  const done = outcome === null ? null : outcomeSchema.safeParse(JSON.parse(outcome.what));
  if (done?.success === false) return null;
  return { scope: scope.data, outcome: done?.data ?? null };
}

/** Whether a repair is of everything: only such a one closes alarms. */
export function isWhole({ custId, productId }: RepairScope): boolean {
  return custId === null && productId === null;
}

/**
 * Of recorded actions, newest first: repairs without an outcome, but those that were followed by a whole repair with one, which
 * has done what they left. Each is under way in another process, or its process ended first.
 */
export function repairsUnderWay(
  actions: readonly RecordedAction[],
  own: string | null,
): readonly RecordedAction[] {
  const isOver = (entry: RecordedAction): boolean => {
    const record = repairRecord(entry);
    if (record === null || !isWhole(record.scope) || record.outcome === null) return false;
    return (
      record.outcome.cancelled === null && !('error' in (JSON.parse(entry.outcome?.what ?? '{}') as object))
    );
  };
  const last = actions.findIndex(isOver);
  const since = last === -1 ? actions : actions.slice(0, last);
  return since.filter(({ action, status, id }) => action === 'repair' && status === 'open' && id !== own);
}
