import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/store/admin-port.js';
import { bnetSync, commandsOn, configFor } from '../support/command.js';
import { isAvailable, openPair, statesOf, type KnexPair } from '../support/databases.js';
import { until } from '../support/until.js';
import { scaled } from '../support/time-factor.js';

const rows = 1200;
const patienceMs = 60_000;
const longMs = scaled(120_000);
const kind = 'PostgreSQL';

describe.runIf(isAvailable(kind))('acceptance: requeue --matching that is ended early', () => {
  let pair: KnexPair;
  let config: { file: string; remove(): Promise<void> };
  beforeEach(async () => {
    pair = await openPair(kind);
    config = await configFor(pair);
    await plantFailed();
    await holdSecondSet();
  });
  afterEach(async () => {
    await config.remove();
    await pair.close();
  });
  const { run, json } = commandsOn(() => config);
  const sql = (text: string) => pair.middle.execute({ sql: text, bindings: [] });
  const states = () => statesOf(pair.middle);

  const plantFailed = () =>
    sql(`INSERT INTO if_bnet_cust (streamingno, productid, bizid, custid, opflag, state, errcontent, createdate, statedate)
         SELECT n, 323002000, 'b1', n, '0101', 3, '00401', '2026-11-01', '2026-11-01' FROM generate_series(1, ${rows}) AS n`);

  /** The second update of the rows waits until a row stands in `gate`. */
  const holdSecondSet = async (): Promise<void> => {
    await sql('CREATE TABLE gate (opened integer)');
    await sql('CREATE SEQUENCE sets');
    await sql(`CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('sets') = 2 THEN
        FOR tries IN 1..500 LOOP
          EXIT WHEN EXISTS (SELECT 1 FROM gate);
          PERFORM pg_sleep(0.01);
        END LOOP;
      END IF;
      RETURN NULL; END $$`);
    await sql('CREATE TRIGGER hold BEFORE UPDATE ON if_bnet_cust EXECUTE FUNCTION hold()');
  };
  const openGate = () => sql('INSERT INTO gate VALUES (1)');
  const secondSetBegun = () =>
    until(
      'the second set has begun',
      async () => {
        const { rows: found } = await sql('SELECT CAST(last_value AS integer) AS sets FROM sets');
        return found[0]?.['sets'] === 2;
      },
      patienceMs,
    );
  const start = () => bnetSync(['requeue', '--matching', '--all', '--config', config.file]);

  it(
    'by Ctrl-C: the set in flight is finished, the outcome is on record, and --continue does the rest',
    async () => {
      const command = start();
      await secondSetBegun();
      command.kill('SIGINT');
      await openGate();
      const { exitCode, stdout } = await command;
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(/^1000 put back, 0 left alone\./);
      expect(stdout).toContain('To continue: bnet-sync requeue --continue 1');
      expect(await states()).toEqual({ 0: 1000, 3: 200 });
      const [ended] = (await json('audit')) as AuditEntry[];
      expect(ended).toMatchObject({ id: '1', status: 'done', rows: 1000 });
      expect(await json('requeue', '--continue', '1')).toMatchObject({
        ...{
          action: expect.stringMatching(/^\d+$/) as string,
          requeued: 200,
          before: 1000,
          matched: { atLeast: false },
        },
      });
      expect(await states()).toEqual({ 0: rows });
    },
    longMs,
  );

  it(
    'by a crash: the audit shows the action as open, and --continue does the rest',
    async () => {
      const command = start();
      await secondSetBegun();
      command.kill('SIGKILL');
      await command;
      await openGate();
      const open = await run('audit');
      expect(open.stdout).toMatch(/requeue-matching │ +│ open/);
      expect(open.stdout).toContain('no outcome is on record');
      expect(await json('audit')).toMatchObject([{ id: '1', status: 'open', rows: null, outcome: null }]);
      const rest = await run('requeue', '--continue', '1');
      expect(rest.exitCode).toBe(0);
      await until('all are put back', async () => (await states())[0] === rows);
    },
    longMs,
  );

  it(
    'knows what it goes on with: nothing else is named, and nothing of another kind',
    async () => {
      for (const more of [['--all'], ['--matching'], ['--code', '00401'], ['CUST', '1']]) {
        const { exitCode, stderr } = await run('requeue', ...more, '--continue', '1');
        expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--continue allows no rows')]);
      }
      const { exitCode, stderr } = await run('requeue', '--continue', '7');
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('action 7 cannot be continued')]);
      expect(await states()).toEqual({ 3: rows });
    },
    longMs,
  );
});

describe.runIf(isAvailable(kind))('acceptance: without its record', () => {
  it(
    'no command changes anything where INSERT on sync_audit is revoked, and each says why',
    async () => {
      const pair = await openPair(kind);
      const config = await configFor(pair);
      try {
        await pair.middle.execute({
          sql: `INSERT INTO if_bnet_cust (streamingno, custid, state, errcontent) VALUES (1, 1, 3, '00401')`,
          bindings: [],
        });
        for (const sql of [
          `CREATE FUNCTION refuse_record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           RAISE EXCEPTION 'permission denied for table sync_audit' USING ERRCODE = '42501'; END $$`,
          'CREATE TRIGGER refuse_record BEFORE INSERT ON sync_audit EXECUTE FUNCTION refuse_record()',
        ])
          await pair.store.execute({ sql, bindings: [] });
        const { run } = commandsOn(() => config);
        for (const args of [
          ['pause', '--table', 'CUST'],
          ['requeue', 'CUST', '1'],
          ['requeue', '--matching', '--all'],
          ['journal', 'purge', '--older-than', '400d'],
          ['repair', '--accept'],
        ]) {
          const { exitCode, stderr } = await run(...args);
          expect([exitCode, stderr]).toEqual([1, expect.stringContaining('nothing was changed, because no')]);
          expect(stderr).toContain('permission denied for table sync_audit');
        }
        expect(await statesOf(pair.middle)).toEqual({ 3: 1 });
        expect((await run('pause')).stdout).toBe('Nothing is paused.');
      } finally {
        await config.remove();
        await pair.close();
      }
    },
    longMs,
  );
});
