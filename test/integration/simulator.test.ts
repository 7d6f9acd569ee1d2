import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attributeTableOf, sources, tableOf, type RowKey } from '../../src/domain/keys.js';
import { badRowKinds } from '../../src/demo/platform/bad-row.js';
import { history, opens } from '../../src/demo/platform/history.js';
import type { Message } from '../../src/demo/platform/message.js';
import { Platform } from '../../src/demo/platform/platform.js';
import { simulate, type SimulateOptions } from '../../src/demo/platform/simulate.js';
import { specExamples } from '../../src/demo/platform/spec-examples.js';
import {
  column,
  openPair,
  plant,
  standing,
  statesOf,
  type KnexPair,
  type Pair,
} from '../support/databases.js';
import { hasPostgres } from '../support/postgres.js';
import { drain, quickSettings } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

const userLimitAttrSpecId = '11002010000000000000';
const rules = { ...quickSettings.rules, userLimitAttrSpecId };

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(kind === 'SQLite' || hasPostgres)(`simulator on ${kind}`, () => {
    let pair: KnexPair;
    let platform: Platform;
    beforeEach(async () => {
      pair = await openPair(kind);
      platform = new Platform(pair.middle);
    });
    afterEach(async () => {
      await pair.close();
    });

    const optionsOf = (more: Partial<SimulateOptions> = {}): SimulateOptions => ({
      seed: 11,
      rows: 400,
      badShare: 0.1,
      faults: badRowKinds(pair.middle.dialect.name, rules),
      userLimitAttrSpecId,
      batchSize: 97,
      correct: false,
      patience: { toBeginMs: 0, toGoOnMs: 0 },
      ...more,
    });
    const work = () => drain({ middle: pair.openMiddle(), store: pair.openStore(), settings: { rules } });
    const count = async (sql: string): Promise<number> => Number((await column(pair.middle, sql))[0]);

    it('inserts every row in State 0 with its attributes, and says how many', async () => {
      const summary = await simulate(platform, optionsOf());
      expect(await statesOf(pair.middle)).toEqual({ 0: 400 });
      expect(Object.values(summary.byOpFlag).reduce((sum, each) => sum + each)).toBe(400);
      for (const [opFlag, rows] of Object.entries(summary.byOpFlag)) {
        const found = sources.map((source) =>
          count(`SELECT count(*) FROM ${tableOf[source]} WHERE OPFlag = '${opFlag}'`),
        );
        expect((await Promise.all(found)).reduce((sum, each) => sum + each)).toBe(rows);
      }
      const attributes = sources.map((source) =>
        count(`SELECT count(*) FROM ${attributeTableOf[source]} WHERE State = 0`),
      );
      expect((await Promise.all(attributes)).reduce((sum, each) => sum + each)).toBe(summary.attributes);
    });

    it('writes every value as it was sent, and numbers of 30 digits exactly', async () => {
      const messages = [
        ...history({ ...optionsOf(), customers: 40, firstCustId: await platform.firstCustId() }),
      ];
      const keys = await platform.send(messages);
      const found = await pair.openMiddle().claim(keys.map((key) => ({ row: polled(key), after: null })));
      expect(found.rows).toHaveLength(400);
      const byKey = new Map(found.rows.map((row) => [`${row.source}/${row.streamingNo}`, row]));
      for (const [index, { source, streamingNo }] of keys.entries()) {
        const { attributes, remark: _, fault: __, ...content } = messages[index]!;
        const row = byKey.get(`${source}/${streamingNo}`)!;
        expect(row).toMatchObject({ ...content, streamingNo });
        expect(row.attributes.map(({ attrSpecId, attrValue }) => ({ attrSpecId, attrValue }))).toEqual(
          attributes,
        );
      }
      expect(keys[0]!.streamingNo).toMatch(/^\d{30}$/);
    });

    it('numbers its rows in the order sent, above everything in the tables, with dates that never go back', async () => {
      const highest = '899999999999999999999999999998';
      await plant(pair.middle, 'ACCOUNT', { StreamingNo: highest, CustID: '899999999999999999999999999970' });
      await plant(pair.middle, 'CUST', { StreamingNo: '9', CustID: '9' });
      const summary = await simulate(platform, optionsOf({ rows: 20, badShare: 0 }));
      expect(summary.firstStreamingNo).toBe('899999999999999999999999999999');
      const again = await simulate(new Platform(pair.middle), optionsOf({ rows: 20, badShare: 0 }));
      expect(BigInt(again.firstStreamingNo!)).toBe(BigInt(summary.lastStreamingNo!) + 1n);
      const created = sources.flatMap(async (source) => {
        const sql = `SELECT CAST(StreamingNo AS TEXT) AS no, CAST(CreateDate AS TEXT) AS at FROM ${tableOf[source]}`;
        return (await pair.middle.execute({ sql, bindings: [] })).rows;
      });
      const rows = (await Promise.all(created))
        .flat()
        .filter(({ no }) => String(no) > highest && String(no).length === 30);
      const inOrder = rows
        .sort((a, b) => (String(a['no']) < String(b['no']) ? -1 : 1))
        .map(({ at }) => String(at));
      expect(inOrder).toHaveLength(40);
      expect([...inOrder].sort()).toEqual(inOrder);
    });

    it('shows attributes together with their rows: a reader never sees one without the other', async () => {
      const sending = simulate(platform, optionsOf({ rows: 600, badShare: 0, batchSize: 20 }));
      const ended = settled(sending);
      const missing = `SELECT count(*) FROM IF_BNET_CUST_ATTR x
        WHERE NOT EXISTS (SELECT 1 FROM IF_BNET_CUST t WHERE t.StreamingNo = x.StreamingNo)`;
      const bare = `SELECT count(*) FROM IF_BNET_CUST t WHERE OPFlag = '0101'
        AND NOT EXISTS (SELECT 1 FROM IF_BNET_CUST_ATTR x WHERE t.StreamingNo = x.StreamingNo)`;
      do expect([await count(missing), await count(bare)]).toEqual([0, 0]);
      while (!(await ended(1)));
      await sending;
    });

    it('sends a history of which the worker refuses exactly what is wrong on purpose', async () => {
      const summary = await simulate(platform, optionsOf());
      await work();
      expect(await refusedCodes(pair)).toEqual(
        Object.fromEntries(summary.faults.map(({ row, expectedCode }) => [idOf(row), expectedCode])),
      );
      expect(summary.faults.length).toBeGreaterThan(35);
    });

    it('corrects what was refused, each row once, and the corrections succeed', async () => {
      const { faults } = await simulate(platform, optionsOf());
      await work();
      const correctable = faults.filter((fault) => fault.correctable).map(({ row }) => idOf(row));
      // Another platform, as after a restart: what to correct stands in the rows.
      const later = await simulate(new Platform(pair.middle), optionsOf({ rows: 0, correct: true }));
      expect(later.corrections.map(({ refused }) => idOf(refused)).sort()).toEqual(correctable.sort());
      expect(await platform.correct(1000)).toEqual([]);
      await work();
      const rows = await standing(pair.middle);
      for (const { sent } of later.corrections) {
        for (const key of sent)
          expect(rows.get(`${key.source}:${key.streamingNo}`)).toMatchObject({ state: 2, errContent: null });
      }
      const putBack = later.corrections.filter(({ refused, sent }) => idOf(refused) === idOf(sent[0]!));
      expect(putBack.length).toBeGreaterThan(0);
      expect(putBack.length).toBeLessThan(later.corrections.length);
    });

    it('leaves rows alone that were refused for another reason than their fault', async () => {
      await simulate(platform, optionsOf());
      await work();
      for (const source of sources) {
        await pair.middle.execute({
          sql: `UPDATE ${tableOf[source]} SET ErrContent = '00205 过程执行异常' WHERE State = 3`,
          bindings: [],
        });
      }
      expect(await platform.correct(1000)).toEqual([]);
    });

    it('corrects while a worker is at work, and waits for the rest', async () => {
      const working = simulate(
        platform,
        optionsOf({ correct: true, patience: { toBeginMs: 20_000, toGoOnMs: 20_000 }, ratePerSecond: 800 }),
      );
      const ended = settled(working);
      do await work();
      while (!(await ended(50)));
      const summary = await working;
      await work();
      expect(summary.toCorrect).toBe(0);
      expect(summary.corrections.length).toBe(summary.faults.filter((fault) => fault.correctable).length);
      expect(await refusedCodes(pair)).toEqual(uncorrectedCodes(summary.faults, summary.corrections));
    });

    it('keeps to the rate and the time asked for', async () => {
      const startedAt = performance.now();
      const paced = await simulate(platform, optionsOf({ rows: 60, ratePerSecond: 100 }));
      expect(paced.rows).toBe(60);
      expect(performance.now() - startedAt).toBeGreaterThan(550);
      const timed = await simulate(
        platform,
        optionsOf({ rows: Infinity, ratePerSecond: 200, durationSeconds: 0.3 }),
      );
      expect(timed.rows).toBeGreaterThan(0);
      expect(timed.rows).toBeLessThanOrEqual(100);
    });

    it('ends early when it is told to', async () => {
      const told = AbortSignal.timeout(100);
      const summary = await simulate(
        platform,
        optionsOf({ rows: Infinity, ratePerSecond: 100, correct: true, signal: told }),
      );
      expect(await statesOf(pair.middle)).toEqual({ 0: summary.rows });
    });

    it('sends the examples of the specification under their own numbers', async () => {
      await platform.send(specExamples);
      await work();
      const rows = await standing(pair.middle);
      expect([...rows.values()].map(({ streamingNo }) => streamingNo).sort()).toEqual(
        specExamples.map(({ streamingNo }) => streamingNo).sort(),
      );
      expect(await statesOf(pair.middle)).toEqual({ 2: 8 });
      expect(
        await column(pair.store, 'SELECT count(*) FROM bnet_customer_attr').then(([n]) => Number(n)),
      ).toBe(16);
    });

    it('names the tables that are missing', async () => {
      expect(await platform.missingTables()).toEqual([]);
      await pair.middle.execute({ sql: 'DROP TABLE IF_BNET_ACCOUNT', bindings: [] });
      expect(await platform.missingTables()).toEqual(['IF_BNET_ACCOUNT']);
    });

    it('inserts 10,000 customers with three attributes each in a few seconds', async () => {
      const startedAt = performance.now();
      let batch: Message[] = [];
      const firstCustId = await platform.firstCustId();
      for (const message of opens({ seed: 1, customers: 10_000, attributesEach: 3, firstCustId })) {
        batch.push(message);
        if (batch.length < 1000) continue;
        await platform.send(batch);
        batch = [];
      }
      expect(await count('SELECT count(*) FROM IF_BNET_CUST_ATTR')).toBe(30_000);
      expect(performance.now() - startedAt).toBeLessThan(scaled(6000));
    });
  });
}

function idOf({ source, streamingNo }: RowKey): string {
  return `${source}:${streamingNo}`;
}

/** Tells, after a pause in which others may run, whether a promise has settled. */
function settled(promise: Promise<unknown>): (pauseMs: number) => Promise<boolean> {
  const done = promise.then(
    () => true,
    () => true,
  );
  return (pauseMs) => Promise.race([done, sleep(pauseMs, false)]);
}

function polled({ source, streamingNo }: RowKey) {
  const nothing = { custId: null, productId: null, bizId: null, userId: null, opFlag: null };
  return { source, streamingNo, ...nothing, state: 0, stateDate: null, createDate: null, attributes: 0 };
}

async function refusedCodes(pair: Pair): Promise<Record<string, string>> {
  const failed = [...(await standing(pair.middle))].filter(([, { state }]) => state === 3);
  return Object.fromEntries(failed.map(([id, { errContent }]) => [id, errContent?.slice(0, 5) ?? '']));
}

/** Refused rows stay refused unless they were put back. */
function uncorrectedCodes(
  faults: Awaited<ReturnType<typeof simulate>>['faults'],
  corrections: Awaited<ReturnType<typeof simulate>>['corrections'],
): Record<string, string> {
  const putBack = new Set(
    corrections.flatMap(({ refused, sent }) => sent.map(idOf).filter((id) => id === idOf(refused))),
  );
  const left = faults.filter(({ row }) => !putBack.has(idOf(row)));
  return Object.fromEntries(left.map(({ row, expectedCode }) => [idOf(row), expectedCode]));
}
