import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as rows from '../../src/operator/contract/rows.js';
import * as state from '../../src/operator/contract/state.js';
import { hashPassword } from '../../src/http/password.js';
import { configFor, listening } from '../support/command.js';
import { openOraclePair, plant, standing, type OraclePair } from '../support/databases.js';
import { hasOracle } from '../support/test-oracle.js';
import { until } from '../support/until.js';
import { companyOpen as open } from '../support/sample-rows.js';

const longest = '123456789012345678901234567890';
const authorization = `Basic ${Buffer.from('ops:some password').toString('base64')}`;

describe.runIf(hasOracle)('acceptance on Oracle: the HTTP server', () => {
  let pair: OraclePair;
  let config: { file: string; remove(): Promise<void> };
  beforeEach(async () => {
    pair = await openOraclePair();
    const users = [{ name: 'ops', role: 'operator', passwordHash: await hashPassword('some password') }];
    config = await configFor(pair, { http: { port: 0, users } });
  });
  afterEach(async () => {
    await config.remove();
    await pair.close();
  });

  it('answers every page and question, and puts a corrected row back until it is applied', async () => {
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' }, [['1', '110', '属性值']]);
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: longest, BizID: 'b2', CustName: null });
    const { process, url, said } = await listening(['run', '--config', config.file]);
    const reaches = (streamingNo: string, state: number) =>
      until(
        `${streamingNo} reaches ${state}`,
        async () => (await standing(pair.middle)).get(`CUST:${streamingNo}`)?.state === state,
        20_000,
      );
    await Promise.all([reaches('1', 2), reaches(longest, 3)]);
    await until('it is ready', async () => (await fetch(`${url}/readyz`)).status === 200);

    const row = `IF_BNET_CUST/${longest}`;
    const questions = {
      overview: state.overviewSchema,
      'failure-groups': rows.failureGroupsSchema,
      'failed?code=00401&text=CustName&since=2026-11-01': rows.rowListSchema,
      processing: rows.processingSchema,
      deferred: rows.deferredSchema,
      [`rows/${row}`]: rows.rowDetailsSchema,
    };
    for (const [question, schema] of Object.entries(questions)) {
      const answer = await fetch(`${url}/api/v1/${question}`, { headers: { authorization } });
      const body = await answer.text();
      expect(answer.status, body).toBe(200);
      expect(schema.safeParse(JSON.parse(body)).error, question).toBeUndefined();
      if (/failed|rows/.test(question)) expect(body).toContain(longest);
    }
    for (const page of [
      '',
      'failure-groups',
      'failed?customer=990947809',
      `rows/${row}`,
      'processing',
      'deferred',
      'workers',
    ]) {
      const headers = { authorization, accept: 'text/html' };
      const answer = await fetch(`${url}/${page}`, { headers });
      expect([page, answer.status]).toEqual([page, 200]);
    }
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'bnet_sync_rows_failed{table="IF_BNET_CUST"} 1',
    );

    await pair.middle.execute({
      sql: `UPDATE IF_BNET_CUST SET CustName = '更正后' WHERE State = 3`,
      bindings: [],
    });
    const requeued = await fetch(`${url}/api/v1/requeue-matching`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ filter: { code: '00401' }, dryRun: false, reason: '工单 4711' }),
    });
    expect(await requeued.json()).toMatchObject({ requeued: 1, notRequeued: 0 });
    await reaches(longest, 2);
    process.kill('SIGTERM');
    expect((await process).exitCode, said()).toBe(0);
  });
});
