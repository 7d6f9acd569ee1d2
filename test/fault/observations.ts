/*
 * What is known at the end of a run: what the platform wrote, what triggers in both databases saw, what handlers did, and
 * how the tables stand. The checker judges from this alone.
 */

/** A main table. */
export type Table = 'CUST' | 'ACCOUNT';

/** An attribute row as the platform wrote it. */
export interface PlatformAttribute {
  readonly attrId: string;
  readonly attrSpecId: string | null;
  readonly attrValue: string | null;
}

/** The columns of a row that say what it asks for. */
export interface Content {
  readonly productId: string | null;
  readonly custId: string | null;
  readonly bizId: string | null;
  readonly areaCode: string | null;
  readonly custAccount: string | null;
  readonly custName: string | null;
  readonly userId: string | null;
  readonly accType: string | null;
  readonly accName: string | null;
  readonly opFlag: string | null;
}

/** A row that asks for nothing. */
export const emptyContent: Content = {
  productId: null,
  custId: null,
  bizId: null,
  areaCode: null,
  custAccount: null,
  custName: null,
  userId: null,
  accType: null,
  accName: null,
  opFlag: null,
};

/** What a handler does with a row. `throw` and `exit` are poison. */
export type Mark = 'none' | 'refuse' | 'throw' | 'exit';

/** A row that the platform wrote. */
export interface PlatformRow {
  readonly source: Table;
  readonly streamingNo: string;
  readonly createDate: string | null;
  /** The CreateDate by the machine's clock. */
  readonly createdAt: number | null;
  /** When its transaction had committed for certain. */
  committedAt: number;
  /** The content first written, and after each correction; the row's Remark names the one that stands: `v0`, `v1`. */
  readonly versions: Content[];
  readonly attributes: readonly PlatformAttribute[];
  /** The code with which the first version must be refused for its form. */
  readonly formCode: string | null;
  readonly mark: Mark;
  /** How the row stood when it was written; null: in State 0, without a StateDate. */
  readonly planted: Planted | null;
}

/** A State and a StateDate that no platform gives a row. */
export interface Planted {
  readonly state: 0 | 1;
  /** As PostgreSQL writes it: `infinity`, a date in the year 9999, or before Christ. */
  readonly stateDate: string;
}

/** What can be wrong with a row. */
export type TroubleKind = MiddleTroubleKind | StoreTroubleKind;

/** With a row of the middle database, or with the column ErrContent of a table. */
export type MiddleTroubleKind =
  | 'claim refused'
  | 'claim refused at commit'
  | 'claim swallowed'
  | 'claim set back'
  | 'success refused'
  | 'success refused at commit'
  | 'failure refused'
  | 'failure refused at commit'
  | 'mark refused'
  | 'mark swallowed'
  | 'mark undone'
  | 'row locked'
  | 'attribute row locked'
  | 'ErrContent too narrow';

/** The product store refuses the journal entry of a row: any, or one that says that the row took effect. Simulated only. */
export type StoreTroubleKind = 'decision refused' | 'effect refused';

/** Something that was wrong with a row, or with a table's ErrContent, for a while. */
export interface Trouble {
  readonly kind: TroubleKind;
  readonly source: Table;
  /** Null: it is the table's. */
  readonly streamingNo: string | null;
  /** The row's customer; null where it has none, or where it is the table's. */
  readonly custId: string | null;
  /** It was not there before. */
  readonly begun: number;
  /** It was in force for certain between these; the same moment twice: nothing is certain. */
  readonly from: number;
  readonly until: number;
  /** It was not there after this. */
  readonly over: number;
}

/** A time in which rows may be late for another reason than a trouble: a fault, or a worker's breaker. */
export interface Disturbance {
  readonly what: string;
  readonly from: number;
  readonly until: number;
}

/** A time in which a worker let a customer wait for an open or a bind: rows wait one after another where batches are small. */
export interface CustomerWait {
  readonly custId: string;
  readonly from: number;
  readonly until: number;
}

/** An insert or update of a main table, as a trigger saw it, in order. */
export interface StateChange {
  readonly seq: number;
  /** The transaction. */
  readonly xid: string;
  readonly source: Table;
  readonly streamingNo: string;
  /** The session's application_name. */
  readonly actor: string;
  /** Null: an insert. */
  readonly from: number | null;
  readonly to: number;
  readonly dateBefore: string | null;
  readonly dateAfter: string | null;
  readonly errContent: string | null;
  readonly remark: string | null;
  readonly at: number;
}

/** A journal entry at the moment it was inserted, as a trigger saw it. */
export interface Decision {
  /** One sequence for decisions, handler lines and leases of the product store. */
  readonly seq: number;
  readonly xid: string;
  readonly source: Table;
  readonly streamingNo: string;
  readonly attempt: string;
  readonly outcome: 'applied' | 'failed';
  readonly code: string | null;
  readonly errContent: string | null;
  readonly worker: string;
  readonly decidedAt: number;
  readonly at: number;
}

/** A line that a handler wrote in the transaction that applied its row. */
export interface HandlerLine {
  readonly seq: number;
  readonly xid: string;
  readonly source: Table;
  readonly streamingNo: string;
}

/** A shard's lease that changed hands. */
export interface LeaseChange {
  readonly seq: number;
  readonly shard: number;
  readonly owner: string | null;
  readonly at: number;
}

/** A main table's row at the end. */
export interface FinalRow {
  readonly source: Table;
  readonly streamingNo: string;
  readonly state: number;
  readonly stateDate: string | null;
  readonly errContent: string | null;
}

/** An attribute table's row at the end. */
export interface FinalAttribute {
  readonly source: Table;
  readonly streamingNo: string;
  readonly attrId: string;
  readonly state: number;
  readonly stateDate: string | null;
}

/** The journal at the end. */
export interface FinalEntry {
  readonly source: Table;
  readonly streamingNo: string;
  readonly attempt: string;
  readonly superseded: boolean;
  readonly outcome: 'applied' | 'failed';
  readonly errContent: string | null;
}

/** An entry of the product store with its attributes, as text: `spec/id/value`, sorted. */
export interface StoredEntry {
  readonly key: string;
  readonly values: Readonly<Record<string, string | null>>;
  readonly attributes: readonly string[];
}

/** The rules of the configuration. */
export interface CheckedRules {
  readonly onDuplicateOpen: 'refuse' | 'update';
  readonly onDuplicateBind: 'refuse' | 'update';
  readonly onCancelWithUsers: 'refuse' | 'unbind';
  readonly attributes: 'merge' | 'replace';
  readonly userLimitAttrSpecId: string | null;
}

/** Everything. */
export interface Observations {
  readonly settings: {
    readonly settleMs: number;
    readonly dependencyGraceMs: number;
    readonly maxAttempts: number;
    readonly shards: number;
    /** How fast the slowest clock of a process runs; default: 1. What it is to do in a minute may take it longer. */
    readonly slowestClock?: number;
    readonly rules: CheckedRules;
  };
  readonly rows: readonly PlatformRow[];
  readonly troubles: readonly Trouble[];
  readonly disturbances: readonly Disturbance[];
  /** As workers told it; simulated only. */
  readonly waits?: readonly CustomerWait[];
  readonly changes: readonly StateChange[];
  readonly decisions: readonly Decision[];
  readonly lines: readonly HandlerLine[];
  readonly leases: readonly LeaseChange[];
  readonly finalRows: readonly FinalRow[];
  readonly finalAttributes: readonly FinalAttribute[];
  readonly journal: readonly FinalEntry[];
  readonly stored: readonly StoredEntry[];
  /** Calls of handlers for poison rows, by `rowName`. */
  readonly poisonCalls: ReadonlyMap<string, number>;
}

/** A row's name in texts and maps. */
export function rowName(key: { readonly source: Table; readonly streamingNo: string }): string {
  return `${key.source}:${key.streamingNo}`;
}

/** Groups by a key, keeping the order. */
export function grouped<T>(members: readonly T[], keyOf: (member: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const member of members) {
    const group = groups.get(keyOf(member));
    if (group === undefined) groups.set(keyOf(member), [member]);
    else group.push(member);
  }
  return groups;
}
