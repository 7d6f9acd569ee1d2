import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { execa } from 'execa';
import { commandsOn, configFor } from '../support/command.js';
import { isAvailable, openPair, type Pair } from '../support/databases.js';

const rows = 6000;
const dist = new URL('../../dist/', import.meta.url).href;

/** What `journal purge --gone` does, with parts of 1,000 rows. Once it has looked up so many, it stands still. */
const purging = (file: string, looked: number): string => `
  const { loadConfig } = await import('${dist}config/load.js');
  const { openDatabases } = await import('${dist}app/open-databases.js');
  const { createOperator } = await import('${dist}app/create-operator.js');
  const config = await loadConfig({ file: ${JSON.stringify(file)}, env: {}, cwd: process.cwd(), onNote: () => undefined });
  const operator = createOperator(config, await openDatabases(config, { applicationName: 'purge' }));
  await operator.purgeJournal({ name: 'li', via: 'command' }, {
    olderThanMs: 400 * 86400000, gone: true, dryRun: false, setsOfPart: 2,
    onStep: ({ looked }) => {
      if (looked < ${looked}) return;
      process.stdout.write('far enough\\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    },
  });`;

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(`acceptance: a purge of what is gone, on ${kind}`, () => {
    let pair: Pair;
    let config: { file: string; remove(): Promise<void> };
    beforeEach(async () => {
      pair = await openPair(kind);
      config = await configFor(pair);
      await plantJournal();
    });
    afterEach(async () => {
      await config.remove();
      await pair.close();
    });
    const { run, json } = commandsOn(() => config);
    const plain = { bindings: [] };

    const isSqlite = kind === 'SQLite';
    const number = isSqlite ? 'CAST(i AS TEXT)' : 'i';
    const product = isSqlite ? `'1'` : '1';
    const counting = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})`;

    /** Old entries of the rows whose numbers `from` yields as i. */
    async function plantEntries(from: string, before = ''): Promise<void> {
      const decided = isSqlite ? `'2020-01-01T00:00:00.000Z'` : `timestamptz '2020-01-01 00:00:00+00'`;
      await pair.store.execute({
        ...plain,
        sql: `${before} INSERT INTO sync_journal (source, streaming_no, attempt, superseded, op_flag, product_id, cust_id,
                biz_id, outcome, digest, worker, decided_at)
              SELECT 'CUST', ${number}, '2020-01-01 00:00:00', ${isSqlite ? '0' : 'false'}, '0101', ${product}, ${number},
                'b', 'applied', 'd', 'w', ${decided} FROM (SELECT ${from}) AS numbers`,
      });
    }

    /** Old entries of rows of which every second one is still there. */
    async function plantJournal(): Promise<void> {
      await plantEntries('i FROM n', counting);
      await pair.middle.execute({
        ...plain,
        sql: `${counting}
              INSERT INTO IF_BNET_CUST (StreamingNo, CustID, ProductID, BizID, OPFlag, CreateDate, State)
              SELECT ${number}, ${number}, ${product}, 'b', '0101', '2020-01-01 00:00:00', 2 FROM n WHERE i % 2 = 0`,
      });
    }

    const left = async (): Promise<number> => {
      const { rows: found } = await pair.store.execute({
        ...plain,
        sql: 'SELECT count(*) AS left FROM sync_journal',
      });
      return Number(found[0]?.['left']);
    };
    const purge = ['journal', 'purge', '--older-than', '400d', '--gone'] as const;

    it('goes on after a kill with the same command, and begins anew after that', async () => {
      const killed = execa(process.execPath, ['--input-type=module', '-e', purging(config.file, 4500)], {
        reject: false,
        stderr: 'inherit',
      });
      await new Promise<void>((resolve, reject) => {
        killed.stdout.once('data', () => resolve());
        void killed.then(() => reject(new Error('it ended by itself')));
      }).finally(() => killed.kill('SIGKILL'));
      const gone = (await left()) - rows / 2;
      expect(gone).toBeGreaterThan(500);
      // A row before all others, which only a purge from the start comes to.
      await plantEntries('0 AS i');
      const dry = (await json(...purge, '--dry-run')) as { continues: string; after: string };
      expect(dry).toMatchObject({ dryRun: true, ended: true, gone: { rows: gone } });
      const { continues, after } = dry;
      expect(after).toMatch(/^IF_BNET_CUST \d+$/);
      const again = await run(...purge);
      expect(again.stdout).toContain(`Went on with action ${continues}, after ${after}`);
      expect(again.stdout).toContain(`left the middle database: ${gone} with ${gone} entries deleted.`);
      expect(await left()).toBe(rows / 2 + 1);
      // Four parts of 1,000 rows, the one that was killed, and the rest.
      const recorded = (await json('audit')) as { status: string }[];
      expect(recorded.map(({ status }) => status)).toEqual(['done', 'open', 'done', 'done', 'done', 'done']);
      expect(await json(...purge)).toMatchObject({ continues: null, gone: { rows: 1 } });
    });

    it('begins with the first row where it is told to', async () => {
      await pair.store.execute({
        ...plain,
        sql: `INSERT INTO sync_audit (at, who, via, action, what, phase)
              SELECT ${pair.store.dialect.now}, 'li', 'command', 'journal-purge',
                '{"gone":true,"olderThanMs":34560000000,"productIds":[],"after":"IF_BNET_CUST 5999"}', 'intent'`,
      });
      expect(await json(...purge, '--dry-run')).toMatchObject({ after: 'IF_BNET_CUST 5999' });
      expect(await json(...purge, '--from-start')).toMatchObject({
        ...{ continues: null, after: null },
        gone: { rows: rows / 2, entries: rows / 2 },
      });
      const misplaced = await run('journal', 'purge', '--older-than', '400d', '--from-start');
      expect([misplaced.exitCode, misplaced.stderr]).toEqual([2, expect.stringContaining('only for --gone')]);
    });
  });
}
