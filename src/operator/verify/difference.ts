import { identityKey, type Identity } from '../../domain/customer.js';
import { tableOf, type RowKey } from '../../domain/keys.js';
import type { Difference, LateRows, NotJudged } from '../contract/checks.js';

/** No late rows. */
export const noLateRows: LateRows = { requeued: 0, waited: 0, undated: 0, sameValues: 0 };

/** Result for a customer. */
export interface CustomerCheck {
  readonly differences: readonly Difference[];
  readonly late: LateRows;
  /** Set if not all of its records were compared. */
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

/** The identity of a record. */
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
