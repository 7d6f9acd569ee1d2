import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findingsSchema } from '../../src/operator/contract/checks.js';
import { bnetSync, commandsOn, configFor } from '../support/command.js';
import { openOraclePair, plant, standing, statesOf, type OraclePair } from '../support/databases.js';
import { hasOracle } from '../support/test-oracle.js';
import { companyOpen as open } from '../support/sample-rows.js';
import { isAboutTestServer } from '../support/operations.js';

const longest = '123456789012345678901234567890';
const failed = {
  State: 3,
  ErrContent: '00402 业务数据内容不存在: 客户未开通该产品',
  StateDate: '2026-11-01 09:00:00',
};

describe.runIf(hasOracle)('acceptance on Oracle: operator commands', () => {
  let pair: OraclePair;
  let config: { file: string; remove(): Promise<void> };
  beforeEach(async () => {
    pair = await openOraclePair();
    config = await configFor(pair);
  });
  afterEach(async () => {
    await config.remove();
    await pair.close();
  });
  const { run, json } = commandsOn(() => config);

  it('status, failed and show print every digit and every character', async () => {
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: longest, ...failed }, [['1', '110', '属性值']]);
    expect(await json('status')).toEqual({
      tables: {
        IF_BNET_CUST: { '0': 1, '1': 0, '2': 0, '3': 1 },
        IF_BNET_ACCOUNT: { '0': 0, '1': 0, '2': 0, '3': 0 },
      },
      oldestPendingSeconds: expect.any(Number) as number,
      workers: [],
      alarms: [],
      deferred: { rows: 0, customers: 0, byStage: [], oldest: [], oldestSeconds: null },
    });
    expect(await json('failed', '--code', '00402', '--since', '2026-11-01')).toEqual([
      {
        table: 'IF_BNET_CUST',
        streamingNo: longest,
        opFlag: '0101',
        ...{ productId: '323002000', custId: '990947809', bizId: 'b1', userId: null },
        code: '00402',
        errContent: failed.ErrContent,
        createDate: '2026-11-01 08:00:00',
        stateDate: '2026-11-01 09:00:00',
      },
    ]);
    const shown = await run('show', 'cust', longest);
    expect(shown.exitCode, shown.all).toBe(0);
    for (const text of [longest, open.CustName, failed.ErrContent, '3 处理失败', '110 = 属性值'])
      expect(shown.stdout).toContain(text);
    expect((await run('show', 'account', longest)).exitCode).toBe(1);
  });

  it('a failed row that is requeued after its correction is applied by the next run, as preview foretells', async () => {
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', CustName: null });
    await run('run', '--once');
    expect(await json('failed')).toMatchObject([{ streamingNo: '1', code: '00401' }]);
    await pair.middle.execute({ sql: `UPDATE IF_BNET_CUST SET CustName = '企业'`, bindings: [] });
    expect(await json('preview')).toEqual([]);
    expect((await run('requeue', 'CUST', '1', '--dry-run')).exitCode).toBe(0);
    expect(await statesOf(pair.middle)).toEqual({ 3: 1 });

    const answer = await run('requeue', 'if_bnet_cust', '0001', '3');
    expect([answer.exitCode, answer.stdout.split('\n')]).toEqual([
      1,
      [
        'IF_BNET_CUST 1: put back to State 0',
        'IF_BNET_CUST 3: left alone, there is no such row',
        '1 put back, 1 left alone.',
      ],
    ]);
    expect((await standing(pair.middle)).get('CUST:1')).toMatchObject({ state: 0, errContent: null });
    expect(await json('preview')).toMatchObject([{ streamingNo: '1', outcome: 'applied' }]);
    await run('run', '--once');
    expect(await statesOf(pair.middle)).toEqual({ 2: 1 });
  });

  it('doctor has findings in every area, and a ready statement for what is missing', async () => {
    const healthy = await run('doctor');
    expect(healthy.exitCode, healthy.all).toBe(0);
    await pair.middle.execute({ sql: 'DROP INDEX if_bnet_cust_poll', bindings: [] });
    const findings = findingsSchema.parse(await json('doctor'));
    expect([...new Set(findings.map(({ area }) => area))]).toEqual([
      ...['middle database', 'server', 'tables', 'privileges', 'indexes', 'clock', 'rows'],
      ...['product store', 'migrations', 'workers', 'deferred'],
    ]);
    const problems = findings
      .filter((finding) => !isAboutTestServer(finding))
      .filter(({ area, level }) => level !== 'ok' && !/clock|workers/.test(area));
    expect(problems).toMatchObject([
      {
        area: 'indexes',
        level: 'warning',
        whatToDo: expect.stringMatching(
          /^CREATE INDEX if_bnet_cust_poll ON IF_BNET_CUST \(State, CreateDate, StreamingNo\) ONLINE /,
        ) as string,
      },
    ]);
  });

  it('ends with 3 and the driver’s words where nobody listens', async () => {
    const { connection } = pair.connections.middle;
    const nowhere = { ...connection, connectString: '127.0.0.1:1/MIDDLE' };
    const { file, remove } = await configFor({
      connections: { ...pair.connections, middle: { client: 'oracledb', connection: nowhere } },
    });
    for (const command of ['doctor', 'failed', 'status']) {
      const answer = await bnetSync([command, '--config', file]);
      expect([command, answer.exitCode]).toEqual([command, 3]);
      expect(answer.all).toContain('NJS-');
      expect(answer.all).not.toContain(pair.oracle.connection.password);
    }
    await remove();
  });
});
