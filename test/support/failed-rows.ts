import { compareNumbers, rowId, sources, type RowKey } from '../../src/domain/keys.js';
import { State } from '../../src/domain/states.js';
import type { BoundedQueries, FailedPosition, FullRow, MiddleAdmin } from '../../src/middle/admin-port.js';
import { codeOf } from '../../src/operator/failed.js';
import type { AuditOutcome, AuditRecord, StoreAdmin, StoreRecords } from '../../src/store/admin-port.js';
import { middleOperations, middleSearch, storeOperations, storeRecords } from './operations.js';

/** Rows in memory that can be searched and put back; of the filter, only the code is used. */
export interface FailedRows {
  readonly middle: MiddleAdmin;
  /** The keys that each update was asked to move. */
  readonly moves: (readonly RowKey[])[];
  /** How many steps the searches took. */
  steps: number;
}

/** `beforeMove` may change rows between the look at them and the update, as others would. */
export function failedRows(rows: FullRow[], beforeMove: () => void = () => undefined): FailedRows {
  const state: { moves: (readonly RowKey[])[]; steps: number } = { moves: [], steps: 0 };
  const middle = middleOperations({
    queries: middleSearch({ failedPage: (search) => failedPage(search) }),
    find: async (keys) => rows.filter(isOneOf(keys)),
    now: async () => '2026-11-21 16:00:00',
    requeue: async (keys, failedUntil = '9999') => {
      beforeMove();
      state.moves.push(keys.map(({ source, streamingNo }) => ({ source, streamingNo })));
      const isAsked = isOneOf(keys);
      const isBefore = ({ stateDate }: FullRow) => (stateDate ?? '') <= failedUntil;
      const moved = new Set(
        rows.filter((row) => row.state === State.Failed && isAsked(row) && isBefore(row)),
      );
      for (const [place, row] of rows.entries()) {
        if (moved.has(row)) rows[place] = { ...row, state: State.Initial, errContent: null };
      }
      return [...moved];
    },
  });
  const failedPage: BoundedQueries['failedPage'] = async ({ filter, after, limit, scan }) => {
    state.steps += 1;
    const failed = rows.filter((row) => row.state === State.Failed).sort(newestFirst);
    const left = failed.filter((row) => after === null || newestFirst(after, row) < 0).slice(0, scan);
    const matching = left.filter(
      ({ errContent }) => filter.code === undefined || codeOf(errContent) === filter.code,
    );
    const found = matching.slice(0, limit);
    const last = matching.length > limit ? found.at(-1) : left.at(-1);
    const isLast = last === undefined || failed.at(-1) === last;
    return { rows: found, next: isLast ? null : last };
  };
  return Object.assign(state, { middle });
}

function isOneOf(keys: readonly RowKey[]): (row: FullRow) => boolean {
  const ids = new Set(keys.map(rowId));
  return (row) => ids.has(rowId(row));
}

function newestFirst(a: FailedPosition, b: FailedPosition): number {
  const [dateA, dateB] = [a.stateDate ?? '', b.stateDate ?? ''];
  if (dateA !== dateB) return dateA < dateB ? 1 : -1;
  return (
    compareNumbers(b.streamingNo, a.streamingNo) || sources.indexOf(a.source) - sources.indexOf(b.source)
  );
}

/** An action as it stands on record; `outcome` is absent where it commits with its record, null where it is open. */
type Recorded = Omit<AuditRecord, 'rows'> & { rows?: number | null; outcome?: AuditOutcome | null };

/** A store whose records keep what is recorded. */
export function recording(
  moreRecords: Partial<StoreRecords> = {},
  more: Partial<StoreAdmin> = {},
): { store: StoreAdmin; audit: Recorded[] } {
  const audit: Recorded[] = [];
  const kept: Partial<StoreRecords> = {
    pause: async (_target, action) => audit.push(action) > 0,
    resume: async (_target, action) => audit.push(action) > 0,
    intend: async (intent) => String(audit.push({ ...intent, outcome: null })),
    action: async (id) => {
      const found = audit[Number(id) - 1];
      if (found === undefined) return null;
      const { outcome = null, ...rest } = found;
      const ended = outcome === null ? null : { at: '', what: outcome.what };
      return { ...rest, id, at: '', status: 'done', rows: outcome?.rows ?? null, outcome: ended };
    },
    conclude: async (intentId, outcome) => {
      audit[Number(intentId) - 1]!.outcome = outcome;
    },
  };
  const records = storeRecords({ ...kept, ...moreRecords });
  return { store: storeOperations({ records, appliedSince: async () => [], ...more }), audit };
}
