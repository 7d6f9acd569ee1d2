import {
  grouped,
  rowName,
  type Decision,
  type Observations,
  type PlatformRow,
  type StateChange,
} from './observations.js';

/** Something that must not be. */
export interface Violation {
  readonly kind:
    | 'lost'
    | 'attributes'
    | 'twice'
    | 'answer'
    | 'text'
    | 'order'
    | 'code'
    | 'innocent'
    | 'poison'
    | 'impatient'
    | 'store'
    | 'backwards'
    | 'fence'
    | 'delayed'
    | 'overdue'
    | 'refusal'
    | 'mark order';
  /** The row, by `rowName`, or what else it is about. */
  readonly about: string;
  readonly what: string;
}

/** A decision with what it was about: the row, the content that stood, its claim, and when it could be seen. */
export interface Case {
  readonly decision: Decision;
  readonly row: PlatformRow;
  readonly version: number;
  readonly claimedAt: number;
  /** When the row, or its reset, had become visible for certain. */
  readonly visibleAt: number;
  /** Visible within settleMs of its CreateDate, and never reset before. */
  readonly onTime: boolean;
}

/** A reset's trigger fires before its commit. */
const commitSlackMs = 3000;

/** Joins decisions, in order, to their rows and claims; what cannot be joined is a violation. */
export function casesOf(observations: Observations): { cases: Case[]; violations: Violation[] } {
  const rows = new Map(observations.rows.map((row) => [rowName(row), row]));
  const changes = grouped(observations.changes, rowName);
  const cases: Case[] = [];
  const violations: Violation[] = [];
  for (const decision of [...observations.decisions].sort((a, b) => a.seq - b.seq)) {
    const name = rowName(decision);
    const row = rows.get(name);
    const found = row === undefined ? null : caseOf(decision, row, changes.get(name) ?? [], observations);
    if (found !== null) cases.push(found);
    else violations.push({ kind: 'twice', about: name, what: `no claim made attempt ${decision.attempt}` });
  }
  return { cases, violations };
}

function caseOf(
  decision: Decision,
  row: PlatformRow,
  changes: readonly StateChange[],
  { settings }: Observations,
): Case | null {
  const claim = changes.findIndex((change) => change.dateAfter === decision.attempt && isClaim(change, row));
  const claimed = changes[claim];
  if (claimed === undefined) return null;
  const before = changes.slice(0, claim);
  const reset = before.findLast(({ from, to }) => from !== null && from !== 0 && to === 0);
  const remark = claimed.remark ?? 'v0';
  const createdAt = row.createdAt ?? Infinity;
  return {
    decision,
    row,
    version: Number(remark.slice(1)),
    claimedAt: claimed.at,
    visibleAt: reset === undefined ? row.committedAt : reset.at + commitSlackMs,
    onTime: reset === undefined && row.createdAt !== null && row.committedAt <= createdAt + settings.settleMs,
  };
}

/** What begins an attempt: a claim, or the writing of a row that the platform gave State 1. */
function isClaim({ from, to }: StateChange, { planted }: PlatformRow): boolean {
  return to === 1 && (from === 0 || (planted?.state === 1 && from !== 2 && from !== 3));
}

/** A row's history in words, in the order of time. */
export function historyOf(observations: Observations, name: string): string {
  const row = observations.rows.find((each) => rowName(each) === name);
  const lines: [number, string][] = [];
  if (row !== undefined) {
    const { createDate, committedAt, versions, mark, formCode, planted } = row;
    lines.push([
      committedAt,
      `platform committed it: ${JSON.stringify({ createDate, mark, formCode, planted, versions })}`,
    ]);
  }
  for (const change of observations.changes.filter((each) => rowName(each) === name)) {
    const { actor, from, to, dateAfter, errContent, remark } = change;
    lines.push([
      change.at,
      `${actor}: State ${from ?? 'none'} → ${to}, ${dateAfter ?? ''} ${remark ?? ''} ${errContent ?? ''}`,
    ]);
  }
  for (const decision of observations.decisions.filter((each) => rowName(each) === name)) {
    const { attempt, outcome, code, worker, xid } = decision;
    lines.push([
      decision.at,
      `journal: attempt ${attempt} ${outcome} ${code ?? ''} by ${worker} (transaction ${xid})`,
    ]);
  }
  for (const { kind, source, streamingNo, begun, over } of observations.troubles) {
    if (streamingNo === null || rowName({ source, streamingNo }) !== name) continue;
    lines.push([begun, `trouble: ${kind}`], [over, `trouble over: ${kind}`]);
  }
  const texts = lines
    .sort(([a], [b]) => a - b)
    .map(([at, text]) => `    ${new Date(at).toISOString().slice(11, 23)} ${text}`);
  for (const line of observations.lines.filter((each) => rowName(each) === name))
    texts.push(`    handler line of transaction ${line.xid}`);
  const now = observations.finalRows.filter((each) => rowName(each) === name);
  return [...texts, `    now: ${JSON.stringify(now)}`].join('\n');
}
