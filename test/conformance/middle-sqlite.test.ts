import '../support/hostile-time-zone.js';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { State } from '../../src/domain/states.js';
import { ExplainingDatabase } from '../support/observed-database.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { adapterOver, sqliteMiddleFixture, testOptions } from './middle/knex-fixture.js';
import { kindOf } from './middle/outages.js';
import { planRules } from './middle/plans.js';
import { cust, everything, requestFor } from './middle/rows.js';
import { strangeDateRules } from './middle/strange-dates.js';
import { middleConformance, withFixture } from './middle.js';

middleConformance('SQLite', sqliteMiddleFixture);

describe('SQLite as a middle database, with dates that are none', () => {
  withFixture(sqliteMiddleFixture, (fixture) => {
    const dates = [
      '',
      'yesterday',
      '2026-01-02',
      '2026-01-02T03:04:05',
      '2026-01-02 03:04:05.123456',
      '2026-13-02 03:04:05',
      '2026-1-2 3:4:5',
    ];
    strangeDateRules(fixture, dates, async (stateDate) => {
      await fixture().change({ source: 'CUST', streamingNo: '1' }, { stateDate });
      await fixture().change({ source: 'ACCOUNT', streamingNo: '2' }, { stateDate });
    });
  });
});

describe('SQLite as a middle database, as a file', () => {
  const folder = temporaryFolder();
  const filename = () => join(folder(), 'middle.sqlite');

  withFixture(
    () => sqliteMiddleFixture(filename()),
    (fixture) => {
      planRules(fixture, {
        explaining: () => {
          const database = new ExplainingDatabase({
            ...testOptions,
            client: 'better-sqlite3',
            connection: { filename: filename() },
          });
          return { middle: adapterOver(database), plans: database.plans };
        },
        analyze: async () => {
          const file = new Sqlite(filename());
          file.exec('ANALYZE');
          file.close();
        },
        byKey: /StreamingNo=\?/,
      });

      it('is in conflict where another process keeps writing, and works when that has finished', async () => {
        await fixture().plant([cust('1')]);
        const middle = fixture().open();
        const other = new Sqlite(filename());
        other.exec(`BEGIN IMMEDIATE; UPDATE IF_BNET_CUST SET Remark = 'unfinished'`);
        expect(await kindOf(middle.claim([requestFor(cust('1'))]))).toBe('conflict');
        await expect(middle.poll(everything())).resolves.toMatchObject({ rows: [{ state: State.Initial }] });
        other.exec('COMMIT');
        other.close();
        await expect(middle.claim([requestFor(cust('1'))])).resolves.toMatchObject({ claimed: 1 });
      });
    },
  );

  it('is unreachable where the file is no database', async () => {
    const nonsense = join(folder(), 'nonsense.sqlite');
    await writeFile(nonsense, 'this is no database, however long one looks at it\n'.repeat(100));
    const connection = { client: 'better-sqlite3', connection: { filename: nonsense } } as const;
    const middle = adapterOver(new Database({ ...testOptions, ...connection }));
    expect(await kindOf(middle.poll(everything()))).toBe('unreachable');
    await middle.close();
  });
});
