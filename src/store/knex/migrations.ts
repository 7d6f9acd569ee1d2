import type { KnexClient } from '../../domain/clients.js';
import type { StoreTypes } from './dialect.js';
import { storeDialects } from './dialects.js';
import { pgStore } from './postgresql.js';

/*
 * The tables of the product store. A released migration never changes; later changes are new migrations. 30-digit
 * numbers are numeric(30,0) in PostgreSQL and TEXT in SQLite, where a number would be rounded.
 */

/** The record of migrations that have run. */
export const migrationTable = 'sync_migration';

/** A step of the schema; all of its statements run in one transaction. */
export interface Migration {
  readonly name: string;
  up(types: StoreTypes): readonly string[];
}

const initial: Migration = {
  name: '0001_initial',
  up: ({ number, instant, text }) => [
    `CREATE TABLE bnet_customer (
       product_id ${number} NOT NULL, cust_id ${number} NOT NULL, biz_id ${text(20)} NOT NULL,
       area_code ${text(5)}, cust_account ${text(100)}, cust_name ${text(128)},
       status ${text(9)} NOT NULL CHECK (status IN ('active', 'cancelled')),
       opened_at ${instant} NOT NULL, changed_at ${instant}, cancelled_at ${instant},
       last_streaming_no ${number} NOT NULL,
       PRIMARY KEY (product_id, cust_id, biz_id))`,
    // No key: the specification promises none for attribute ids.
    `CREATE TABLE bnet_customer_attr (
       product_id ${number} NOT NULL, cust_id ${number} NOT NULL, biz_id ${text(20)} NOT NULL,
       attr_spec_id ${number} NOT NULL, attr_id ${number}, attr_value ${text(100)})`,
    `CREATE INDEX bnet_customer_attr_owner ON bnet_customer_attr (product_id, cust_id, biz_id)`,
    `CREATE TABLE bnet_account (
       product_id ${number} NOT NULL, cust_id ${number} NOT NULL, biz_id ${text(20)} NOT NULL,
       user_id ${text(100)} NOT NULL,
       area_code ${text(5)}, acc_type ${text(2)}, acc_name ${text(100)},
       status ${text(7)} NOT NULL CHECK (status IN ('bound', 'unbound')),
       bound_at ${instant} NOT NULL, changed_at ${instant}, unbound_at ${instant},
       last_streaming_no ${number} NOT NULL,
       PRIMARY KEY (product_id, cust_id, biz_id, user_id))`,
    `CREATE TABLE bnet_account_attr (
       product_id ${number} NOT NULL, cust_id ${number} NOT NULL, biz_id ${text(20)} NOT NULL,
       user_id ${text(100)} NOT NULL,
       attr_spec_id ${number} NOT NULL, attr_id ${number}, attr_value ${text(100)})`,
    `CREATE INDEX bnet_account_attr_owner ON bnet_account_attr (product_id, cust_id, biz_id, user_id)`,
    // Business columns are plain text here: a refused row is recorded as it came.
    `CREATE TABLE sync_journal (
       source ${text(7)} NOT NULL CHECK (source IN ('CUST', 'ACCOUNT')),
       streaming_no ${number} NOT NULL, attempt ${text(19)} NOT NULL, superseded boolean NOT NULL,
       op_flag text, product_id ${number}, cust_id ${number}, biz_id text, user_id text,
       outcome ${text(7)} NOT NULL CHECK (outcome IN ('applied', 'failed')),
       code ${text(5)}, err_content text, digest ${text(43)} NOT NULL,
       worker text NOT NULL, decided_at ${instant} NOT NULL,
       PRIMARY KEY (source, streaming_no, attempt))`,
    `CREATE UNIQUE INDEX sync_journal_current ON sync_journal (source, streaming_no) WHERE NOT superseded`,
    `CREATE INDEX sync_journal_customer ON sync_journal (cust_id, decided_at)`,
    `CREATE TABLE sync_shard (
       shard integer PRIMARY KEY, owner text, term bigint NOT NULL, expires_at ${instant})`,
    `CREATE TABLE sync_worker (
       worker_id text PRIMARY KEY, host text NOT NULL, pid integer NOT NULL,
       started_at ${instant} NOT NULL, heartbeat_at ${instant} NOT NULL, lease_ttl_ms integer NOT NULL)`,
  ],
};

const severalWorkers: Migration = {
  name: '0002_several_workers',
  up: ({ number, instant, text }) => [
    'ALTER TABLE sync_worker ADD COLUMN agreement text',
    `CREATE TABLE sync_trial (
       source ${text(7)} NOT NULL CHECK (source IN ('CUST', 'ACCOUNT')),
       streaming_no ${number} NOT NULL, attempt ${text(19)} NOT NULL,
       worker text NOT NULL, begun_at ${instant} NOT NULL,
       PRIMARY KEY (source, streaming_no, attempt, worker))`,
  ],
};

const operators: Migration = {
  name: '0003_operators',
  up: ({ number, instant, text, identity }) => [
    // Decisions in five minutes, so that the journal need not be counted.
    `CREATE TABLE sync_activity (
       bucket ${instant} NOT NULL, worker text NOT NULL,
       source ${text(7)} NOT NULL CHECK (source IN ('CUST', 'ACCOUNT')),
       outcome ${text(7)} NOT NULL CHECK (outcome IN ('applied', 'failed')),
       code ${text(5)} NOT NULL DEFAULT '', rows bigint NOT NULL,
       PRIMARY KEY (bucket, worker, source, outcome, code))`,
    `CREATE TABLE sync_pause (
       source ${text(7)} UNIQUE CHECK (source IN ('CUST', 'ACCOUNT')), product_id ${number} UNIQUE,
       since ${instant} NOT NULL, who text NOT NULL, reason text,
       CHECK ((source IS NULL) <> (product_id IS NULL)))`,
    `CREATE TABLE sync_audit (
       id ${identity}, at ${instant} NOT NULL, who text NOT NULL, via text NOT NULL, action text NOT NULL,
       what text NOT NULL, rows bigint, reason text)`,
    `CREATE INDEX sync_journal_superseded ON sync_journal (decided_at) WHERE superseded AND outcome = 'failed'`,
    // A customer's products. The whole key: by the CustID alone, each look-up of a product would read all of them.
    `CREATE INDEX bnet_customer_customer ON bnet_customer (cust_id, product_id, biz_id)`,
  ],
};

const guard: Migration = {
  name: '0004_guard',
  up: ({ instant, text }) => [
    // The term and server under which the shard's finished rows were compared with the journal, and until when the
    // store is known to hold all of it: the last renewal of a compared lease.
    'ALTER TABLE sync_shard ADD COLUMN compared_term bigint',
    'ALTER TABLE sync_shard ADD COLUMN compared_on text',
    `ALTER TABLE sync_shard ADD COLUMN held_until ${instant}`,
    `CREATE TABLE sync_guard (
       alarm_id text PRIMARY KEY, raised_at ${instant} NOT NULL, worker text NOT NULL, host text NOT NULL,
       kind ${text(12)} NOT NULL CHECK (kind IN ('ownCommits', 'finishedRows', 'noOrigin')),
       rows bigint NOT NULL, examples text NOT NULL, closed_at ${instant}, closed_by text)`,
    // '' stands for every product without an origin of its own.
    `CREATE TABLE sync_origin (
       product_id ${text(30)} PRIMARY KEY, middle_clock ${text(19)} NOT NULL, recorded_at ${instant} NOT NULL)`,
  ],
};

const isolation: Migration = {
  name: '0005_isolation',
  up: ({ number, instant, text }) => [
    // Deferred rows, each with its customer (P12).
    `CREATE TABLE sync_deferral (
       source ${text(7)} NOT NULL CHECK (source IN ('CUST', 'ACCOUNT')),
       streaming_no ${number} NOT NULL, cust_id ${number},
       stage ${text(5)} NOT NULL CHECK (stage IN ('claim', 'apply', 'mark')),
       cause ${text(7)} NOT NULL CHECK (cause IN ('locked', 'refused', 'ignored')),
       reason text NOT NULL, tries integer NOT NULL,
       since ${instant} NOT NULL, next_at ${instant} NOT NULL, worker text NOT NULL,
       PRIMARY KEY (source, streaming_no))`,
  ],
};

const intents: Migration = {
  name: '0006_intents',
  up: () => [
    // What one transaction cannot hold is recorded twice: an intent before, its outcome with the intent's id after.
    `ALTER TABLE sync_audit ADD COLUMN phase varchar(7) NOT NULL DEFAULT 'done'
       CHECK (phase IN ('done', 'intent', 'outcome'))`,
    'ALTER TABLE sync_audit ADD COLUMN intent_id bigint',
    `CREATE UNIQUE INDEX sync_audit_outcome ON sync_audit (intent_id) WHERE intent_id IS NOT NULL`,
  ],
};

/**
 * PostgreSQL refuses to delete from a table without a key once it is in a publication, such as one FOR ALL TABLES.
 * Whole rows then identify themselves: only the catalogue changes, at no cost without replication. A key would be
 * rewritten into every attribute row, and maintained with every attribute written.
 */
const replication: Migration = {
  name: '0007_replication',
  up: ({ replicateWhole }) =>
    ['bnet_customer_attr', 'bnet_account_attr', 'sync_pause'].flatMap(replicateWhole),
};

const versions: Migration = {
  name: '0008_versions',
  up: () => [
    `ALTER TABLE ${migrationTable} ADD COLUMN version text`,
    // The lock of earlier versions; migrations are locked by the database now (migrate.ts).
    'DROP TABLE IF EXISTS sync_migration_lock',
  ],
};

const crashes: Migration = {
  name: '0009_crashes',
  up: () => ['ALTER TABLE sync_trial RENAME TO sync_crash'],
};

const sharedSettings: Migration = {
  name: '0010_shared_settings',
  up: () => ['ALTER TABLE sync_worker RENAME COLUMN agreement TO shared_settings'],
};

/**
 * By default PostgreSQL cleans a table once a fifth of its rows are dead: in a journal of ten million that is after two
 * million, so that a purge of 229,000 entries left all of them where they were, in front of every later scan.
 */
const journalUpkeep: Migration = {
  name: '0011_journal_upkeep',
  up: ({ tidyAfter }) => tidyAfter('sync_journal', 50_000),
};

/** Runs of `verify` over the whole store, and the first differences of each, in JSON. */
const verifications: Migration = {
  name: '0012_verifications',
  up: ({ instant, text, identity }) => [
    `CREATE TABLE sync_verification (
       id ${identity}, started_at ${instant} NOT NULL, ended_at ${instant},
       via ${text(8)} NOT NULL CHECK (via IN ('schedule', 'command')), who text NOT NULL,
       state ${text(9)} NOT NULL CHECK (state IN ('running', 'finished', 'failed', 'cancelled', 'abandoned')),
       summary text, error text)`,
    `CREATE TABLE sync_difference (
       run_id bigint NOT NULL, number integer NOT NULL, difference text NOT NULL, PRIMARY KEY (run_id, number))`,
  ],
};

/** All migrations, in order. */
export const migrations: readonly Migration[] = [
  initial,
  severalWorkers,
  operators,
  guard,
  isolation,
  intents,
  replication,
  versions,
  crashes,
  sharedSettings,
  journalUpkeep,
  verifications,
];

/** The statements of a migration. */
export function statementsOf(migration: Migration, dialect: KnexClient): readonly string[] {
  return migration.up(storeDialects[dialect].types);
}

/** The statement that creates the record of migrations if missing. */
export function recordStatement(dialect: KnexClient): string {
  const { identity, instant } = storeDialects[dialect].types;
  return `CREATE TABLE IF NOT EXISTS ${migrationTable} (id ${identity}, name text NOT NULL UNIQUE, batch integer, migration_time ${instant})`;
}

/** Whether the record has the version that ran a migration, once these have run. */
export function hasVersions(done: readonly string[]): boolean {
  return done.includes(versions.name);
}

/** The tables that a migration creates or renames. */
export function tablesOf(migration: Migration): readonly string[] {
  return migration
    .up(pgStore.types)
    .flatMap((sql) => /^(?:CREATE TABLE|ALTER TABLE \w+ RENAME TO) (\w+)/.exec(sql)?.slice(1, 2) ?? []);
}

/** The tables that a migration renames, by their old names. */
function renamedIn(migration: Migration): readonly string[] {
  return migration
    .up(pgStore.types)
    .flatMap((sql) => /^ALTER TABLE (\w+) RENAME TO/.exec(sql)?.slice(1, 2) ?? []);
}

/** A store's tables once these migrations have run, without the record of migrations. */
export function tablesAfter(done: readonly Migration[]): readonly string[] {
  const renamed = new Set(done.flatMap(renamedIn));
  return done.flatMap(tablesOf).filter((table) => !renamed.has(table));
}

/** The tables of the store, including the record of migrations. */
export const storeTables: readonly string[] = [migrationTable, ...tablesAfter(migrations)];

/** The same with table names of earlier versions. */
export const tablesEver: readonly string[] = [migrationTable, ...migrations.flatMap(tablesOf)];
