import type pg from 'pg';
import { guard } from './sql-guard.js';
import { translate } from './sql-translation.js';
import { tokenize } from './sql-tokens.js';
import type { RuleKind } from './table-rules-sql.js';

/** What a trigger does with an update of a row's State. */
export type TriggerAction =
  /** RAISE_APPLICATION_ERROR; number from 20000, default 20001. */
  | { readonly kind: 'refuse'; readonly number?: number; readonly message?: string }
  /** `:NEW.x := :OLD.x` for every column: the update counts the row and changes nothing. */
  | { readonly kind: 'restore row' }
  /** `:NEW.State := :OLD.State`: the other columns change. */
  | { readonly kind: 'restore state' }
  /** `:NEW.State := state`. */
  | { readonly kind: 'set state'; readonly state: number };

/** BEFORE UPDATE OF State ON table FOR EACH ROW WHEN (condition). */
export interface Trigger {
  readonly table: string;
  /** Default: one that is made up. */
  readonly name?: string;
  /** As Oracle writes it: `NEW.State = 1 AND NEW.StreamingNo IN (7, 8)`, `OLD.State = 0`. Default: always. */
  readonly when?: string;
  readonly action: TriggerAction;
}

/** CONSTRAINT name CHECK (condition), valid for what is written from now on. */
export interface CheckConstraint {
  readonly table: string;
  readonly name?: string;
  /** `LENGTHB(ErrContent) <= 100`, `NOT (State = 2 AND StreamingNo = 7)`. */
  readonly condition: string;
  /** DEFERRABLE INITIALLY DEFERRED: checked at the commit, which is refused as a whole. Default false. */
  readonly deferred?: boolean;
}

/** ALTER TABLE table MODIFY column VARCHAR2(length BYTE), where no row is longer yet. */
export interface ColumnLength {
  readonly table: string;
  readonly column: string;
  readonly length: number;
}

/** Something that was added to a table. */
export interface AddedRule {
  /** By which errors call it. */
  readonly name: string;
  /** Takes it away; nothing happens the second time. */
  remove(): Promise<void>;
}

interface Rule {
  readonly table: string;
  readonly name: string;
  readonly kind: RuleKind;
  readonly condition?: string;
  readonly number?: number;
  readonly message?: string;
  readonly state?: number;
  readonly column?: string;
  readonly length?: number;
}

/** Triggers, constraints and lengths that a DBA adds to the tables while others work on them, without waiting for them. */
export class TableRules {
  readonly #admin: pg.Pool;
  readonly #owner: string;
  #count = 0;

  /** @param owner - of the tables */
  constructor(admin: pg.Pool, owner: string) {
    this.#admin = admin;
    this.#owner = owner;
  }

  async createTrigger({ table, name, when = '1 = 1', action }: Trigger): Promise<AddedRule> {
    return this.#add({
      table,
      name: name ?? this.#newName('TRIGGER'),
      condition: conditionOf(when),
      ...(action.kind === 'refuse' ? { number: 20_001, message: 'the update is refused' } : {}),
      ...action,
    });
  }

  async addCheck({ table, name, condition, deferred = false }: CheckConstraint): Promise<AddedRule> {
    return this.#add({
      table,
      name: name ?? this.#newName('CHECK'),
      kind: deferred ? 'deferred check' : 'check',
      condition: conditionOf(condition),
    });
  }

  /** The catalog shows the length as well, until it is removed. */
  async narrowColumn({ table, column, length }: ColumnLength): Promise<AddedRule> {
    const path = [table.toUpperCase(), column.toUpperCase()];
    const show = (shown: number) =>
      this.#admin.query(
        'UPDATE oracle.column_types SET data_length = $3 WHERE table_name = $1 AND column_name = $2',
        [...path, shown],
      );
    const { rows } = await this.#admin.query<{ length: number }>(
      'SELECT data_length::integer AS length FROM oracle.column_types WHERE table_name = $1 AND column_name = $2',
      path,
    );
    const wide = rows[0]?.length ?? 0;
    if (length >= wide) throw new Error(`${path.join('.')} has ${wide} bytes.`);
    const added = await this.#add({ table, name: column.toUpperCase(), kind: 'length', column, length });
    await show(length);
    return {
      name: added.name,
      remove: async () => {
        await show(wide);
        await added.remove();
      },
    };
  }

  #newName(what: string): string {
    return `TEST_${what}_${++this.#count}`;
  }

  async #add({ table, name, kind, ...more }: Rule): Promise<AddedRule> {
    const { rows } = await this.#admin.query<{ id: string }>(
      `INSERT INTO oracle.table_rules
         (owner, table_name, name, kind, condition, number, message, state, column_name, length)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
      [
        this.#owner,
        table.toUpperCase(),
        name,
        kind,
        more.condition,
        more.number,
        more.message,
        more.state,
        more.column?.toUpperCase(),
        more.length,
      ],
    );
    await this.#admin.query("SELECT nextval('oracle.rules_added')");
    const id = rows[0]?.id;
    return {
      name,
      remove: async () => {
        await this.#admin.query('DELETE FROM oracle.table_rules WHERE id = $1', [id]);
      },
    };
  }
}

function conditionOf(text: string): string {
  const tokens = tokenize(text);
  guard(tokens, 'other');
  return translate(tokens, 'other', []).sql;
}
