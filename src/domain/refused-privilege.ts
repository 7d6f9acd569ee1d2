/** A privilege that a database refuses. */
export interface RefusedPrivilege {
  readonly privilege: string;
  /** The server's words. */
  readonly error: string;
  /** The database takes no change at all, a standby for instance: no grant helps. */
  readonly isReadOnly?: true;
}
