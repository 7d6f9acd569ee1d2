import { describe, expect, it } from 'vitest';
import { RepairRunningError, StagingError } from '../../../src/operator/repair/repair-runner.js';
import { NoOriginError, NotOurProductError } from '../../../src/operator/requests.js';
import type { AuditEntry } from '../../../src/store/admin-port.js';
import { consoleApp, operatorPrincipal, reader } from '../../support/console-app.js';
import { fakeAlarm, fakeJob, fakeReport } from '../../support/fake-repair.js';

const endedAt = '2026-11-28T02:14:00.000Z';

async function scene(principal = operatorPrincipal) {
  const { app, operator } = await consoleApp(principal);
  operator.openAlarms = [fakeAlarm];
  const headers = { 'accept-language': 'en', accept: 'text/html' };
  const get = async (url: string) => app.inject({ url, headers });
  const post = async (url: string, fields: Record<string, string>) =>
    app.inject({
      ...{ method: 'POST', url, payload: new URLSearchParams(fields).toString() },
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    });
  return { operator, get, post };
}

/** A page without its markup. */
const textOf = (html: string): string =>
  html
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&quot;', '"');

function recorded(outcome: object | null, more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    ...{
      id: '12',
      at: '2026-11-28T02:10:00.000Z',
      who: 'li',
      via: 'command',
      action: 'repair',
      reason: null,
    },
    what: JSON.stringify({ custId: null, productId: null, all: false }),
    rows: outcome === null ? null : 7,
    status: outcome === null ? 'open' : 'done',
    outcome: outcome === null ? null : { at: endedAt, what: JSON.stringify(outcome) },
    ...more,
  };
}

describe('the page of the repair', () => {
  it('says what was lost, who found it and what it means, and offers a dry run first', async () => {
    const { get } = await scene();
    const { body } = await get('/repair');
    const text = textOf(body);
    expect(text).toMatch(
      /1,185 rows or more stand in State 2.*Found by worker-7f3a \( app-2\.example\.cn \)/,
    );
    expect(text).toMatch(/ACCOUNT 20261128000501 CustID 990947809 , StateDate 2026-11-28 02:04:56/);
    expect(text).toContain('Do not put these rows back to State 0');
    expect(body).not.toContain('<script>alert');
    expect(body).toMatch(/<button class="primary">Dry run</);
  });

  it('shows a reader everything, and no way to act', async () => {
    const { operator, get } = await scene(reader);
    operator.repairs.job = fakeJob();
    const { body } = await get('/repair');
    expect(body).toContain('800,500');
    expect(/<main.*<\/main>/s.exec(body)?.[0]).not.toContain('<form');
    expect((await get('/repair/confirm')).statusCode).toBe(403);
  });

  it('reads itself again as long as a repair runs, and not afterwards', async () => {
    const { operator, get } = await scene();
    operator.repairs.job = fakeJob();
    const running = (await get('/repair')).body;
    expect(running).toContain('data-refresh-seconds="2"');
    expect(running).toMatch(/aria-current="step"[^>]*><dt>Journal entries read<\/dt><dd>800,500/);
    expect(textOf(running)).toContain('1 min 30 s');
    operator.repairs.job = fakeJob({ status: 'done', endedAt, report: fakeReport() });
    expect((await get('/repair')).body).not.toContain('data-refresh-seconds');
  });

  it('names each customer that was left with the reason, and what to do', async () => {
    const { operator, get } = await scene();
    operator.repairs.job = fakeJob({ status: 'done', endedAt, report: fakeReport(), customersLeft: 250 });
    const text = textOf((await get('/repair')).body);
    expect(text).toContain('1,182 rows of 577 customers took effect once more.');
    expect(text).toContain('1 alarm still open: customers were left as they are.');
    expect(text).toContain('250 customers were left as they are');
    expect(text).toContain('Only the first 3 are listed');
    expect(text).toMatch(/it cannot take effect where it belongs 00403 数据格式不正确/);
    expect(text).toContain('restore a newer backup');
    expect(text).toContain('Of 2 customers rows were applied since');
    expect(text).toMatch(
      /3 rows of these customers, refused since, .* They were left alone\..* ACCOUNT 20261128000701/,
    );
    expect(text).toContain('4 finished rows that the journal does not know were finished by others');
  });

  it('shows what came of the last repair first, unless an alarm is newer', async () => {
    const { operator, get } = await scene();
    operator.repairs.job = fakeJob({ status: 'done', endedAt, report: fakeReport() });
    const headings = async () =>
      [...(await get('/repair')).body.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, h]) => h);
    expect((await headings()).at(0)).toContain('Repair');
    operator.openAlarms = [{ ...fakeAlarm, raisedAt: '2026-11-29T00:00:00.000Z' }];
    expect((await headings()).at(0)).toContain('has lost data');
  });

  it('goes on showing a repair where the store does not answer', async () => {
    const { operator, get } = await scene();
    operator.repairs.job = fakeJob();
    operator.repairs.underWay = null;
    operator.repairState = () => operator.repairs.state(null);
    const answer = await get('/repair');
    expect(answer.statusCode).toBe(200);
    expect(textOf(answer.body)).toContain('The product store does not answer');
  });

  it.each([
    [
      { alarmsOpen: 1, left: [], cancelled: null },
      'rows are still missing, or a worker has found a new loss',
    ],
    [{ alarmsOpen: 1, left: [], cancelled: 'wang' }, 'start the repair again'],
  ])('says what closes an alarm that is still open: %j', async (report, words) => {
    const { operator, get } = await scene();
    operator.repairs.job = fakeJob({ status: 'done', endedAt, report: fakeReport(report) });
    expect(textOf((await get('/repair')).body)).toContain(`1 alarm still open: ${words}`);
  });

  it('says what a repair failed for, and that it can be started again', async () => {
    const { operator, get } = await scene();
    operator.repairs.job = fakeJob({ status: 'failed', endedAt, error: '<b>disk full</b>' });
    const { body } = await get('/repair');
    expect(body).toContain('&lt;b>disk full');
    expect(textOf(body)).toContain('Started again once the cause is gone, it goes on.');
  });
});

describe('a repair', () => {
  it('is started with the scope and the reason that were confirmed, and shown', async () => {
    const { operator, post } = await scene();
    const fields = { customer: '007', product: '323002000', all: 'yes', takeBack: 'yes', reason: 'ticket' };
    expect((await post('/repair/confirm', fields)).headers.location).toBe('/repair');
    expect(operator.repairs.orders).toEqual([
      {
        actor: { name: 'wang', via: 'console' },
        order: {
          custId: '7',
          productId: '323002000',
          all: true,
          takeBack: true,
          dryRun: false,
          reason: 'ticket',
        },
      },
    ]);
  });

  it('is not started without a reason, and what was chosen stays', async () => {
    const { operator, post } = await scene();
    const answer = await post('/repair/confirm', { customer: '7', all: 'yes', reason: ' ' });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('<input type="hidden" name="customer" value="7"/>');
    expect(answer.body).toContain('<input type="hidden" name="all" value="yes"/>');
    expect(operator.repairs.orders).toEqual([]);
  });

  it('is a dry run without a reason', async () => {
    const { operator, post } = await scene();
    expect((await post('/repair', {})).headers.location).toBe('/repair');
    expect(operator.repairs.orders).toMatchObject([{ order: { dryRun: true, custId: null, all: false } }]);
  });

  it.each(['/repair', '/repair/confirm'])('is not started where a number is mistyped (%s)', async (url) => {
    const { operator, post } = await scene();
    const answer = await post(url, { customer: '99094780O', reason: 'r' });
    expect([answer.statusCode, textOf(answer.body)]).toEqual([
      400,
      expect.stringContaining('CustID and ProductID are whole numbers'),
    ]);
    expect(operator.repairs.orders).toEqual([]);
  });

  it('that is running already leads to it, at an address that can be loaded again', async () => {
    const { operator, get, post } = await scene();
    operator.repairs.refusal = new RepairRunningError();
    const { headers } = await post('/repair', {});
    expect(headers.location).toBe('/repair?refused=running');
    expect(textOf((await get('/repair?refused=running')).body)).toContain('running in this process');
  });

  it.each([
    [new NoOriginError(), 'choose “Take all rows for ours”'],
    [new NotOurProductError('9'), 'not in middle.productIds'],
    [
      new StagingError('better-sqlite3 is not installed; "npm install better-sqlite3" installs it'),
      'npm install',
    ],
  ])('that cannot be started says why, with what was typed: %s', async (refusal, words) => {
    const { operator, post } = await scene();
    operator.repairs.refusal = refusal;
    const answer = await post('/repair/confirm', { reason: '工单 <4711>' });
    expect([answer.statusCode, textOf(answer.body)]).toEqual([400, expect.stringContaining(words)]);
    expect(answer.body).toContain('工单 &lt;4711>');
  });

  it('shows the dry run of the same before it is confirmed, and of nothing else', async () => {
    const { operator, get } = await scene();
    const report = fakeReport({ dryRun: true });
    operator.repairs.job = fakeJob({
      dryRun: true,
      status: 'done',
      endedAt: '2026-11-28T02:11:00.000Z',
      report,
    });
    expect(textOf((await get('/repair/confirm')).body)).toContain('The dry run of 30 s ago: 1,182 rows');
    for (const other of ['?customer=7', '?all=yes', '?takeBack=yes'])
      expect(textOf((await get(`/repair/confirm${other}`)).body)).toContain(
        'No dry run of this was made here',
      );
  });

  it('is cancelled, and a form of a session that had ended does nothing', async () => {
    const { operator, get, post } = await scene();
    operator.repairs.job = fakeJob();
    expect((await get('/repair/cancel')).headers.location).toBe('/repair');
    expect(operator.repairs.job.status).toBe('running');
    expect((await post('/repair/cancel', {})).headers.location).toBe('/repair');
    expect(operator.repairs.job).toMatchObject({ status: 'ending' });
  });
});

describe('a repair in the audit', () => {
  const shown = async (entry: AuditEntry, job = false) => {
    const { operator, get } = await scene();
    operator.acts = [entry];
    if (job) operator.repairs.job = fakeJob();
    return textOf((await get('/audit/12')).body);
  };

  it('has the customers that were left, with a reason that only a later version knows by its name', async () => {
    const left = { table: 'IF_BNET_CUST', streamingNo: '1', custId: '9', rows: 2, why: null };
    const outcome = {
      customers: 5,
      left: 1,
      alarmsOpen: 1,
      leftCustomers: [{ ...left, reason: 'unheardOf' }],
    };
    const text = await shown(recorded(outcome));
    expect(text).toContain('7 rows of 5 customers took effect once more.');
    expect(text).toMatch(/1 customer was left as they are.*CUST 1 2 unheardOf/);
  });

  it('of an older version shows what it has', async () => {
    expect(await shown(recorded({ custId: null, customers: 5, left: 2 }))).toMatch(
      /7 rows of 5 customers took effect once more\..*2 customers were left/,
    );
  });

  it('that failed says so, and does not say that nothing was lost', async () => {
    const outcome = { customers: 0, left: 0, alarmsOpen: null, error: 'the disk is full' };
    const text = await shown(recorded(outcome, { rows: 0 }));
    expect(text).toContain('the disk is full');
    expect(text).toContain('Started again once the cause is gone, it goes on.');
    expect(text).not.toContain('No lost row was found');
  });

  it('without an outcome says what that means, and where it runs if that is here', async () => {
    expect(await shown(recorded(null))).toContain('or its process ended first');
    expect(await shown(recorded(null), true)).toContain('The repair is running in this process');
  });
});
