import { describe, expect, it } from 'vitest';
import { consoleApp, reader } from '../../support/console-app.js';
import { unknownProduct } from '../../support/fake-operator.js';
import { longNumber } from '../../support/fake-operator-data.js';

const form = (fields: Record<string, string>) => ({
  method: 'POST' as const,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  payload: new URLSearchParams(fields).toString(),
});

describe('a form that changes something', () => {
  const row = `IF_BNET_CUST:${longNumber}`;
  it.each([
    ['/requeue', { row }, '/audit/1'],
    ['/requeue-matching', { code: '00403' }, '/audit/1'],
    ['/deferred/retry', { row }, '/deferred?done='],
    ['/pauses/pause', { table: 'ACCOUNT' }, '/pauses?done=paused'],
    ['/pauses/pause', { product: unknownProduct }, '/pauses?done=paused-unknown'],
    ['/pauses/resume', { table: 'ACCOUNT' }, '/pauses?done=resumed'],
  ])('%s leads to a page that can be loaded again', async (url, fields, leadsTo) => {
    const { app, operator } = await consoleApp();
    const answer = await app.inject({ url, ...form({ ...fields, reason: 'r' }) });
    const location = String(answer.headers.location);
    expect([answer.statusCode, location]).toEqual([303, expect.stringContaining(leadsTo)]);
    const done = operator.acts.length;
    for (const _ of [1, 2]) expect((await app.inject(location)).statusCode).toBe(200);
    expect(operator.acts).toHaveLength(done);
  });

  it('without a row that it would change leads back to the page that asks, and is no action', async () => {
    const { app, operator } = await consoleApp();
    const gone = await app.inject({ url: '/requeue', ...form({ row: 'CUST:77', reason: 'r' }) });
    expect([gone.statusCode, gone.headers.location]).toEqual([303, '/requeue?row=IF_BNET_CUST%3A77']);
    const none = await app.inject({ url: '/requeue-matching', ...form({ code: '99999', reason: 'r' }) });
    expect([none.statusCode, none.headers.location]).toEqual([303, '/requeue-matching?code=99999']);
    expect(operator.acts).toEqual([]);
  });
});

describe('the page of an action', () => {
  const english = { 'accept-language': 'en' };
  const matching = async (url: string, app: Awaited<ReturnType<typeof consoleApp>>['app']) =>
    (await app.inject({ url, headers: english })).body;

  it('names the rows that were put back, and those that were not, with how they stand', async () => {
    const { app } = await consoleApp();
    const rows = new URLSearchParams([
      ...[`IF_BNET_CUST:${longNumber}`, 'IF_BNET_CUST:77'].map((name) => ['row', name]),
      ['reason', 'r'],
    ]);
    const sent = await app.inject({ url: '/requeue', ...form({}), payload: rows.toString() });
    const body = await matching(String(sent.headers.location), app);
    for (const words of [`href="/rows/IF_BNET_CUST/${longNumber}"`, '1 row requeued.', '1 row not requeued.'])
      expect(body).toContain(words);
    expect(body).toContain('there is no such row');
  });

  it('goes on with the rest by itself after the form, and only then; loaded again it waits for the button', async () => {
    const { app, operator } = await consoleApp();
    operator.mostAtOnce = 1;
    const reason = '工单 1';
    let sent = await app.inject({ url: '/requeue-matching', ...form({ code: '00403', reason }) });
    expect(sent.headers.location).toBe('/audit/1?goOn=yes');
    const by = await matching('/audit/1?goOn=yes', app);
    for (const words of [
      'data-go-on',
      'Some rows are left.',
      'name="continues" value="1"',
      'href="/audit/1"',
    ])
      expect(by).toContain(words);
    expect(by).toContain(`name="reason" value="${reason}"`);
    const again = await matching('/audit/1', app);
    expect(again).not.toContain('data-go-on');
    expect(again).toContain('name="continues" value="1"');
    for (let steps = 0; sent.headers.location?.includes('goOn') === true && steps < 50; steps += 1) {
      const continues = /audit\/(\d+)/.exec(sent.headers.location)?.[1] ?? '';
      sent = await app.inject({ url: '/requeue-matching', ...form({ continues, reason }) });
    }
    const last = await matching(String(sent.headers.location), app);
    expect(last).not.toMatch(/data-go-on|name="continues"/);
    expect(operator.acts.length).toBeGreaterThan(1);
  });

  it('is gone on with where it was begun without a reason, as commands may', async () => {
    const { app, operator } = await consoleApp();
    operator.mostAtOnce = 1;
    await operator.requeueMatching(
      { name: 'li', via: 'command' },
      { filter: {} },
      { dryRun: false, reason: null },
    );
    const sent = await app.inject({ url: '/requeue-matching', ...form({ continues: '1', reason: '' }) });
    expect([sent.statusCode, operator.acts.length]).toEqual([303, 2]);
  });

  it('and the audit say where no outcome is on record', async () => {
    const { app, operator } = await consoleApp();
    const what = '{"filter":{"code":"<b>"},"failedUntil":"2026-11-21 16:00:00"}';
    const by = {
      who: '<img>',
      via: 'command',
      at: '2026-11-28T01:02:03.000Z',
      rows: null,
      reason: null,
    } as const;
    operator.acts = [{ ...by, id: '7', action: 'requeue-matching', what, status: 'open', outcome: null }];
    for (const url of ['/audit', '/audit/7']) {
      const body = await matching(url, app);
      expect(body).toContain('No outcome is on record');
      expect(body).not.toMatch(/<img>|<b>/);
    }
    expect(await matching('/audit/7', app)).toContain('name="continues" value="7"');
    expect(await matching('/audit/7', app)).not.toContain('data-go-on');
    operator.acts = operator.acts.map((act) => ({
      ...act,
      ...({ status: 'done', rows: 500 } as const),
      outcome: { at: by.at, what: '{"matched":500,"left":null,"error":"connection <b>lost"}' },
    }));
    const ended = await matching('/audit/7', app);
    expect(ended).toContain('Ended early by an error:');
    expect(ended).toContain('connection &lt;b>lost');
    expect(await matching('/audit', app)).not.toContain('No outcome is on record');
  });

  it('of a reader offers nothing to go on with, and one that is none is not found', async () => {
    const { app, operator } = await consoleApp(reader);
    operator.mostAtOnce = 1;
    await operator.requeueMatching(
      { name: 'li', via: 'command' },
      { filter: {} },
      { dryRun: false, reason: 'r' },
    );
    expect(await matching('/audit/1?goOn=yes', app)).not.toMatch(/action="\/requeue-matching"|data-go-on/);
    for (const id of ['2', 'x', '1%20OR%201'])
      expect((await app.inject(`/audit/${id}`)).statusCode).toBe(404);
  });
});
