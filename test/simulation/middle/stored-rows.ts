import { compareRows, rowId, type RowOrder, type Source } from '../../../src/domain/keys.js';
import type { Cell } from '../../../src/domain/rows.js';
import { State } from '../../../src/domain/states.js';
import type { Content } from '../../fault/observations.js';

/*
 * The rows of the four tables. A row that changes is another object in the same place, so that a row once read stays as it
 * was, and so that what was written can be taken back.
 */

/** The columns of a main table, but for its key. CreateDates are dates of whole seconds, or missing. */
export interface RowColumns extends Content {
  readonly createDate: Cell;
  readonly state: number | null;
  readonly stateDate: Cell;
  readonly errContent: Cell;
  readonly remark: Cell;
}

/** What names a row; without a StreamingNo nothing does. */
export interface StoredKey {
  readonly source: Source;
  /** Null only where the tables have no primary key. */
  readonly streamingNo: string | null;
}

/** A row of a main table. */
export interface StoredRow extends RowColumns, StoredKey {
  /** The same for a row as long as it stands, and for no other; rows inserted later have greater ones. */
  readonly place: number;
  /** `rowId` of its key. */
  readonly id: string;
}

/** A row of an attribute table. */
export interface StoredAttribute extends StoredKey {
  readonly attrId: string;
  readonly attrSpecId: Cell;
  readonly attrValue: Cell;
  readonly state: number | null;
  readonly stateDate: Cell;
}

/** All rows at one moment. */
export interface StoredSnapshot {
  readonly rows: readonly StoredRow[];
  readonly attributes: readonly (readonly [id: string, attributes: readonly StoredAttribute[]])[];
}

/** `IF_BNET_CUST:1141`. */
export function idOf({ source, streamingNo }: StoredKey): string {
  return rowId({ source, streamingNo: String(streamingNo) });
}

/** Whether a poll may return a row. */
export function isOpen({ state, streamingNo }: StoredRow): boolean {
  return (state === State.Initial || state === State.Processing) && streamingNo !== null;
}

const none: readonly never[] = [];

/** Finds rows by place, by key and, where they are open, in order. */
export class StoredRows {
  readonly #rows = new Map<number, StoredRow>();
  readonly #byKey = new Map<string, readonly StoredRow[]>();
  readonly #attributes = new Map<string, readonly StoredAttribute[]>();
  readonly #open: StoredRow[] = [];
  #takeBack: (() => void)[] = [];
  #places = 0;

  /** In the order in which they were inserted. */
  get all(): readonly StoredRow[] {
    return [...this.#rows.values()];
  }

  /** Rows in State 0 or 1, in the order of a poll. Not to be kept: it changes. */
  get open(): readonly StoredRow[] {
    return this.#open;
  }

  /** Attribute rows of all rows, also of rows that are gone. */
  get allAttributes(): readonly StoredAttribute[] {
    return [...this.#attributes.values()].flat();
  }

  /** The place of the next row. */
  nextPlace(): number {
    this.#places += 1;
    return this.#places;
  }

  /** All rows with a key: more than one only where the tables have no primary key. */
  withId(id: string): readonly StoredRow[] {
    return this.#byKey.get(id) ?? none;
  }

  attributesOf(id: string): readonly StoredAttribute[] {
    return this.#attributes.get(id) ?? none;
  }

  /** Puts a row in the place of another one; null: there was none, or is none any more. */
  replace(before: StoredRow | null, after: StoredRow | null): void {
    this.#put(before, after);
    this.#takeBack.push(() => this.#put(after, before));
  }

  replaceAttributes(id: string, attributes: readonly StoredAttribute[]): void {
    const before = this.attributesOf(id);
    this.#putAttributes(id, attributes);
    this.#takeBack.push(() => this.#putAttributes(id, before));
  }

  /** What was written since the last call stays. */
  commit(): void {
    this.#takeBack = [];
  }

  /** What was written since the last commit is taken back. */
  rollback(): void {
    for (const takeBack of this.#takeBack.reverse()) takeBack();
    this.#takeBack = [];
  }

  snapshot(): StoredSnapshot {
    return { rows: this.all, attributes: [...this.#attributes] };
  }

  /** All rows are as they were; places go on. */
  restore({ rows, attributes }: StoredSnapshot): void {
    for (const container of [this.#rows, this.#byKey, this.#attributes]) container.clear();
    this.#open.length = 0;
    for (const row of rows) this.#put(null, row);
    for (const [id, list] of attributes) this.#attributes.set(id, list);
  }

  #put(before: StoredRow | null, after: StoredRow | null): void {
    if (before !== null && isOpen(before)) this.#open.splice(this.#placeOf(before), 1);
    if (after !== null && isOpen(after)) this.#open.splice(this.#placeOf(after), 0, after);
    if (before !== null && after === null) this.#rows.delete(before.place);
    if (after !== null) this.#rows.set(after.place, after);
    if (before !== null) this.#index(before.id, (rows) => rows.filter((row) => row !== before));
    if (after !== null) this.#index(after.id, (rows) => [...rows, after]);
  }

  #index(id: string, changed: (rows: readonly StoredRow[]) => readonly StoredRow[]): void {
    const rows = changed(this.withId(id));
    if (rows.length === 0) this.#byKey.delete(id);
    else this.#byKey.set(id, rows);
  }

  #putAttributes(id: string, attributes: readonly StoredAttribute[]): void {
    if (attributes.length === 0) this.#attributes.delete(id);
    else this.#attributes.set(id, attributes);
  }

  /** Where an open row stands in their order, or would stand. */
  #placeOf(row: StoredRow): number {
    let [from, to] = [0, this.#open.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      const other = this.#open[middle];
      if (other !== undefined && compareStored(other, row) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** The order of a poll; rows that share a key, in the order in which they were inserted. */
function compareStored(a: StoredRow, b: StoredRow): number {
  // Rows without a StreamingNo are not open.
  return compareRows(a as RowOrder, b as RowOrder) || a.place - b.place;
}
