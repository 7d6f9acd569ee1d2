import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import type { ProductStore } from '../../src/store/port.js';
import type { GuardRecords, StoreRecords } from '../../src/store/admin-port.js';
import type { VerificationRecords } from '../../src/store/verification-port.js';
import { activityRules } from './store/activity.js';
import { sharedSettingsRules } from './store/shared-settings.js';
import { applyRules } from './store/apply.js';
import { auditRules } from './store/audit.js';
import { customerRecordRules } from './store/customer-records.js';
import type { otherTables, productTables } from './store/data.js';
import { deferralRecordRules, deferralRules } from './store/deferrals.js';
import { fenceRules } from './store/fence.js';
import { readBeforeClaimRules } from './store/read-before-claim.js';
import { acceptanceRules, guardRules } from './store/guard.js';
import { journalRules } from './store/journal.js';
import { leaseRules, setupRules } from './store/leases.js';
import { nestedRules } from './store/nested.js';
import { storeOutageRules, unreachableRules } from './store/outages.js';
import { pauseRules } from './store/pauses.js';
import { purgeRules } from './store/purge.js';
import { sharingRules } from './store/sharing.js';
import { snapshotRules } from './store/snapshot.js';
import { crashLogRules } from './store/crash-log.js';
import { verificationRules } from './store/verifications.js';
import { writeRules } from './store/write.js';

/** Settings of a store under test. */
export interface StoreSettings {
  readonly leaseTtlMs?: number;
  readonly callTimeoutMs?: number;
  readonly serverTimeoutMs?: number;
}

/** A table's row, every value as text. */
export type TextRow = Readonly<Record<string, string | null>>;

/** A shard's lease as it stands. */
export interface StandingLease {
  readonly shard: number;
  readonly owner: string | null;
  readonly term: number;
  /** How long it still holds by the store's clock; null where nobody has it. */
  readonly remainingMs: number | null;
}

/** Values of columns, by their names. */
export type Values = Readonly<Record<string, string | number | boolean | null>>;

/** Tables that are changed past the store under test. */
export type ChangedTable = 'sync_shard' | 'sync_journal' | 'sync_worker';

/**
 * A product store made for a suite, with eight shards, as far as workers go. What stands in it is read, and leases are let
 * run out or taken away, past the store under test.
 */
export interface WorkerStoreFixture {
  /** Opens a store, with connections of its own. The fixture closes it. */
  open(settings?: StoreSettings): ProductStore;
  openUnreachable(): ProductStore;
  /** What operators do that workers learn of, over one connection of its own. The fixture closes it. */
  readonly records: Pick<StoreRecords, 'pauses' | 'pause' | 'resume' | 'deferrals' | 'retry'>;
  readonly guard: Pick<GuardRecords, 'accept' | 'openAlarms' | 'origins'>;
  /** How many statements the stores opened here, and the records, send while `work` runs, BEGIN and COMMIT included. */
  statementsDuring(work: () => Promise<unknown>): Promise<number>;
  rows(
    table: (typeof productTables)[number] | (typeof otherTables)[number] | 'sync_shard',
  ): Promise<readonly TextRow[]>;
  leases(): Promise<readonly StandingLease[]>;
  /** Changes all rows of a table, or those that have these values. */
  update(table: ChangedTable, values: Values, where?: Values): Promise<void>;
  /** Deletes all rows of a table, or those that have these values. */
  remove(table: ChangedTable, where?: Values): Promise<void>;
  /** Moves a time in a table by so many milliseconds, `expires_at` of `sync_shard` for one; in all rows, or in some. */
  shift(table: string, column: string, milliseconds: number, where?: Values): Promise<void>;
  /** The store's clock, ISO 8601, UTC. */
  now(): Promise<string>;
  /** Closes the stores opened so far and empties the tables; all shards are free, with term 0. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** A product store in a database, migrated. */
export interface StoreFixture extends WorkerStoreFixture {
  /** Opens a store on a database that was never migrated. */
  openEmpty(): ProductStore;
  readonly records: StoreRecords;
  readonly guard: GuardRecords;
  readonly verifications: VerificationRecords;
  /** Runs a statement; both kinds of database understand it. */
  run(sql: string, bindings?: readonly unknown[]): Promise<void>;
}

/** The fixture of the running test. */
export type Fixture = () => StoreFixture;

/** The same, where what workers do is all that is tested. */
export type WorkerFixture = () => WorkerStoreFixture;

/** The rules of the port ProductStore, leases included: what passes them may stand behind it. */
export function workerRules(fixture: WorkerFixture): void {
  applyRules(fixture);
  journalRules(fixture);
  readBeforeClaimRules(fixture);
  snapshotRules(fixture);
  writeRules(fixture);
  leaseRules(fixture);
  sharingRules(fixture);
  sharedSettingsRules(fixture);
  deferralRules(fixture);
  crashLogRules(fixture);
  fenceRules(fixture);
  guardRules(fixture);
  pauseRules(fixture);
  unreachableRules(fixture);
}

/** The rules of a product store in a database: the port, and what operators do and see. */
export function storeConformance(name: string, open: () => Promise<StoreFixture>): void {
  describe(`${name} as a product store`, () => {
    withStoreFixture(open, (fixture) => {
      workerRules(fixture);
      nestedRules(fixture);
      setupRules(fixture);
      deferralRecordRules(fixture);
      acceptanceRules(fixture);
      activityRules(fixture);
      auditRules(fixture);
      customerRecordRules(fixture);
      purgeRules(fixture);
      verificationRules(fixture);
      storeOutageRules(fixture);
    });
  });
}

/** Opens one fixture for a group of tests; each of them begins with empty tables and free shards. */
export function withStoreFixture<T extends WorkerStoreFixture>(
  open: () => Promise<T>,
  rules: (fixture: () => T) => void,
): void {
  let opened: T | undefined;
  beforeAll(async () => {
    opened = await open();
  });
  beforeEach(() => opened?.clear());
  afterAll(() => opened?.close());
  rules(() => opened!);
}
