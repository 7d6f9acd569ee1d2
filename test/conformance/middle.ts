import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import type { RowKey } from '../../src/domain/keys.js';
import type { MiddleDatabase } from '../../src/middle/port.js';
import type { FinishedRows, BoundedQueries } from '../../src/middle/admin-port.js';
import { attributeRules } from './middle/attributes.js';
import { claimRules } from './middle/claim.js';
import { contentRules } from './middle/content.js';
import { manyAttributesRules } from './middle/many-attributes.js';
import { markRules } from './middle/mark.js';
import { openRowsRules } from './middle/open-rows.js';
import { orderRules } from './middle/order.js';
import { outageRules } from './middle/outages.js';
import { productRules } from './middle/products.js';
import { pausedRules } from './middle/paused.js';
import type { PlantedColumns, PlantedRow, StandingRow } from './middle/rows.js';
import { failedListRules } from './middle/search-failed.js';
import { lookingAboutRules } from './middle/search-rows.js';
import { selectionRules } from './middle/selection.js';
import { settleRules } from './middle/settle.js';
import { shardRules } from './middle/shards.js';
import { duplicateRules } from './middle/duplicates.js';
import { waitingRules } from './middle/waiting.js';

/** Settings of an adapter under test. */
export interface MiddleSettings {
  readonly productIds?: readonly string[];
  readonly markAttributes?: boolean;
  readonly maxAttributes?: number;
}

/**
 * A middle database made for a suite, seen from the platform's side: rows are planted, changed and read back past the
 * adapter under test, over connections of the fixture's own. Whatever is to stand behind the worker's port brings one of
 * these.
 */
export interface WorkerFixture {
  /** Opens the adapter under test, with connections of its own. The fixture closes it. */
  open(settings?: MiddleSettings): MiddleDatabase;
  /** Opens an adapter whose server is not there. */
  openUnreachable(): MiddleDatabase;
  /** Opens an adapter on a database without the interface tables. */
  openWithoutTables(): MiddleDatabase;
  /** How many statements the adapters opened here send while `work` runs, BEGIN and COMMIT included. */
  statementsDuring(work: () => Promise<unknown>): Promise<number>;
  /** The database's clock, `YYYY-MM-DD HH:MM:SS`. */
  now(): Promise<string>;
  plant(rows: readonly PlantedRow[]): Promise<void>;
  /** Changes columns of every row with this key, as the platform does. */
  change(key: RowKey, columns: PlantedColumns): Promise<void>;
  /** Deletes every row with this key, without its attributes. */
  remove(key: RowKey): Promise<void>;
  /** All rows with all their columns and attributes: customers first, by StreamingNo. */
  rows(): Promise<readonly StandingRow[]>;
  /** Closes the adapters opened so far and empties the tables. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** The same for a database that operators work with as well. */
export interface MiddleFixture extends WorkerFixture {
  /** Opens the search of the adapter under test as `open` does. */
  openSearch(settings?: MiddleSettings): BoundedQueries;
  /** The same for the port FinishedRows. */
  finished(settings?: MiddleSettings): FinishedRows;
  /** Takes away the primary keys of the main tables, for good: real tables may have none. */
  dropKeys(): Promise<void>;
  /** Takes away the indexes of the poll, for good: an index stands in order, whether the statement asks for one or not. */
  dropPollIndexes(): Promise<void>;
}

/** The fixture of the running test. */
export type Fixture<F extends WorkerFixture = WorkerFixture> = () => F;

/** The rules of the port MiddleDatabase: what passes them may stand behind it. */
export function workerRules(fixture: Fixture): void {
  orderRules(fixture);
  settleRules(fixture);
  selectionRules(fixture);
  waitingRules(fixture);
  pausedRules(fixture);
  shardRules(fixture);
  claimRules(fixture);
  contentRules(fixture);
  attributeRules(fixture);
  manyAttributesRules(fixture);
  markRules(fixture);
  productRules(fixture);
  openRowsRules(fixture);
  outageRules(fixture);
}

/** The rules of a middle database for workers and operators. */
export function middleConformance(name: string, open: () => Promise<MiddleFixture>): void {
  describe(`${name} as a middle database`, () => {
    withFixture(open, (fixture) => {
      workerRules(fixture);
      failedListRules(fixture);
      lookingAboutRules(fixture);
    });
  });

  describe(`${name} as a middle database without the indexes of the poll`, () => {
    const openWithoutIndexes = async () => {
      const fixture = await open();
      await fixture.dropPollIndexes();
      return fixture;
    };
    withFixture(openWithoutIndexes, (fixture) => {
      orderRules(fixture);
      settleRules(fixture);
      selectionRules(fixture);
    });
  });

  describe(`${name} as a middle database without keys`, () => {
    const openWithoutKeys = async () => {
      const fixture = await open();
      await fixture.dropKeys();
      return fixture;
    };
    withFixture(openWithoutKeys, duplicateRules);
  });
}

/** Opens one fixture for a group of tests; each of them begins with empty tables. */
export function withFixture<F extends WorkerFixture>(
  open: () => Promise<F>,
  rules: (fixture: Fixture<F>) => void,
): void {
  let opened: F | undefined;
  beforeAll(async () => {
    opened = await open();
  });
  beforeEach(() => opened?.clear());
  afterAll(() => opened?.close());
  rules(() => opened!);
}
