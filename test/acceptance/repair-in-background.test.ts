import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/http/password.js';
import type { RepairState } from '../../src/operator/contract/repair.js';
import { configFor, listening } from '../support/command.js';
import { isAvailable, openPair, plant, type KnexPair } from '../support/databases.js';
import { lockMiddle } from '../support/locked-middle.js';
import { lossFixture, open } from '../support/loss-fixture.js';
import { scaled } from '../support/time-factor.js';
import { until } from '../support/until.js';

const password = 'correct horse 1';
const authorization = `Basic ${Buffer.from(`wang:${password}`).toString('base64')}`;
const lost = 250;

/* A repair by the API of a process that ends in the middle of it. */

describe.runIf(isAvailable('PostgreSQL'))('acceptance: a repair in the background', () => {
  let pair: KnexPair;
  let fixture: ReturnType<typeof lossFixture>;
  let config: { file: string; remove(): Promise<void> };
  const running: Awaited<ReturnType<typeof listening>>['process'][] = [];
  beforeEach(async () => {
    pair = await openPair('PostgreSQL');
    fixture = lossFixture(pair);
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '8888', CustID: '8888' });
    await fixture.work();
    const older = await fixture.copy();
    await fixture.plantOpens(lost);
    await fixture.work();
    await older.putBack();
    const users = [{ name: 'wang', role: 'operator', passwordHash: await hashPassword(password) }];
    const worker = { callTimeoutMs: scaled(60_000) };
    config = await configFor(pair, { http: { port: 0, users }, worker });
  }, scaled(60_000));
  afterEach(async () => {
    for (const process of running.splice(0)) process.kill('SIGKILL');
    await config.remove();
    await pair.close();
  });

  async function serving(command: 'console' | 'run') {
    const { process, url } = await listening([command, '--config', config.file]);
    running.push(process);
    const headers = { authorization, 'content-type': 'application/json' };
    const state = async () =>
      (await (await fetch(`${url}/api/v1/repair`, { headers })).json()) as RepairState;
    const repair = async () => {
      const body = JSON.stringify({ dryRun: false, reason: 'ticket 4711' });
      return (await fetch(`${url}/api/v1/repair`, { method: 'POST', headers, body })).status;
    };
    const ended = () =>
      until(
        'the repair has ended',
        async () => {
          const { job } = await state();
          return typeof job?.endedAt === 'string' ? job : null;
        },
        30_000,
      );
    return { process, url, state, repair, ended };
  }

  it('that was killed is named by the next process, and one that is started there does the rest', async () => {
    const lock = await lockMiddle(pair);
    const first = await serving('console');
    expect(await first.repair()).toBe(202);
    expect(await first.repair()).toBe(409);
    first.process.kill('SIGKILL');
    await first.process;
    await lock.release();
    const second = await serving('run');
    expect(await second.state()).toMatchObject({ job: null, underWay: [{ who: 'wang', status: 'open' }] });
    await until('the alarm is open', async () => (await second.state()).alarms?.length === 1, 30_000);
    expect(await second.repair()).toBe(202);
    expect(await second.ended()).toMatchObject({ status: 'done', report: { rows: lost, alarmsClosed: 1 } });
    expect(await second.state()).toMatchObject({ underWay: [], alarms: [] });
  });

  it('ends with its process after the set it is at, with an outcome on record', async () => {
    const lock = await lockMiddle(pair);
    const { process, url, repair } = await serving('console');
    expect(await repair()).toBe(202);
    process.kill('SIGTERM');
    await until('it serves no more', () =>
      fetch(`${url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    await lock.release();
    expect((await process).exitCode).toBe(0);
    const next = await serving('console');
    expect(await next.state()).toMatchObject({ job: null, underWay: [] });
    const sql = `SELECT what FROM sync_audit WHERE phase = 'outcome'`;
    const [outcome] = (await pair.store.execute({ sql, bindings: [] })).rows;
    expect(JSON.parse(String(outcome?.['what']))).toMatchObject({ cancelled: 'signal', customers: 0 });
  });
});
