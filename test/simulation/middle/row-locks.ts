import type { RowKey } from '../../../src/domain/keys.js';
import type { Lift } from './row-rules.js';
import { idOf, type StoredAttribute, type StoredRow } from './stored-rows.js';

/** What a person locks: a row, or an attribute row of it. */
export interface LockTarget extends RowKey {
  readonly attrId?: string;
}

interface Lock {
  readonly holder: string;
}

/** Who has locked what. Only people do for longer than a statement takes. */
export class RowLocks {
  readonly #locks = new Map<string, readonly Lock[]>();

  lock(target: LockTarget, holder: string): Lift {
    const id = lockId(idOf(target), target.attrId);
    const lock = { holder };
    this.#locks.set(id, [...(this.#locks.get(id) ?? []), lock]);
    return () => {
      const others = (this.#locks.get(id) ?? []).filter((other) => other !== lock);
      if (others.length === 0) this.#locks.delete(id);
      else this.#locks.set(id, others);
    };
  }

  /** Who but `actor` has locked a row. */
  holderOf(row: StoredRow, actor?: string): string | null {
    return this.#holder(row.id, actor);
  }

  /** Who but `actor` has locked one of these attribute rows of a row. */
  attributeHolderOf(row: StoredRow, attributes: readonly StoredAttribute[], actor?: string): string | null {
    if (this.#locks.size === 0) return null;
    for (const { attrId } of attributes) {
      const holder = this.#holder(lockId(row.id, attrId), actor);
      if (holder !== null) return holder;
    }
    return null;
  }

  /** All sessions have ended. */
  clear(): void {
    this.#locks.clear();
  }

  #holder(id: string, actor: string | undefined): string | null {
    if (this.#locks.size === 0) return null;
    return this.#locks.get(id)?.find(({ holder }) => holder !== actor)?.holder ?? null;
  }
}

function lockId(id: string, attrId: string | undefined): string {
  return attrId === undefined ? id : `${id}/${attrId}`;
}
