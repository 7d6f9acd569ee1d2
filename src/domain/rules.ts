/** How an operation that meets an unexpected state is judged (`rules` in the configuration). */
export interface Rules {
  /** An open (0101) of an active product: refuse with 00404, or treat it as a change. */
  readonly onDuplicateOpen: 'refuse' | 'update';
  /** A bind (0201) of a bound user: refuse with 00404, or treat it as a change. */
  readonly onDuplicateBind: 'refuse' | 'update';
  /** A cancel (0103) while users are bound: refuse with 00405, or unbind them. */
  readonly onCancelWithUsers: 'refuse' | 'unbind';
  /** Attributes of a change: replace the values of the given specs only, or the whole set. */
  readonly attributes: 'merge' | 'replace';
  /** AttrSpecID of the customer attribute that holds the most users that may be bound; null: no limit. */
  readonly userLimitAttrSpecId: string | null;
}
