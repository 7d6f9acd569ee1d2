import { classify } from '../../../src/database/classify.js';
import { DatabaseError } from '../../../src/database/errors.js';
import type { Room } from '../../../src/domain/err-content.js';
import type { RowKey, Source } from '../../../src/domain/keys.js';
import { State } from '../../../src/domain/states.js';
import type { RuleKind, rules } from '../../fault/trouble-rules.js';
import { idOf, type StoredRow } from './stored-rows.js';

/*
 * The rules of a middle database that speak against single rows, or against long texts, as the triggers of the fault suite
 * keep them (test/fault/trouble-rules.ts).
 */

/** Ends what was begun; nothing happens the second time. */
export type Lift = () => void;

/** What a rule does to a claim, or to a mark of one outcome. */
export type RowRule = (typeof rules)[RuleKind];

interface BegunRule extends RowRule {
  readonly code: string;
}

interface NarrowColumn {
  readonly source: Source;
  readonly room: Room;
  readonly isTold: boolean;
}

/** The rules in force. */
export class RowRules {
  readonly #rules = new Map<string, readonly BegunRule[]>();
  readonly #narrow = new Set<NarrowColumn>();

  /** @param code - the SQLSTATE of a refusal: it decides the kind of the DatabaseError */
  begin(rule: RowRule, key: RowKey, code: string): Lift {
    return this.#begin(idOf(key), { ...rule, code });
  }

  /** @param isTold - the server says how long a text may be; a check constraint does not */
  narrow(source: Source, room: Room, isTold: boolean): Lift {
    const column = { source, room, isTold };
    this.#narrow.add(column);
    return () => this.#narrow.delete(column);
  }

  /** What becomes of a row that is updated; null: it is not. Throws where it is refused. */
  beforeUpdate(before: StoredRow, after: StoredRow): StoredRow | null {
    const rule = this.#ruleFor(before, after, (way) => way !== 'commit');
    const way = rule?.way;
    if (rule !== undefined && way === 'refuse')
      throw refusal(rule.code, `row ${after.streamingNo ?? ''} is under review`);
    if (way === 'swallow') return null;
    if (way === 'restore') return before;
    const kept = way === 'set back' ? { ...after, state: before.state } : after;
    this.#checkRoom(kept);
    return kept;
  }

  /** Throws where an update is refused at the commit. */
  atCommit(before: StoredRow, after: StoredRow): void {
    if (after.state === before.state) return;
    const rule = this.#ruleFor(before, after, (way) => way === 'commit');
    if (rule === undefined) return;
    throw refusal(rule.code, `row ${after.streamingNo ?? ''} is refused at the commit`);
  }

  #begin(id: string, rule: BegunRule): Lift {
    this.#rules.set(id, [...this.#of(id), rule]);
    return () => {
      const others = this.#of(id).filter((other) => other !== rule);
      if (others.length === 0) this.#rules.delete(id);
      else this.#rules.set(id, others);
    };
  }

  #of(id: string): readonly BegunRule[] {
    return this.#rules.get(id) ?? [];
  }

  #ruleFor(
    before: StoredRow,
    after: StoredRow,
    isAsked: (way: RowRule['way']) => boolean,
  ): BegunRule | undefined {
    if (this.#rules.size === 0) return undefined;
    const step = stepOf(before, after);
    if (step === null) return undefined;
    return this.#of(after.id).find(({ steps, way }) => isAsked(way) && steps.includes(step));
  }

  #checkRoom({ source, state, errContent }: StoredRow): void {
    if (state !== State.Failed || errContent === null) return;
    for (const column of this.#narrow) {
      if (column.source !== source || lengthOf(errContent, column.room) <= sizeOf(column.room)) continue;
      throw column.isTold ? tooLong(errContent, column.room) : refusal('23514', 'the text is too long');
    }
  }
}

function stepOf(before: StoredRow, after: StoredRow): 'claim' | 'mark 2' | 'mark 3' | null {
  if (after.state === State.Processing && after.stateDate !== before.stateDate) return 'claim';
  if (before.state !== State.Processing) return null;
  if (after.state === State.Succeeded) return 'mark 2';
  return after.state === State.Failed ? 'mark 3' : null;
}

function sizeOf(room: Room): number {
  return 'bytes' in room ? room.bytes : room.characters;
}

function lengthOf(text: string, room: Room): number {
  return 'bytes' in room ? Buffer.byteLength(text) : [...text].length;
}

/** As PostgreSQL says it of characters, and Oracle of bytes. */
function tooLong(text: string, room: Room): DatabaseError {
  if ('characters' in room)
    return refusal('22001', `value too long for type character varying(${room.characters})`);
  const sizes = `(actual: ${Buffer.byteLength(text)}, maximum: ${room.bytes})`;
  const message = `ORA-12899: value too large for column "ERRCONTENT" ${sizes}`;
  return new DatabaseError('data', message, { code: 'ORA-12899', room });
}

/** What the real adapter makes of PostgreSQL's error. */
export function refusal(code: string, message: string): DatabaseError {
  const error = classify(Object.assign(new Error(message), { code }));
  return error instanceof DatabaseError ? error : new DatabaseError('other', message, { code });
}
