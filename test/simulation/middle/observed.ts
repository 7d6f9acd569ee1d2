import type { FinalAttribute, FinalRow, StateChange } from '../../fault/observations.js';
import { writtenDate } from './dates.js';
import type { StoredRows } from './stored-rows.js';
import type { Written } from './writing.js';

/* What was seen of the tables, in the terms of the checker. Rows without a State are in State -1 there. */

/** An insert or update as a trigger sees it. */
export function changeOf(
  { before, after }: Written,
  { seq, xid, actor, at }: Pick<StateChange, 'seq' | 'xid' | 'actor' | 'at'>,
): StateChange {
  return {
    seq,
    xid,
    actor,
    at,
    source: after.source,
    streamingNo: String(after.streamingNo),
    from: before === null ? null : (before.state ?? -1),
    to: after.state ?? -1,
    dateBefore: writtenDate(before?.stateDate ?? null),
    dateAfter: writtenDate(after.stateDate),
    errContent: after.errContent,
    remark: after.remark,
  };
}

/** All rows at the end. */
export function finalRowsOf(rows: StoredRows): readonly FinalRow[] {
  return rows.all.map(({ source, streamingNo, state, stateDate, errContent }) => ({
    source,
    streamingNo: String(streamingNo),
    state: state ?? -1,
    stateDate: writtenDate(stateDate),
    errContent,
  }));
}

/** All attribute rows at the end, also those whose row is gone. */
export function finalAttributesOf(rows: StoredRows): readonly FinalAttribute[] {
  return rows.allAttributes.map(({ source, streamingNo, attrId, state, stateDate }) => ({
    source,
    streamingNo: String(streamingNo),
    attrId,
    state: state ?? -1,
    stateDate: writtenDate(stateDate),
  }));
}
