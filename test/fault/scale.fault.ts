import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bnetSync, configFor } from '../support/command.js';
import { column, openPair, type Pair } from '../support/databases.js';
import { hasPostgres } from '../support/postgres.js';
import { scaled } from '../support/time-factor.js';

const rows = 40_000;

/** Opens with three attributes each, an hour old. */
const loads = [
  `INSERT INTO IF_BNET_CUST
     (StreamingNo, ProductID, BizID, AreaCode, CustID, CustAccount, CustName, OPFlag, CreateDate, State)
   SELECT n, 323002000, 'b' || n, '020', n, 'account' || n, '企业' || n, '0101', localtimestamp - interval '1 hour', 0
   FROM generate_series(1, ${rows}) AS n`,
  `INSERT INTO IF_BNET_CUST_ATTR (CustAttrID, StreamingNo, CustID, AttrSpecID, AttrValue, State)
   SELECT n * 10 + k, n, n, 11002009001000000000 + k, 'value' || k, 0
   FROM generate_series(1, ${rows}) AS n, generate_series(1, 3) AS k`,
];

/** What one worker claimed: the log tells it page by page. */
function claimedBy(log: string): number {
  return [...log.matchAll(/"claimed":(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

describe.runIf(hasPostgres)('several workers drain one backlog', () => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await openPair('PostgreSQL', 64);
    for (const sql of loads) await pair.middle.execute({ sql, bindings: [] });
  }, scaled(120_000));
  afterEach(async () => {
    await pair.close();
  });

  it.each([1, 2, 4])('%i of them claim no row twice', { timeout: scaled(300_000) }, async (count) => {
    const config = await configFor(pair, {
      worker: { shards: 64, leaseTtlMs: scaled(3000), batchSize: 500 },
    });
    const env = { BNET_SYNC_LOG__LEVEL: 'debug' };
    const startedAt = Date.now();
    const ended = await Promise.all(
      Array.from({ length: count }, () => bnetSync(['run', '--once', '--config', config.file], env)),
    );
    const seconds = (Date.now() - startedAt) / 1000;
    const claimed = ended.map(({ stdout }) => claimedBy(stdout));
    console.info(
      `${count} workers: ${Math.round(rows / seconds)} rows/s, rows claimed by each: ${claimed.join(', ')}`,
    );
    for (const { exitCode, stderr } of ended) expect(exitCode, stderr).toBe(0);
    expect(claimed.reduce((sum, each) => sum + each, 0)).toBe(rows);
    expect(await column(pair.middle, 'SELECT DISTINCT State FROM IF_BNET_CUST')).toEqual(['2']);
    expect(await column(pair.store, 'SELECT count(*) FROM sync_journal')).toEqual([String(rows)]);
    await config.remove();
  });
});
