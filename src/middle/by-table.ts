import { sources, type RowKey, type Source } from '../domain/keys.js';
import type { InterfaceRow } from '../domain/rows.js';
import { State } from '../domain/states.js';
import type { ClaimRequest, ClaimResult, Mark, MarkConflict, MarkResult } from './port.js';
import { cell, type DriverRow } from './rows.js';

/*
 * Claims and marks go table by table, customers before accounts, in every kind of database: one order of locks.
 */

/** What a kind of database does for the claim of one table's rows. */
export interface ClaimSteps {
  /** Starts a new attempt at rows that are in this State; returns how many rows it changed. */
  start(source: Source, expects: State, requests: readonly ClaimRequest[]): Promise<number>;
  /** Reads rows with their attributes, whatever their State. */
  read(source: Source, streamingNos: readonly string[]): Promise<readonly InterfaceRow[]>;
}

/** Starts attempts at what was polled, and reads it all. A row taken over keeps its StateDate where it has one. */
export async function claimByTable(
  requests: readonly ClaimRequest[],
  steps: ClaimSteps,
): Promise<ClaimResult> {
  let claimed = 0;
  const rows: InterfaceRow[] = [];
  for (const source of sources) {
    const ofTable = requests.filter(({ row }) => row.source === source);
    const initial = ofTable.filter(({ row }) => row.state === State.Initial);
    const undated = ofTable.filter(({ row }) => row.state === State.Processing && row.stateDate === null);
    if (initial.length > 0) claimed += await steps.start(source, State.Initial, initial);
    if (undated.length > 0) await steps.start(source, State.Processing, undated);
    const streamingNos = ofTable.map(({ row }) => row.streamingNo);
    if (streamingNos.length > 0) rows.push(...(await steps.read(source, streamingNos)));
  }
  return { claimed, rows };
}

/** What a kind of database does for the marks of one table's rows. */
export interface MarkSteps {
  /** Writes outcomes where they are due; returns the StreamingNo of each row that it changed. */
  write(source: Source, marks: readonly Mark[]): Promise<readonly string[]>;
  /** Reads how rows stand: StreamingNo, State, StateDate. */
  standing(source: Source, streamingNos: readonly string[]): Promise<readonly DriverRow[]>;
}

/** Writes outcomes, and looks at the rows that it did not change. */
export async function markByTable(marks: readonly Mark[], steps: MarkSteps): Promise<MarkResult> {
  let marked = 0;
  const conflicts: MarkConflict[] = [];
  for (const source of sources) {
    const ofTable = marks.filter((mark) => mark.source === source);
    if (ofTable.length === 0) continue;
    const unchanged = unanswered(ofTable, await steps.write(source, ofTable));
    marked += ofTable.length - unchanged.length;
    if (unchanged.length === 0) continue;
    conflicts.push(...conflictsOf(unchanged, await steps.standing(source, numbersOf(unchanged))));
  }
  return { marked, conflicts };
}

/** The marks that changed no row. Each StreamingNo in `changed` is one changed row and answers one mark. */
function unanswered(marks: readonly Mark[], changed: readonly string[]): readonly Mark[] {
  const left = new Map<string, number>();
  for (const streamingNo of changed) left.set(streamingNo, (left.get(streamingNo) ?? 0) + 1);
  return marks.filter(({ streamingNo }) => {
    const count = left.get(streamingNo) ?? 0;
    left.set(streamingNo, count - 1);
    return count <= 0;
  });
}

function conflictsOf(marks: readonly Mark[], standing: readonly DriverRow[]): readonly MarkConflict[] {
  const present = new Map(standing.map((row) => [String(row['StreamingNo']), row]));
  return marks.map((mark) => {
    const row = present.get(mark.streamingNo);
    if (row === undefined) return { mark, state: null, stateDate: null };
    const state = row['State'] === null ? null : Number(row['State']);
    return { mark, state, stateDate: cell(row['StateDate']) };
  });
}

function numbersOf(keys: readonly RowKey[]): readonly string[] {
  return keys.map(({ streamingNo }) => streamingNo);
}
