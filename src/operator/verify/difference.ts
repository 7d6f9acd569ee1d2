import { identityKey, type Identity } from '../../domain/customer.js';
import { tableOf, type RowKey } from '../../domain/keys.js';

/** How the product store differs from what the finished rows lead to, or a row from what the journal says of it. */
type DifferenceKind =
  /** The finished rows lead to it, and the product store has none. */
  | 'missing'
  /** The product store has it, and no finished row leads to it. */
  | 'surplus'
  /** Both have it, with different values. */
  | 'different'
  /** A row in State 2 that the journal does not know: nobody here applied it. */
  | 'notInJournal'
  /** A row in State 2 that the journal knows as refused. */
  | 'refusedInJournal'
  /** A row in State 2 with other content than the one that was applied. */
  | 'changedSince'
  /** A row in State 3 that the journal knows as applied. */
  | 'appliedInJournal'
  /** A row in State 2 that the journal does not know, and that could not have taken effect. */
  | 'impossible'
  /** An applied row that took effect after a later one of its customer, and the right order leads to other values. */
  | 'outOfOrder';

/** A difference. What does not apply is null. */
export interface Difference {
  readonly kind: DifferenceKind;
  readonly what: 'customer' | 'user' | 'attribute' | 'row';
  readonly custId: string | null;
  readonly productId: string | null;
  readonly bizId: string | null;
  readonly userId: string | null;
  /** Of a row: the specification's table name. */
  readonly table: string | null;
  readonly streamingNo: string | null;
  /** Of a row out of order: the first later row that took effect before it, its table and StreamingNo. */
  readonly laterTable: string | null;
  readonly laterStreamingNo: string | null;
  /** Of an attribute. */
  readonly attrSpecId: string | null;
  readonly attrId: string | null;
  /** The product store's column; null for a whole record: then `expected` and `found` are its status. */
  readonly field: string | null;
  /** What the finished rows lead to, or for a row what its State says. */
  readonly expected: string | null;
  /** What the product store holds, or for a row what the journal says. */
  readonly found: string | null;
}

/** Why a customer cannot be judged. */
export type NotJudged =
  /** Rows that were applied have left the middle database. */
  | 'rowsLeft'
  /** Rows that were applied have been given other content since, and put back. */
  | 'rowsRewritten'
  /** Applied rows need something before them of which neither database knows any more. */
  | 'historyIncomplete'
  /** Records without any history that have not changed since `journalSince`. */
  | 'olderThanJournal'
  /** Its rows were being applied each time it was looked at. */
  | 'busy';

/** All reasons. */
export const notJudgedReasons: readonly NotJudged[] = [
  'rowsLeft',
  'rowsRewritten',
  'historyIncomplete',
  'olderThanJournal',
  'busy',
];

/** Why a row that took effect after a later one of its customer is no difference. */
type LateReason =
  /** It was refused, and put back later. */
  | 'requeued'
  /** It, or a row before it, waited for the open or bind of a later row, which overtook it. */
  | 'waited'
  /** It has no CreateDate, so that it comes before all others whenever it arrives. */
  | 'undated'
  /** The right order leads to the same values, or the product store holds those of the right order. */
  | 'sameValues';

/** Numbers of rows that took effect late and are no difference. */
export type LateRows = Readonly<Record<LateReason, number>>;

/** None. */
export const noLateRows: LateRows = { requeued: 0, waited: 0, undated: 0, sameValues: 0 };

/** What was found out about a customer. */
export interface CustomerCheck {
  readonly differences: readonly Difference[];
  readonly late: LateRows;
  /** Set where its records were not compared, or not all of them. */
  readonly notJudged: NotJudged | null;
}

const nothing: Omit<Difference, 'kind' | 'what'> = {
  custId: null,
  productId: null,
  bizId: null,
  userId: null,
  table: null,
  streamingNo: null,
  laterTable: null,
  laterStreamingNo: null,
  attrSpecId: null,
  attrId: null,
  field: null,
  expected: null,
  found: null,
};

/** What a record is named by. */
export type RecordName = Identity & { readonly userId: string | null };

/** A difference of a customer's or user's record; `more` says which. */
export function recordDifference(
  { productId, custId, bizId, userId }: RecordName,
  more: Pick<Difference, 'kind' | 'what'> & Partial<Difference>,
): Difference {
  const { kind, what, ...rest } = more;
  return { kind, what, ...nothing, custId, productId, bizId, userId, ...rest };
}

/** The product of a record's difference, see `identityKey`. */
export function productOf({ productId, custId, bizId }: Difference): string {
  return identityKey({ productId: productId ?? '', custId: custId ?? '', bizId: bizId ?? '' });
}

/** A difference of a row; `more` says which. */
export function rowDifference(
  { source, streamingNo }: RowKey,
  custId: string | null,
  more: Pick<Difference, 'kind'> & Partial<Difference>,
): Difference {
  const { kind, ...rest } = more;
  return { kind, what: 'row', ...nothing, custId, table: tableOf[source], streamingNo, ...rest };
}
