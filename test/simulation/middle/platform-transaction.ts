import { DatabaseError } from '../../../src/database/errors.js';
import type { RowKey } from '../../../src/domain/keys.js';
import type { Cell } from '../../../src/domain/rows.js';
import { State } from '../../../src/domain/states.js';
import { emptyContent } from '../../fault/observations.js';
import { dateText, timeOf } from './dates.js';
import type { RowLocks } from './row-locks.js';
import { refusal } from './row-rules.js';
import {
  idOf,
  type RowColumns,
  type StoredAttribute,
  type StoredKey,
  type StoredRow,
  type StoredRows,
} from './stored-rows.js';
import type { Writing } from './writing.js';

/** An attribute row to insert; its State and StateDate are its row's unless they are given. */
export interface NewAttribute {
  readonly attrId: string;
  readonly attrSpecId?: Cell;
  readonly attrValue?: Cell;
  readonly state?: number | null;
  readonly stateDate?: Cell;
}

/** A row to insert. Columns left out are missing; without a State it is in State 0. */
export interface NewRow extends StoredKey, Partial<RowColumns> {
  readonly attributes?: readonly NewAttribute[];
}

const noColumns: RowColumns = {
  ...emptyContent,
  createDate: null,
  state: State.Initial,
  stateDate: null,
  errContent: null,
  remark: null,
};

/** What a transaction works on. */
export interface TransactionContext {
  readonly rows: StoredRows;
  readonly locks: RowLocks;
  readonly writing: Writing;
  readonly actor: string;
  readonly nowMs: number;
  readonly hasPrimaryKey: boolean;
}

/** What the platform, a DBA or a person does in one transaction. A row that somebody else has locked fails it, kind `locked`. */
export class PlatformTransaction {
  readonly #context: TransactionContext;

  constructor(context: TransactionContext) {
    this.#context = context;
  }

  insert(rows: readonly NewRow[]): void {
    for (const row of rows) this.#insert(row);
  }

  /** Inserts attribute rows; their row may be there or not. */
  insertAttributes(key: StoredKey, attributes: readonly NewAttribute[]): void {
    const { rows, writing } = this.#context;
    const id = idOf(key);
    const { state, stateDate } = rows.withId(id)[0] ?? { state: State.Initial, stateDate: null };
    const more = attributes.map((attribute) => attributeOf(attribute, { ...key, state, stateDate }));
    if (more.length > 0) writing.setAttributes(id, [...rows.attributesOf(id), ...more]);
  }

  /** Changes columns of every row with this key; returns how many changed. */
  change(key: RowKey, columns: Partial<RowColumns>): number {
    const { writing } = this.#context;
    return this.#unlocked(key).filter((row) => writing.update(row, columns) !== null).length;
  }

  /** Deletes every row with this key, and its attribute rows unless they stay. */
  remove(key: RowKey, { attributesStay = false } = {}): number {
    const { writing } = this.#context;
    const rows = this.#unlocked(key);
    for (const row of rows) writing.remove(row);
    if (!attributesStay) writing.setAttributes(idOf(key), []);
    return rows.length;
  }

  /**
   * Puts a row that ended back to State 0, with other content if any is given, and the StateDate of now unless it is given;
   * its attribute rows follow. False: it is not in that State, or somebody has locked it, or an attribute row of it, or a
   * rule of the database kept it as it was.
   */
  putBack(key: RowKey, from: 2 | 3, content: Partial<RowColumns> = {}): boolean {
    const { rows, writing, nowMs } = this.#context;
    const id = idOf(key);
    const found = rows.withId(id).filter((row) => row.state === from);
    if (found.length === 0 || found.some((row) => this.#holderOf(row) !== null)) return false;
    const changed = found.flatMap((row) => {
      const reset = { state: State.Initial, errContent: null, stateDate: latest(row.stateDate, nowMs) };
      const after = writing.update(row, { ...reset, ...content });
      return after === null ? [] : [after];
    });
    for (const row of changed) writing.letAttributesFollow(row);
    return changed.length > 0;
  }

  #insert({ attributes = [], ...columns }: NewRow): void {
    const { rows, writing, hasPrimaryKey } = this.#context;
    if (hasPrimaryKey && (columns.streamingNo === null || rows.withId(idOf(columns)).length > 0))
      throw refusal('23505', 'duplicate key value violates unique constraint');
    writing.insert({ ...noColumns, ...columns });
    const { state = State.Initial, stateDate = null } = columns;
    const more = attributes.map((attribute) => attributeOf(attribute, { ...columns, state, stateDate }));
    const id = idOf(columns);
    if (more.length > 0) writing.setAttributes(id, [...rows.attributesOf(id), ...more]);
  }

  #unlocked(key: RowKey): readonly StoredRow[] {
    const { rows, locks, actor } = this.#context;
    const found = rows.withId(idOf(key));
    const holder = found.map((row) => locks.holderOf(row, actor)).find((each) => each !== null);
    if (holder === undefined) return found;
    throw new DatabaseError('locked', `${idOf(key)} is locked by ${holder}`, { code: '55P03' });
  }

  #holderOf(row: StoredRow): string | null {
    const { rows, locks, actor } = this.#context;
    return locks.holderOf(row, actor) ?? locks.attributeHolderOf(row, rows.attributesOf(row.id), actor);
  }
}

function attributeOf(
  attribute: NewAttribute,
  row: StoredKey & Pick<StoredAttribute, 'state' | 'stateDate'>,
): StoredAttribute {
  const { attrId, attrSpecId = null, attrValue = null } = attribute;
  const { state = row.state, stateDate = row.stateDate } = attribute;
  const { source, streamingNo } = row;
  return { source, streamingNo, attrId, attrSpecId, attrValue, state, stateDate };
}

/** The later of now, to the nearest second, and a StateDate. */
function latest(stateDate: Cell, nowMs: number): string {
  const now = Math.round(nowMs / 1000) * 1000;
  return stateDate !== null && timeOf(stateDate) > now ? stateDate : dateText(now);
}
