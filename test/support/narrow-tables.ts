import { DatabaseError } from '../../src/database/errors.js';
import { rowId } from '../../src/domain/keys.js';
import { beforeLocked } from '../../src/middle/changes.js';
import type { Mark, MarkConflict, MarkResult, NotChanged } from '../../src/middle/port.js';

/** Tables that take texts of so many bytes, refuse some rows altogether, and have rows that somebody has locked. */
export class NarrowTables {
  /** What each statement was to write, `a1` or `a1: text`, and whether it landed. */
  readonly statements: { readonly marks: readonly string[]; readonly landed: boolean }[] = [];
  /** Texts as they landed, by row; null: a success. */
  readonly texts = new Map<string, string | null>();
  /** The rows that landed, in order. */
  readonly landed: string[] = [];
  maxBytes = 1024;
  tellsRoom = false;
  readonly refused = new Map<string, Error>();
  readonly locked = new Set<string>();
  readonly ignored = new Set<string>();
  readonly conflicts = new Map<string, Pick<MarkConflict, 'state' | 'stateDate'>>();
  lastMarks: readonly Mark[] = [];

  async mark(marks: readonly Mark[]): Promise<MarkResult> {
    this.lastMarks = marks;
    const texts = marks.map(({ streamingNo, errContent }) =>
      errContent === null ? streamingNo : `${streamingNo}: ${errContent}`,
    );
    const error = marks.map((mark) => this.#refusal(mark)).find((each) => each !== undefined);
    this.statements.push({ marks: texts, landed: error === undefined });
    if (error !== undefined) throw error;
    const locked = new Set([...this.locked].map(idOf));
    const free = beforeLocked(marks, locked);
    const left: NotChanged[] = [];
    const conflicts: MarkConflict[] = [];
    let marked = 0;
    for (const mark of free) {
      const { source, streamingNo } = mark;
      const conflict = this.conflicts.get(streamingNo);
      if (conflict !== undefined) conflicts.push({ mark, ...conflict });
      else if (this.ignored.has(streamingNo)) left.push({ source, streamingNo, cause: 'ignored' });
      else {
        marked += 1;
        this.landed.push(streamingNo);
        this.texts.set(streamingNo, mark.errContent);
      }
    }
    const others = marks.filter((mark) => !free.includes(mark));
    for (const { source, streamingNo } of others)
      if (this.locked.has(streamingNo)) left.push({ source, streamingNo, cause: 'locked' });
    const heldBack = others.filter(({ streamingNo }) => !this.locked.has(streamingNo));
    return { marked, conflicts, left, heldBack };
  }

  #refusal({ streamingNo, errContent }: Mark): Error | undefined {
    const { maxBytes } = this;
    if (errContent !== null && Buffer.byteLength(errContent) > maxBytes)
      return new DatabaseError('data', 'value too long', this.tellsRoom ? { room: { bytes: maxBytes } } : {});
    return this.refused.get(streamingNo);
  }
}

const idOf = (streamingNo: string): string => rowId({ source: 'CUST', streamingNo });
