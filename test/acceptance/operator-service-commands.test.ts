import { hostname, userInfo } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bnetSync, commandsOn, configFor } from '../support/command.js';
import { isAvailable, openPair, plant, standing, statesOf, type Pair } from '../support/databases.js';
import { quickSettings } from '../support/workers.js';
import { companyBind as bind, companyOpen as open } from '../support/sample-rows.js';

const longest = '123456789012345678901234567890';
const failure = (errContent: string, second: number) => ({
  State: 3,
  ErrContent: errContent,
  StateDate: `2026-11-01 09:00:0${second}`,
});
const me = `${userInfo().username}@${hostname()}`;

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(`acceptance: what operators see and do on ${kind}`, () => {
    let pair: Pair;
    let config: { file: string; remove(): Promise<void> };
    beforeEach(async () => {
      pair = await openPair(kind);
      config = await configFor(pair);
    });
    afterEach(async () => {
      await config.remove();
      await pair.close();
    });
    const { run, json } = commandsOn(() => config);
    const plantFailures = async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: longest, ...failure('00402 甲', 1) });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', CustID: '7', ...failure('00403 乙', 2) });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '3', ...failure('00402 丙', 3) });
      await plant(pair.middle, 'ACCOUNT', {
        ...bind,
        StreamingNo: '4',
        UserID: 'b',
        ...failure('00402 甲', 4),
      });
    };

    it('failed takes every filter, alone and together, newest failure first', async () => {
      await plantFailures();
      const listed = async (...args: string[]) =>
        ((await json('failed', ...args)) as { streamingNo: string }[]).map(({ streamingNo }) => streamingNo);
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '5', State: 3, ErrContent: null });
      const asked: readonly (readonly [options: readonly string[], answer: readonly string[]])[] = [
        [[], ['4', '3', '2', longest, '5']],
        [
          ['--table', 'if_bnet_cust'],
          ['2', longest, '5'],
        ],
        [['--customer', '7'], ['2']],
        [['--user', 'b'], ['4']],
        [['--op-flag', '0101', '--code', '00402'], [longest]],
        [['--code', 'none'], ['5']],
        [
          ['--since', '2026-11-01 09:00:02', '--until', '2026-11-01 09:00:04'],
          ['3', '2'],
        ],
        [['--text', '张三', '--limit', '1'], ['4']],
        [
          ['--text', '甲'],
          ['4', longest],
        ],
        [['--until', '400d'], []],
      ];
      const answers = await Promise.all(asked.map(([options]) => listed(...options)));
      expect(answers).toEqual(asked.map(([, answer]) => answer));
    });

    it('groups counts failures by table and code', async () => {
      expect(await json('failure-groups')).toEqual([]);
      await plantFailures();
      expect(await json('failure-groups')).toMatchObject([
        {
          table: 'IF_BNET_ACCOUNT',
          code: '00402',
          text: '业务数据内容不存在',
          present: { rows: 2, atLeast: false },
          ...{ lastHour: 0, lastDay: 0, lastWeek: 0 },
          newest: { streamingNo: '4' },
        },
        { table: 'IF_BNET_CUST', code: '00402', newest: { streamingNo: longest } },
        { table: 'IF_BNET_CUST', code: '00403' },
      ]);
      const text = await run('failure-groups');
      expect([text.exitCode, text.stderr]).toEqual([0, '']);
      for (const each of ['业务数据内容不存在', '24 h', longest]) expect(text.stdout).toContain(each);
    });

    it('processing and workers tell who holds what', async () => {
      expect([(await run('processing')).stdout, (await run('workers')).stdout]).toEqual([
        'No row in State 1.',
        'No worker is running.',
      ]);
      const { leases } = pair.openStore(600_000);
      await leases.register({ workerId: 'w-1', host: 'app-1', pid: 17 }, { ...quickSettings, shards: 8 });
      await leases.renewAndAcquire();
      await plant(pair.middle, 'CUST', {
        ...open,
        StreamingNo: longest,
        State: 1,
        StateDate: '2026-11-01 09:00:00',
      });
      expect(await json('processing')).toEqual([
        {
          table: 'IF_BNET_CUST',
          streamingNo: longest,
          opFlag: '0101',
          productId: '323002000',
          custId: '990947809',
          userId: null,
          stateDate: '2026-11-01 09:00:00',
          ageSeconds: expect.any(Number) as number,
          ...{ shard: 1, holder: 'w-1', host: 'app-1' },
        },
      ]);
      expect(await json('workers')).toMatchObject([
        { workerId: 'w-1', alive: true, shards: [0, 1, 2, 3, 4, 5, 6, 7] },
      ]);
      expect((await run('processing')).stdout).toContain('w-1');
      expect((await run('workers')).stdout).toContain('0-7');
    });

    it('show has the customer in the product store and the related rows', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '2', CreateDate: '2026-11-01 08:00:01' });
      await run('run', '--once');
      expect(await json('show', 'ACCOUNT', '2')).toMatchObject({
        table: 'IF_BNET_ACCOUNT',
        streamingNo: '2',
        rows: [{ state: 2 }],
        journal: [{ outcome: 'applied' }],
        records: [{ customer: { status: 'active' }, users: [{ userId: 'ap' }], more: false }],
        relatedRows: [
          { streamingNo: '1', place: 'before' },
          { streamingNo: '2', place: 'this' },
        ],
      });
      const text = await run('show', 'CUST', '1');
      expect(text.exitCode).toBe(0);
      for (const each of ['user ap: bound, 张三', 'BizID b1: active', '→'])
        expect(text.stdout).toContain(each);
    });

    it('requeue --matching says what it would do, does it, and is recorded', async () => {
      await plantFailures();
      const trial = await run('requeue', '--matching', '--code', '00402', '--dry-run');
      expect([trial.exitCode, trial.stdout.split('\n')[0]]).toEqual([0, '3 would be put back.']);
      expect(trial.stdout).toContain(longest);
      expect(await statesOf(pair.middle)).toEqual({ 3: 4 });
      const args = ['requeue', '--matching', '--code', '00402', '--table', 'CUST', '--reason', '已更正'];
      expect(await json(...args)).toMatchObject({
        dryRun: false,
        matched: { rows: 1, atLeast: false },
        requeued: 1,
        notRequeued: 0,
        examples: [{ streamingNo: longest }],
      });
      expect((await standing(pair.middle)).get(`CUST:${longest}`)).toMatchObject({
        state: 0,
        errContent: null,
      });
      const all = await run('requeue', '--matching', '--all');
      expect([all.exitCode, all.stdout]).toEqual([0, '3 put back, 0 left alone.']);
      expect((await run('requeue', '--matching', '--all')).stdout).toBe('No failed row matches.');
      expect(await json('audit')).toMatchObject([
        {
          ...{ action: 'requeue-matching', rows: 3, reason: null, status: 'done' },
          what: expect.stringMatching(
            /^\{"filter":\{\},"failedUntil":"\d{4}-[-\d]{5} [:\d]{8}"\}$/,
          ) as string,
          outcome: { what: '{"matched":3,"left":null}' },
        },
        { who: me, via: 'command', action: 'requeue-matching', rows: 1, reason: '已更正' },
      ]);
    });

    it('requeue of named rows is recorded with its reason, a dry run is not', async () => {
      await plantFailures();
      await run('requeue', 'CUST', '2', '--dry-run');
      await run('requeue', 'CUST', '2', '9', '--reason', 'name corrected');
      expect(await json('audit')).toMatchObject([
        {
          who: me,
          action: 'requeue',
          what: '{"rows":["IF_BNET_CUST 2","IF_BNET_CUST 9"]}',
          rows: 1,
          reason: 'name corrected',
          outcome: { what: '{"rows":["IF_BNET_CUST 2"]}' },
        },
      ]);
    });

    it('pause and resume, with their reasons in the audit', async () => {
      expect((await run('pause')).stdout).toBe('Nothing is paused.');
      expect(await json('pause', '--product', '0323002000', '--reason', 'ticket 4711')).toEqual({
        target: { productId: '323002000' },
        changed: true,
        known: false,
      });
      expect((await run('pause', '--product', '323002000')).stdout).toBe(
        'ProductID 323002000: was paused already.',
      );
      expect((await run('pause', '--table', 'account')).stdout).toBe('IF_BNET_ACCOUNT: paused.');
      expect(await json('pause')).toMatchObject([
        { target: { table: 'IF_BNET_ACCOUNT' }, who: me, reason: null },
        { target: { productId: '323002000' }, who: me, reason: 'ticket 4711' },
      ]);
      expect((await run('pause')).stdout).toContain('ProductID 323002000');
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
      expect(await json('preview')).toMatchObject([
        { streamingNo: '1', outcome: 'waits', note: 'product 323002000 is paused' },
      ]);
      expect((await run('resume', '--table', 'account')).stdout).toBe('IF_BNET_ACCOUNT: goes on.');
      expect(await json('resume', '--table', 'account')).toEqual({
        target: { table: 'IF_BNET_ACCOUNT' },
        changed: false,
      });
    });

    it('audit lists what was done, newest first, page by page', async () => {
      await run('pause', '--product', '323002000', '--reason', 'ticket 4711');
      await run('pause', '--table', 'account');
      await run('resume', '--table', 'account');
      const audit = await run('audit', '--limit', '2');
      for (const each of ['resume', 'pause', me.slice(0, 4), '--before'])
        expect(audit.stdout).toContain(each);
      expect(audit.stdout).not.toContain('4711');
      expect(await json('audit', '--before', '2')).toMatchObject([{ id: '1', reason: 'ticket 4711' }]);
    });

    const plantOldJournal = async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', CustName: null });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '2', CustName: null });
      await run('run', '--once');
      await run('requeue', 'CUST', '1');
      await run('run', '--once');
      const date = pair.store.dialect.name === 'pg' ? 'CAST(? AS timestamptz)' : '?';
      await pair.store.execute({
        sql: `UPDATE sync_journal SET decided_at = ${date}`,
        bindings: ['2020-01-01T00:00:00.000Z'],
      });
    };

    it('journal purge deletes what is old and superseded, and is recorded; a dry run only counts', async () => {
      await plantOldJournal();
      expect(await json('journal', 'purge', '--older-than', '400d', '--dry-run', '--gone')).toMatchObject({
        dryRun: true,
        superseded: 1,
        gone: { rows: 0, entries: null },
      });
      const first = await run('journal', 'purge', '--older-than', '400d');
      expect([first.exitCode, first.stdout]).toEqual([0, expect.stringMatching(/: 1 deleted\.$/)]);
      expect(await json('audit')).toMatchObject([
        { action: 'journal-purge', rows: 1 },
        { action: 'requeue' },
      ]);
    });

    it('journal purge --gone deletes what has left the middle database, unless that is empty', async () => {
      await plantOldJournal();
      await pair.middle.execute({
        sql: "DELETE FROM IF_BNET_CUST WHERE CAST(StreamingNo AS TEXT) = '2'",
        bindings: [],
      });
      expect(await json('journal', 'purge', '--older-than', '30d', '--under-a-year', '--gone')).toMatchObject(
        {
          superseded: 1,
          gone: { rows: 1, entries: 1 },
        },
      );
      await pair.middle.execute({ sql: 'DELETE FROM IF_BNET_CUST', bindings: [] });
      const empty = await run('journal', 'purge', '--older-than', '400d', '--gone');
      expect([empty.exitCode, empty.stderr]).toEqual([1, expect.stringContaining('holds no row at all')]);
    });
  });
}

describe('acceptance: wrong usage of what operators do', () => {
  it.concurrent.each(
    [
      ['requeue'],
      ['requeue', 'CUST'],
      ['requeue', '--matching'],
      ['requeue', '--matching', '--dry-run', '--reason', 'x'],
      ['requeue', 'CUST', '1', '--matching', '--code', '00402'],
      ['requeue', 'CUST', '1', '--code', '00402'],
      ['requeue', '--matching', '--all', '--code', '00402'],
      ['requeue', '--all'],
      ['pause', '--table', 'CUST', '--product', '1'],
      ['pause', '--reason', 'why'],
      ['resume'],
      ['audit', '--before', 'yesterday'],
      ['processing', '--limit', '0'],
      ['retry', 'CUST'],
      ['deferred', '--limit', '0'],
      ['journal', 'purge'],
      ['journal', 'purge', '--older-than', 'long'],
      ['journal', 'purge', '--older-than', '364d'],
      ['journal', 'purge', '--older-than', '29d', '--under-a-year'],
      ['failed', '--table', 'IF_BNET_CUST_ATTR'],
      ['failed', '--until', 'tomorrow'],
      ['failed', '--text', ''],
    ].map((args) => [args]),
  )('%j ends with 2 and an explanation, and touches nothing', async (args) => {
    const answer = await bnetSync([...args, '--config', '/nonexistent/bnet-sync.yaml']);
    expect([answer.exitCode, answer.stdout]).toEqual([2, '']);
    expect(answer.stderr).toMatch(/^error: /);
  });
});
