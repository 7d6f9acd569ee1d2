import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bnetSync, configFor } from '../support/command.js';
import { column, isAvailable, openPair, plant, type Pair } from '../support/databases.js';
import { hasPostgres } from '../support/postgres.js';
import { withPeakMemory } from '../support/resident-set.js';
import { scaled } from '../support/time-factor.js';
import { open } from '../support/sample-rows.js';
import type { Verification } from '../../src/operator/contract/verification.js';

/** What `verify --json` prints. */
interface Answer {
  readonly differences: readonly { readonly custId: string; readonly kind: string }[];
  readonly summary: { readonly ok: boolean; readonly differences: number; readonly printed: number } | null;
}

for (const kind of ['SQLite', 'Oracle'] as const) {
  describe.runIf(isAvailable(kind))(`acceptance: verify on ${kind}`, { timeout: scaled(120_000) }, () => {
    let pair: Pair;
    let config: { file: string; remove(): Promise<void> };
    beforeEach(async () => {
      pair = await openPair(kind);
      config = await configFor(pair);
      for (const custId of ['1', '2', '3'])
        await plant(pair.middle, 'CUST', { ...open, StreamingNo: custId, CustID: custId });
      expect((await bnetSync(['run', '--once', '--config', config.file])).exitCode).toBe(0);
    });
    afterEach(async () => {
      await config.remove();
      await pair.close();
    });
    const run = (...args: string[]) => bnetSync(['verify', ...args, '--config', config.file]);

    it('ends with 0 without a difference and with 1 with one, and prints nothing but JSON where asked', async () => {
      const clean = await run();
      expect([clean.exitCode, clean.stdout], clean.all).toEqual([
        0,
        expect.stringContaining('No difference.'),
      ]);
      const cleanJson = await run('--json');
      expect([cleanJson.exitCode, cleanJson.stderr]).toEqual([0, '']);
      expect(JSON.parse(cleanJson.stdout)).toMatchObject({ differences: [], summary: { ok: true, rows: 3 } });

      const corrupt = `UPDATE bnet_customer SET cust_name = '<b>' || cust_id, area_code = '1'`;
      await pair.store.execute({ sql: corrupt, bindings: [] });
      const drift = await run();
      expect(drift.exitCode).toBe(1);
      expect(drift.stdout).toContain(
        'CustID 2\n  ProductID 323002000, BizID b1: area_code is "1", should be NULL',
      );
      const driftJson = await run('--json', '--limit', '4');
      const answer = JSON.parse(driftJson.stdout) as Answer;
      expect([driftJson.exitCode, driftJson.stderr]).toEqual([1, '']);
      expect(answer.differences.map(({ custId }) => custId)).toEqual(['1', '1', '2', '2']);
      expect(answer.summary).toMatchObject({ ok: false, differences: 6, printed: 4 });
      const narrow = JSON.parse((await run('--json', '--customer', '3')).stdout) as Answer;
      expect(narrow.differences.map(({ custId }) => custId)).toEqual(['3', '3']);
    });

    it('--last shows what is on record, with the exit code of the run, and needs the product store only', async () => {
      const none = await run('--last');
      expect([none.exitCode, none.stdout]).toEqual([
        1,
        expect.stringContaining('No verification has finished.'),
      ]);
      expect(await run('--last', '--json')).toMatchObject({ exitCode: 1, stderr: '' });
      expect((await run()).stdout).toContain('Recorded in the product store');
      expect((await run('--customer', '2')).stdout).not.toContain('ecorded');
      const clean = await run('--last');
      expect([clean.exitCode, clean.stdout]).toEqual([0, expect.stringContaining('No difference.')]);
      const corrupt = `UPDATE bnet_customer SET cust_name = '<b>' || cust_id WHERE cust_id > '1'`;
      await pair.store.execute({ sql: corrupt, bindings: [] });
      expect((await run()).exitCode).toBe(1);
      const connection = { host: '127.0.0.1', port: 1, user: 'u', database: 'd' };
      const nowhere = { client: 'pg', connection } as const;
      const alone = await configFor({ connections: { ...pair.connections, middle: nowhere } });
      const last = await bnetSync(['verify', '--last', '--limit', '1', '--config', alone.file]);
      await alone.remove();
      expect([last.exitCode, last.stderr]).toEqual([1, '']);
      expect(last.stdout).toMatch(
        /^Verification of \S+Z, by \S+@\S+:\nCustID 2\n {2}ProductID .*\n3 finished rows of 3 customers compared/,
      );
      expect(last.stdout).toContain('The first 1 are printed');
      expect(last.stdout).not.toContain('CustID 3');
      const { last: found, runs } = JSON.parse((await run('--last', '--json')).stdout) as Verification;
      expect(found?.differences.map(({ custId }) => custId)).toEqual(['2', '3']);
      expect(found?.summary).toMatchObject({ differences: 2, byKind: { different: 2 } });
      expect(runs.map(({ via, state, differences }) => [via, state, differences])).toEqual([
        ['command', 'finished', 2],
        ['command', 'finished', 0],
      ]);
    });

    it.each([
      ['--customer', '2'],
      ['--product', '8'],
      ['--journal-since', '365d'],
    ])('--last cannot be narrowed by %s', async (option, value) => {
      const refused = await run('--last', option, value);
      expect([refused.exitCode, refused.stdout]).toEqual([2, '']);
      expect(refused.stderr).toContain('--last');
    });

    it('names a row that took effect too late, and the later row, and counts those that rightly did', async () => {
      const change = { ...open, OPFlag: '0102', CustID: '2' };
      for (const [StreamingNo, CustName] of [
        ['12', 'B'],
        ['11', 'A'],
      ] as const) {
        await plant(pair.middle, 'CUST', { ...change, StreamingNo, CustName });
        await plant(pair.middle, 'CUST', { ...change, CustID: '3', StreamingNo: `${StreamingNo}0` });
        expect((await bnetSync(['run', '--once', '--config', config.file])).exitCode).toBe(0);
      }
      const text = await run();
      expect(text.exitCode, text.all).toBe(1);
      expect(text.stdout).toContain(
        'CustID 2\n  IF_BNET_CUST 11: took effect after IF_BNET_CUST 12, should have before it\n',
      );
      expect(text.stdout).toContain('1 rows out of order');
      expect(text.stdout).toContain(
        'No difference: rows that took effect after a later one, 1 that change no value.',
      );
      const { differences, summary } = JSON.parse((await run('--json')).stdout) as Answer;
      expect(differences[0]).toMatchObject({
        ...{ kind: 'outOfOrder', what: 'row', custId: '2', table: 'IF_BNET_CUST', streamingNo: '11' },
        ...{ laterTable: 'IF_BNET_CUST', laterStreamingNo: '12', expected: null, found: null },
      });
      expect(summary).toMatchObject({
        byKind: { outOfOrder: 1, different: 2 },
        lateRows: { requeued: 0, waited: 0, undated: 0, sameValues: 1 },
      });
    });

    it('ends with 2 for a product that is not ours, and with 3 without a database', async () => {
      const env = { BNET_SYNC_MIDDLE__PRODUCT_IDS: `['323002000']` };
      const foreign = await bnetSync(['verify', '--product', '8', '--config', config.file], env);
      expect([foreign.exitCode, foreign.stdout]).toEqual([2, '']);
      expect(foreign.stderr).toContain('middle.productIds');
      const nowhere = {
        client: 'better-sqlite3',
        connection: { filename: '/nonexistent/s.sqlite' },
      } as const;
      const { file, remove } = await configFor({ connections: { ...pair.connections, store: nowhere } });
      const absent = await bnetSync(['verify', '--json', '--config', file]);
      expect([absent.exitCode, absent.stdout]).toEqual([3, '']);
      await remove();
    });
  });
}

/** Sessions that refuse every change. */
const readOnly = {
  BNET_SYNC_MIDDLE__CONNECTION__OPTIONS: '-c default_transaction_read_only=on',
  BNET_SYNC_STORE__CONNECTION__OPTIONS: '-c default_transaction_read_only=on',
};

const rows = Number(process.env['VERIFY_ROWS'] ?? 20_000);

describe.runIf(hasPostgres)('acceptance: verify of many rows on PostgreSQL', () => {
  let pair: Pair;
  let config: { file: string; remove(): Promise<void> };
  beforeEach(async () => {
    pair = await openPair('PostgreSQL', 64);
    config = await configFor(pair, { worker: { shards: 64, leaseTtlMs: 15_000, batchSize: 500 } });
    const play = (...args: string[]) => bnetSync([...args, '--config', config.file]);
    for (const args of [
      ['simulate', '--rows', String(rows), '--seed', '7', '--no-correct'],
      ['run', '--once'],
      ['simulate', '--rows', '0'],
      ['run', '--once'],
    ]) {
      const ended = await play(...args);
      expect(ended.exitCode, ended.all).toBe(0);
    }
  }, scaled(900_000));
  afterEach(async () => {
    await config.remove();
    await pair.close();
  });

  it(
    'a history with refusals and corrections is clean, read-only and within 250 MB',
    { timeout: scaled(600_000) },
    async () => {
      const startedAt = Date.now();
      const { ended, peakMb } = await withPeakMemory(
        bnetSync(['verify', '--json', '--config', config.file], readOnly),
      );
      const seconds = (Date.now() - startedAt) / 1000;
      console.info(`verify of ${rows} rows in ${seconds.toFixed(1)} s, peak resident set ${peakMb} MB`);
      expect(ended.exitCode, ended.all).toBe(0);
      const { summary } = JSON.parse(ended.stdout) as { summary: Record<string, unknown> };
      const finished = `SELECT (SELECT count(*) FROM IF_BNET_CUST WHERE State = 2)
                           + (SELECT count(*) FROM IF_BNET_ACCOUNT WHERE State = 2)`;
      expect(summary).toMatchObject({
        ok: true,
        recorded: false,
        rows: Number((await column(pair.middle, finished))[0]),
      });
      expect(Object.values(summary['notJudged'] as object)).toEqual([0, 0, 0, 0, 0]);
      expect(peakMb).toBeGreaterThan(0);
      expect(peakMb).toBeLessThan(250);
    },
  );
});
