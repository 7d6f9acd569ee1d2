import '../support/hostile-time-zone.js';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { kindOf } from './middle/outages.js';
import { contents, nothing, record, startWorker } from './store/data.js';
import { sqliteStoreFixture } from './store/knex-fixture.js';
import { storeConformance, withStoreFixture } from './store.js';

storeConformance('SQLite', sqliteStoreFixture);

describe('SQLite as a product store, as a file', () => {
  const folder = temporaryFolder();
  const filename = () => join(folder(), 'store.sqlite');

  withStoreFixture(
    () => sqliteStoreFixture(filename()),
    (fixture) => {
      it('is in conflict where another process keeps writing, and works when that has finished', async () => {
        const { apply, store } = await startWorker(fixture());
        const other = new Sqlite(filename());
        other.exec('BEGIN IMMEDIATE');
        expect(await kindOf(apply((transaction) => transaction.record([record()], [])))).toBe('conflict');
        const known = await store.readBeforeClaim([record()], { products: [], users: [] });
        expect(known.attempts.size).toBe(0);
        other.exec('COMMIT');
        other.close();
        expect(await contents(fixture())).toEqual(nothing);
        await apply((transaction) => transaction.record([record()], []));
        expect((await contents(fixture()))['sync_journal']).toHaveLength(1);
      });
    },
  );
});
