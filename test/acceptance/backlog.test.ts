import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bnetSync, configFor } from '../support/command.js';
import { column, openPair, type Pair } from '../support/databases.js';
import { hasPostgres } from '../support/postgres.js';
import { scaled } from '../support/time-factor.js';

const rows = 100_000;
const megabyte = 1024;

/** Resident set in kilobytes, or 0 when the process is gone. */
async function residentKb(pid: number | undefined): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({
    stdout: '0',
  }));
  return Number(stdout.trim());
}

describe.runIf(hasPostgres)('acceptance: a large backlog on PostgreSQL', () => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await openPair('PostgreSQL', 64);
    const opens = `INSERT INTO IF_BNET_CUST
      (StreamingNo, ProductID, BizID, AreaCode, CustID, CustAccount, CustName, OPFlag, CreateDate, State)
      SELECT n, 323002000, 'b' || n, '020', n, 'account' || n, '企业' || n, '0101', localtimestamp - interval '1 hour', 0
      FROM generate_series(1, ${rows}) AS n`;
    const attributes = `INSERT INTO IF_BNET_CUST_ATTR (CustAttrID, StreamingNo, CustID, AttrSpecID, AttrValue, State)
      SELECT n * 10 + k, n, n, 11002009001000000000 + k, 'value' || k, 0
      FROM generate_series(1, ${rows}) AS n, generate_series(1, 3) AS k`;
    const connection = { ...pair.connections.middle.connection, statement_timeout: 0 };
    const { Client } = await import('pg').then((module) => module.default);
    const client = new Client(connection);
    await client.connect();
    await client.query(opens);
    await client.query(attributes);
    await client.end();
  });
  afterEach(async () => {
    await pair.close();
  });

  it(
    `${rows} opens with 3 attributes each are drained within 300 MB`,
    { timeout: scaled(600_000) },
    async () => {
      const config = await configFor(pair, { worker: { shards: 64, leaseTtlMs: 15_000, batchSize: 500 } });
      const startedAt = Date.now();
      // As the systemd unit and the container run it: otherwise Node 24 collects later, the more memory the machine has.
      const run = bnetSync(['run', '--once', '--config', config.file], {
        NODE_OPTIONS: '--max-semi-space-size=16',
      });
      let peakKb = 0;
      const watch = setInterval(
        () => void residentKb(run.pid).then((kb) => (peakKb = Math.max(peakKb, kb))),
        200,
      );
      const ended = await run;
      clearInterval(watch);
      const seconds = (Date.now() - startedAt) / 1000;
      console.info(
        `${rows} rows in ${seconds.toFixed(1)} s, peak resident set ${Math.round(peakKb / megabyte)} MB`,
      );
      expect(ended.exitCode, ended.stderr).toBe(0);
      expect(await column(pair.middle, 'SELECT DISTINCT State FROM IF_BNET_CUST')).toEqual(['2']);
      expect(await column(pair.middle, 'SELECT DISTINCT State FROM IF_BNET_CUST_ATTR')).toEqual(['2']);
      expect(await column(pair.store, 'SELECT count(*) FROM bnet_customer_attr')).toEqual([String(3 * rows)]);
      expect(await column(pair.store, 'SELECT count(*) FROM sync_journal')).toEqual([String(rows)]);
      expect(peakKb).toBeGreaterThan(0);
      expect(peakKb).toBeLessThan(300 * megabyte);
      await config.remove();
    },
  );
});
