import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bnetSync, commandsOn, configFor } from '../support/command.js';
import { openPair, plant, standing, statesOf, type Pair } from '../support/databases.js';
import type { ConnectionSetting } from '../support/middle-databases.js';
import { companyOpen as open } from '../support/sample-rows.js';

const longest = '123456789012345678901234567890';
const failed = {
  State: 3,
  ErrContent: '00402 业务数据内容不存在: 客户未开通该产品',
  StateDate: '2026-11-01 09:00:00',
};

const missingFile: ConnectionSetting = {
  client: 'better-sqlite3',
  connection: { filename: '/nonexistent/store.sqlite' },
};

describe('acceptance: operator commands on SQLite', () => {
  let pair: Pair;
  let config: { file: string; remove(): Promise<void> };
  beforeEach(async () => {
    pair = await openPair('SQLite');
    config = await configFor(pair);
  });
  afterEach(async () => {
    await config.remove();
    await pair.close();
  });
  const { run, json } = commandsOn(() => config);

  it('status --json has the counts as numbers, the oldest pending row and the workers', async () => {
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', ...failed });
    expect(await json('status')).toEqual({
      tables: {
        IF_BNET_CUST: { '0': 1, '1': 0, '2': 0, '3': 1 },
        IF_BNET_ACCOUNT: { '0': 0, '1': 0, '2': 0, '3': 0 },
      },
      oldestPendingSeconds: expect.any(Number) as number,
      workers: [],
      alarms: [],
      deferred: { rows: 0, customers: 0, oldestSeconds: null, byStage: [], oldest: [] },
    });
    const text = await run('status');
    expect(text.exitCode).toBe(0);
    expect(text.stdout).toContain('IF_BNET_ACCOUNT');
    expect(text.stdout).toContain('No worker is running.');
  });

  it('failed --json is an array of rows with every number of 30 digits whole', async () => {
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: longest, ...failed });
    await plant(pair.middle, 'CUST', {
      ...open,
      StreamingNo: '2',
      ...failed,
      ErrContent: '00403 数据格式不正确',
    });
    expect(await json('failed', '--code', '00402', '--limit', '10', '--since', '2026-11-01')).toEqual([
      {
        table: 'IF_BNET_CUST',
        streamingNo: longest,
        opFlag: '0101',
        productId: '323002000',
        custId: '990947809',
        bizId: 'b1',
        userId: null,
        code: '00402',
        errContent: failed.ErrContent,
        createDate: '2026-11-01 08:00:00',
        stateDate: '2026-11-01 09:00:00',
      },
    ]);
    expect(await json('failed', '--product', '8')).toEqual([]);
    expect((await run('failed')).stdout).toContain(longest);
  });

  it('failed goes on without the product store', async () => {
    const alone: Pair = { ...pair, connections: { ...pair.connections, store: missingFile } };
    const { file, remove } = await configFor(alone);
    const answer = await bnetSync(['failed', '--json', '--config', file]);
    expect([answer.exitCode, answer.stdout]).toEqual([0, '[]']);
    await remove();
  });

  it('show prints Chinese texts whole, and ends with 1 for a row that is not there', async () => {
    const CustName = '杭州某某科技有限公司'.repeat(10);
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: longest, ...failed, CustName }, [
      ['1', '110', '属性值'],
    ]);
    const answer = await run('show', 'cust', longest);
    expect(answer.exitCode).toBe(0);
    for (const text of [longest, CustName, failed.ErrContent, '3 处理失败', '110 = 属性值']) {
      expect(answer.stdout).toContain(text);
    }
    const absent = await run('show', 'IF_BNET_ACCOUNT', longest, '--json');
    expect(absent.exitCode).toBe(1);
    expect(JSON.parse(absent.stdout)).toMatchObject({
      table: 'IF_BNET_ACCOUNT',
      streamingNo: longest,
      rows: [],
    });
  });

  it('requeue says which rows it moved and which not and why, and ends with 1 where one was not', async () => {
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', ...failed });
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', State: 2 });
    const trial = await run('requeue', 'CUST', '1', '--dry-run');
    expect([trial.exitCode, (await statesOf(pair.middle))[3]]).toEqual([0, 1]);

    const answer = await run('requeue', 'if_bnet_cust', '0001', '2', '3');
    expect(answer.exitCode).toBe(1);
    expect(answer.stdout.split('\n')).toEqual([
      'IF_BNET_CUST 1: put back to State 0',
      'IF_BNET_CUST 2: left alone, it is in State 2 处理成功',
      'IF_BNET_CUST 3: left alone, there is no such row',
      '1 put back, 2 left alone.',
    ]);
    expect((await standing(pair.middle)).get('CUST:1')).toMatchObject({ state: 0, errContent: null });
    expect(await json('requeue', 'CUST', '1')).toEqual({
      dryRun: false,
      action: null,
      requeued: [],
      notRequeued: [{ table: 'IF_BNET_CUST', streamingNo: '1', reason: 'not failed', state: 0 }],
    });
  });

  it('pause warns of a product that no customer has', async () => {
    const { stdout, stderr } = await run('pause', '--product', '32300200');
    expect(stdout).toBe('ProductID 32300200: paused.');
    expect(stderr).toBe(
      'warning: no customer of ProductID 32300200 is in the product store: see that the number is right',
    );
  });

  it('a failed row that is requeued after its correction is applied by the next run', async () => {
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', CustName: null });
    await run('run', '--once');
    expect(await json('failed')).toMatchObject([{ streamingNo: '1', code: '00401' }]);
    await pair.middle.execute({ sql: `UPDATE IF_BNET_CUST SET CustName = '企业'`, bindings: [] });
    expect(await json('preview')).toMatchObject([]);
    expect((await run('requeue', 'CUST', '1')).exitCode).toBe(0);
    expect(await json('preview')).toMatchObject([{ streamingNo: '1', outcome: 'applied' }]);
    await run('run', '--once');
    expect(await statesOf(pair.middle)).toEqual({ 2: 1 });
  });

  it('doctor is fine with trial databases, and ends with 1 and a ready statement where there is a fault', async () => {
    const healthy = await run('doctor');
    expect(healthy.exitCode, healthy.all).toBe(0);
    await pair.middle.execute({ sql: 'DROP INDEX if_bnet_cust_poll', bindings: [] });
    await pair.middle.execute({ sql: 'ALTER TABLE IF_BNET_CUST DROP COLUMN Remark', bindings: [] });
    const ill = await run('doctor', '--json');
    expect(ill.exitCode).toBe(1);
    expect(JSON.parse(ill.stdout)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          area: 'tables',
          level: 'error',
          finding: 'IF_BNET_CUST.Remark is missing',
        }),
        expect.objectContaining({
          area: 'indexes',
          level: 'warning',
          whatToDo:
            'CREATE INDEX if_bnet_cust_poll ON IF_BNET_CUST (State, CreateDate, length(StreamingNo), StreamingNo);',
        }),
      ]),
    );
  });

  it('migrate does nothing the second time, and refuses another number of shards', async () => {
    expect(await json('migrate')).toEqual({ migrations: [], origin: 'recorded' });
    expect(await json('migrate')).toEqual({ migrations: [], origin: 'present' });
    const { file, remove } = await configFor(pair, { worker: { shards: 16 } });
    const other = await bnetSync(['migrate', '--config', file]);
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toContain('set worker.shards to 8');
    await remove();
  });

  it('init-middle names the tables that are there already, and ends with 1', async () => {
    const again = await run('init-middle');
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toContain('IF_BNET_CUST_ATTR');
  });

  it('a reader that has seen enough is no failure', async () => {
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', ...failed });
    const listing = bnetSync(['failed', '--config', config.file]);
    listing.stdout.destroy();
    expect((await listing).exitCode).toBe(0);
  });
});

describe('acceptance: from nothing to an applied row', () => {
  it('init-middle, migrate, run and status on files that they make', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-new-'));
    const file = join(folder, 'bnet-sync.yaml');
    await writeFile(
      file,
      'middle: { client: better-sqlite3, connection: middle.sqlite }\n' +
        'store: { client: better-sqlite3, connection: store.sqlite }\n',
    );
    const env = { BNET_SYNC_CONFIG: file };
    expect((await bnetSync(['status'], env)).exitCode).toBe(3);
    expect((await bnetSync(['init-middle'], env)).exitCode).toBe(0);
    const withoutStore = await bnetSync(['status'], env);
    expect([withoutStore.exitCode, withoutStore.stderr]).toEqual([
      3,
      expect.stringContaining('"bnet-sync migrate"'),
    ]);
    expect(JSON.parse((await bnetSync(['migrate', '--json'], env)).stdout)).toEqual({
      migrations: [
        ...['0001_initial', '0002_several_workers', '0003_operators', '0004_guard', '0005_isolation'],
        ...['0006_intents', '0007_replication', '0008_versions', '0009_crashes', '0010_shared_settings'],
        ...['0011_journal_upkeep', '0012_verifications'],
      ],
      origin: 'recorded',
    });
    expect((await bnetSync(['run', '--once'], env)).exitCode).toBe(0);
    expect((await bnetSync(['doctor'], env)).exitCode).toBe(0);
    await rm(folder, { recursive: true });
  });
});

describe('acceptance: wrong usage', () => {
  it('ends with 2, an explanation on stderr, and nothing on stdout', async () => {
    for (const args of [['status'], ['show', 'IF_BNET_CUST', '12a'], ['nonsense']]) {
      const answer = await bnetSync(args);
      expect([args, answer.exitCode, answer.stdout]).toEqual([args, 2, '']);
      expect(answer.stderr).not.toBe('');
      expect(answer.stderr).not.toContain('    at ');
    }
  });

  it('simulate never writes to an Oracle database: exit 2, without connecting to it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-config-'));
    const file = join(folder, 'bnet-sync.yaml');
    await writeFile(
      file,
      'middle: { client: oracledb, connection: u/top-secret@127.0.0.1:1/ismp }\n' +
        'store: { client: better-sqlite3, connection: store.sqlite }\n',
    );
    const answer = await bnetSync(['simulate', '--config', file]);
    expect([answer.exitCode, answer.stdout, answer.stderr]).toEqual([
      2,
      '',
      'bnet-sync: middle.client: must be pg or better-sqlite3 here: made-up rows are never written to an Oracle database',
    ]);
    await rm(folder, { recursive: true });
  });

  it('every fault of a configuration is told in one run, without secrets', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-config-'));
    const file = join(folder, 'bnet-sync.yaml');
    await writeFile(
      file,
      'middle: { client: pg, connection: { password: top-secret }, bogus: 1 }\nstore: { client: mysql }\nworker: { shards: 0 }\n',
    );
    const answer = await bnetSync(['status', '--config', file]);
    expect(answer.exitCode).toBe(2);
    for (const path of ['middle.bogus', 'store.client', 'store.connection', 'worker.shards']) {
      expect(answer.stderr).toContain(path);
    }
    expect(answer.stderr).not.toContain('top-secret');
    await rm(folder, { recursive: true });
  });
});
