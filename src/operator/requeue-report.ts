import type { Cell } from '../domain/rows.js';

/** A row named in a report. */
interface NamedRow {
  /** The specification's table name. */
  readonly table: string;
  readonly streamingNo: string;
}

/** A row that was put back, or would be. */
export interface Requeued extends NamedRow {
  /** The error that it had. */
  readonly errContent: Cell;
  /**
   * Rows of its customer that were applied after it failed, newest first: it will now take effect after them, which is
   * another order than the platform's.
   */
  readonly appliedSince: readonly (NamedRow & { readonly opFlag: Cell; readonly decidedAt: string })[];
}

/** A row that was not put back. */
export interface NotRequeued extends NamedRow {
  readonly reason: 'missing' | 'not failed' | 'several rows';
  /** Its State now; null where there is no such row, more than one, or none in it. */
  readonly state: number | null;
}

/** What became of the rows asked for. */
export interface RequeueReport {
  /** Nothing was changed: `requeued` lists what would be. */
  readonly dryRun: boolean;
  /** Its id in the audit; null: no row was to be changed. */
  readonly action: string | null;
  readonly requeued: readonly Requeued[];
  readonly notRequeued: readonly NotRequeued[];
}
