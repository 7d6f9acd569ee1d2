/** What a finding is about. */
export type Area =
  | 'middle database'
  | 'product store'
  | 'server'
  | 'tables'
  | 'privileges'
  | 'indexes'
  | 'clock'
  | 'rows'
  | 'migrations'
  | 'handlers'
  | 'workers'
  | 'deferred';

/** Fine; something to know or improve; something that keeps rows from being processed. */
export type Level = 'ok' | 'warning' | 'error';

/** One thing the doctor found. */
export interface Finding {
  readonly area: Area;
  readonly level: Level;
  readonly finding: string;
  /** Null where there is nothing to do; a ready statement where one helps. */
  readonly whatToDo: string | null;
}

/** A finding of an area, with nothing to do. */
export function fine(area: Area, finding: string): Finding {
  return { area, level: 'ok', finding, whatToDo: null };
}
