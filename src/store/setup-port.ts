/*
 * What stands in the database of the product store: which migrations have run, and what keeps it from being a product store.
 */

/** A migration that this version does not know. */
export interface NewerMigration {
  readonly name: string;
  /** The version of bnet-sync that ran it; null where the store does not say. */
  readonly version: string | null;
}

/** How the product store is set up. */
export interface StoreSetup {
  /** Names of this version's migrations that have run, in order. */
  readonly done: readonly string[];
  /** Names of this version's migrations that have not run, in order. */
  readonly pending: readonly string[];
  readonly newer: readonly NewerMigration[];
  /** Tables that migrations made and that are gone. */
  readonly missing: readonly string[];
  /** Tables of other programs under names that pending migrations need. */
  readonly foreign: readonly string[];
  /** PostgreSQL: the schema in which the tables are, or would be made; null where `noSchema` says why not. SQLite: null. */
  readonly schema: string | null;
  readonly noSchema: string | null;
  /** PostgreSQL: other schemas with tables of a product store, where this one has none and none was asked for by name. */
  readonly elsewhere: readonly string[];
  /** PostgreSQL: the database's encoding. SQLite: null. */
  readonly encoding: string | null;
}

/** The store's tables are not there: `bnet-sync migrate` makes them. */
export class StoreNotMigratedError extends Error {
  override readonly name = 'StoreNotMigratedError';

  constructor(elsewhere: readonly string[] = []) {
    super(
      elsewhere.length === 0
        ? 'the product store is not set up for this version: run "bnet-sync migrate" first'
        : `${elsewhereText(elsewhere)}: ${elsewhereRemedy}`,
    );
  }
}

/** A newer version of bnet-sync has migrated the store: this one does not know what stands there. */
export class StoreNewerError extends Error {
  override readonly name = 'StoreNewerError';

  constructor(setup: Pick<StoreSetup, 'newer' | 'done'>) {
    super(`${newerText(setup)}: ${newerRemedy}`);
  }
}

/** The database cannot be the product store as it is; says what to do. */
export class StoreUnfitError extends Error {
  override readonly name = 'StoreUnfitError';
}

/** What a newer store is. */
export function newerText({ newer, done }: Pick<StoreSetup, 'newer' | 'done'>): string {
  const versions = newer.flatMap(({ version }) => (version === null ? [] : [version]));
  const by = versions.at(-1) === undefined ? 'a newer bnet-sync' : `bnet-sync ${versions.at(-1) ?? ''}`;
  const names = newer.map(({ name }) => name).join(', ');
  return `the product store was migrated by ${by} (${names}), and this version knows it up to ${done.at(-1) ?? 'nothing'} only`;
}

/** What to do about a newer store. */
export const newerRemedy =
  'run that version or a later one here, or restore the backup of the store from before its migration';

/** Where the tables are instead. */
export function elsewhereText(schemas: readonly string[]): string {
  const list = schemas.map((schema) => `"${schema}"`).join(', ');
  return `the tables of a product store are in the schema ${list}, which this connection's search_path does not lead to`;
}

/** What to do about tables that are elsewhere. */
export const elsewhereRemedy = 'set store.schema to it, or to another existing schema for a second store';

/** The tables that are in the way. */
export function foreignText(tables: readonly string[]): string {
  return `another program's tables have the names of the product store's: ${tables.join(', ')}`;
}

/** What to do about tables that are in the way. */
export const foreignRemedy =
  'rename them, or give bnet-sync a place of its own: store.schema on PostgreSQL, another file on SQLite';

/** Tables that are gone. */
export function missingText(tables: readonly string[]): string {
  return `the product store has lost tables that its migrations made: ${tables.join(', ')}`;
}

/** What to do about tables that are gone. */
export const missingRemedy =
  'stop the workers and restore the store from a backup; migrate does not make them again, for what they held would still be missing';

/** Why an encoding will not do. */
export function encodingText(encoding: string): string {
  return `the database of the product store has the encoding ${encoding}, which cannot hold every name that a row may bring`;
}

/** What to do about a wrong encoding; it cannot be changed. */
export const encodingRemedy =
  "create a database for it: CREATE DATABASE bnet_sync ENCODING 'UTF8' TEMPLATE template0, with LC_COLLATE 'C' LC_CTYPE 'C' where the server's locale is another";

/** Whether texts of all kinds can be kept. */
export function isFitEncoding(encoding: string | null): boolean {
  return encoding === null || encoding === 'UTF8';
}

/** What to do where there is no schema. */
export const schemaRemedy =
  'create it, as its owner: CREATE SCHEMA, and GRANT USAGE on it; or set store.schema to one that exists';

/** What keeps a worker from working in the store. */
export function workProblem(setup: StoreSetup): Error | null {
  const { noSchema } = setup;
  if (noSchema !== null) return new StoreUnfitError(`${noSchema}: ${schemaRemedy}`);
  if (setup.newer.length > 0) return new StoreNewerError(setup);
  if (setup.pending.length > 0) return new StoreNotMigratedError(setup.elsewhere);
  return missingFault(setup);
}

/** What keeps migrations from being run. */
export function migrationProblem(setup: StoreSetup): Error | null {
  const { noSchema } = setup;
  if (noSchema !== null) return new StoreUnfitError(`${noSchema}: ${schemaRemedy}`);
  if (setup.newer.length > 0) return new StoreNewerError(setup);
  if (!isFitEncoding(setup.encoding)) {
    return new StoreUnfitError(`${encodingText(setup.encoding ?? '')}: ${encodingRemedy}`);
  }
  if (setup.elsewhere.length > 0)
    return new StoreUnfitError(`${elsewhereText(setup.elsewhere)}: ${elsewhereRemedy}`);
  if (setup.foreign.length > 0) return new StoreUnfitError(`${foreignText(setup.foreign)}: ${foreignRemedy}`);
  return missingFault(setup);
}

function missingFault({ missing }: StoreSetup): Error | null {
  return missing.length === 0 ? null : new StoreUnfitError(`${missingText(missing)}: ${missingRemedy}`);
}
