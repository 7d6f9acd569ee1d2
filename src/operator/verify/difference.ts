import type { Identity } from '../../domain/customer.js';
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
  | 'impossible';

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

/** What was found out about a customer. */
export interface Judgement {
  readonly differences: readonly Difference[];
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

/** A difference of a row; `more` says which. */
export function rowDifference(
  { source, streamingNo }: RowKey,
  custId: string | null,
  more: Pick<Difference, 'kind'> & Partial<Difference>,
): Difference {
  const { kind, ...rest } = more;
  return { kind, what: 'row', ...nothing, custId, table: tableOf[source], streamingNo, ...rest };
}
