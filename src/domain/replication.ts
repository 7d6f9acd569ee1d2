/*
 * What a fail-over of a PostgreSQL server loses, as far as an ordinary role can see it: the details of
 * pg_stat_replication are hidden from it, the names of the connected standbys and the settings are not.
 */

/** How a server keeps what is committed. */
export interface Replication {
  readonly isStandby: boolean;
  /** What set default_transaction_read_only, as pg_settings names it (`user`, `configuration file`); null: it is off. */
  readonly readOnlyBy: string | null;
  /** Of our sessions: `on`, `off`, `local`, `remote_write`, `remote_apply`. */
  readonly synchronousCommit: string;
  /** synchronous_standby_names; empty: no standby is synchronous. */
  readonly synchronousNames: string;
  /** The names by which the connected standbys introduced themselves. */
  readonly standbys: readonly string[];
}

/** What becomes of a commit: lost in a crash, lost in a fail-over, kept, or waiting for a standby that is not connected. */
export type Durability = 'lostInCrash' | 'lostInFailOver' | 'kept' | 'waits' | 'oneServer';

/** Says it from the settings and the connected standbys. */
export function durabilityOf({ synchronousCommit, synchronousNames, standbys }: Replication): Durability {
  if (synchronousCommit === 'off') return 'lostInCrash';
  const isAwaited = synchronousNames.trim() !== '' && synchronousCommit !== 'local';
  if (!isAwaited) return standbys.length > 0 ? 'lostInFailOver' : 'oneServer';
  const { needed, names } = synchronousList(synchronousNames);
  const isCandidate = (standby: string) => names.includes('*') || names.includes(standby.toLowerCase());
  return standbys.filter(isCandidate).length < needed ? 'waits' : 'kept';
}

/** Reads `a, b`, `FIRST 1 (a, b)`, `ANY 2 (*)` and `2 (a, b, c)`; names are compared without case, as the server does. */
function synchronousList(text: string): { readonly needed: number; readonly names: readonly string[] } {
  const [, count, list = text] = /^\s*(?:(?:first|any)\s+)?(\d+)\s*\((.*)\)\s*$/is.exec(text) ?? [];
  const names = [...list.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(([, quoted, plain = '']) =>
    (quoted?.replaceAll('""', '"') ?? plain).toLowerCase(),
  );
  return { needed: count === undefined ? 1 : Number(count), names };
}
