import type { RowRules } from './row-rules.js';
import {
  idOf,
  type RowColumns,
  type StoredAttribute,
  type StoredRow,
  type StoredRows,
} from './stored-rows.js';

/** A row of a main table that was inserted, or updated, also to what it was. */
export interface Written {
  /** Null: an insert. */
  readonly before: StoredRow | null;
  readonly after: StoredRow;
}

/** What one transaction writes, through the rules of the database. */
export class Writing {
  readonly #rows: StoredRows;
  readonly #rules: RowRules;
  readonly #written: Written[] = [];

  constructor(rows: StoredRows, rules: RowRules) {
    this.#rows = rows;
    this.#rules = rules;
  }

  /** In order. */
  get written(): readonly Written[] {
    return this.#written;
  }

  insert(row: Omit<StoredRow, 'place' | 'id'>): StoredRow {
    const after = { ...row, place: this.#rows.nextPlace(), id: idOf(row) };
    this.#rows.replace(null, after);
    this.#written.push({ before: null, after });
    return after;
  }

  /** Returns the row as it stands then; null: a rule of the database kept it from being updated. */
  update(before: StoredRow, columns: Partial<RowColumns>): StoredRow | null {
    const after = this.#rules.beforeUpdate(before, { ...before, ...columns });
    if (after === null) return null;
    this.#rows.replace(before, after);
    this.#written.push({ before, after });
    return after;
  }

  remove(row: StoredRow): void {
    this.#rows.replace(row, null);
  }

  setAttributes(id: string, attributes: readonly StoredAttribute[]): void {
    this.#rows.replaceAttributes(id, attributes);
  }

  /** The attribute rows of a row take its State and StateDate. */
  letAttributesFollow(row: StoredRow): void {
    const { id } = row;
    const attributes = this.#rows.attributesOf(id);
    if (attributes.length === 0) return;
    const { state, stateDate } = row;
    this.setAttributes(
      id,
      attributes.map((attribute) => ({ ...attribute, state, stateDate })),
    );
  }

  /** Throws where the database refuses the transaction when it commits. */
  checkAtCommit(): void {
    for (const { before, after } of this.#written) if (before !== null) this.#rules.atCommit(before, after);
  }
}
