import '../support/hostile-time-zone.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.js';
import { badRowKinds } from '../../src/demo/platform/bad-row.js';
import { history } from '../../src/demo/platform/history.js';
import type { CustomerHandlerContext } from '../../src/worker/handlers.js';
import { column, openOraclePair, plant, standing, type OraclePair } from '../support/databases.js';
import { completed, send } from '../support/messages.js';
import { storedModel } from '../support/model-rows.js';
import { hasOracle, isRealOracle } from '../support/test-oracle.js';
import { sqlOf } from '../support/plain-access.js';
import { runModel } from '../support/sequential-model.js';
import { drain, quickSettings, testWorker, until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';
import { bind, open } from '../support/sample-rows.js';

const limitSpec = '11002009000000000000';

/** Zone of the stand-in: neither the process's nor UTC nor PostgreSQL's, and west of them all. */
const serverZone = 'America/St_Johns';

describe.runIf(hasOracle)('whole worker on Oracle through the driver', { timeout: scaled(180_000) }, () => {
  let pair: OraclePair;
  const { worker: defaults } = parseConfig(
    { middle: { client: 'pg', connection: 'x' }, store: { client: 'pg', connection: 'y' } },
    '/',
  );
  beforeEach(async () => {
    pair = await openOraclePair({ timeZone: serverZone }, defaults.shards);
  });
  afterEach(() => pair.close());
  const parts = () => ({ middle: pair.openMiddle(), store: pair.openStore() });
  const shards = { shards: defaults.shards };
  const count = async (sql: string) => Number((await column(pair.middle, sql))[0]);

  it('brings 5,000 mixed rows with refusals to the store with the default settings, exactly as one after the other', async () => {
    const rules = { ...quickSettings.rules, userLimitAttrSpecId: limitSpec };
    const messages = completed(
      history({
        seed: 20_261_122,
        rows: 5000,
        customers: 600,
        firstCustId: 900000000000000000000000000001n,
        badShare: 0.1,
        faults: badRowKinds('pg', rules),
        userLimitAttrSpecId: limitSpec,
      }),
    );
    expect(messages).toHaveLength(5000);
    await send(pair, messages);
    await drain({
      middle: pair.openMiddle({ callTimeoutMs: defaults.callTimeoutMs }),
      store: pair.openStore(defaults.leaseTtlMs),
      settings: { ...defaults, rules },
    });

    const rows = await standing(pair.middle);
    const outcomes = messages.map(({ source, streamingNo }) => {
      const { state, errContent } = rows.get(`${source}:${streamingNo}`)!;
      return { source, streamingNo, state, code: errContent?.slice(0, 5) ?? null };
    });
    expect(outcomes).toEqual(
      messages.map(({ source, streamingNo, fault }) => {
        return { source, streamingNo, state: fault === undefined ? 2 : 3, code: fault?.code ?? null };
      }),
    );
    expect(outcomes.filter(({ state }) => state === 3).length).toBeGreaterThan(400);
    const model = runModel(messages, rules);
    expect(outcomes.map(({ code }) => code)).toEqual(model.outcomes.map(({ code }) => code));
    expect(await storedModel(pair)).toEqual(model.store);
    const entries = await column(pair.store, 'SELECT count(*) FROM sync_journal WHERE NOT superseded');
    expect(entries.map(Number)).toEqual([5000]);
    const astray = `SELECT COUNT(*) FROM IF_BNET_CUST_ATTR a JOIN IF_BNET_CUST m ON m.StreamingNo = a.StreamingNo
      WHERE a.State <> m.State`;
    expect(await count(astray)).toBe(0);
  });

  it('writes Chinese texts of up to 1,024 bytes whole, counted in bytes, and cuts longer ones between characters', async () => {
    const standard = '00404 业务逻辑执行错误: ';
    const room = 1024 - Buffer.byteLength(standard);
    const details: Readonly<Record<string, string>> = {
      '1': `${'错'.repeat(Math.floor(room / 3))}${'x'.repeat(room % 3)}`,
      '2': `${'x'.repeat((room % 3) + 1)}${'错'.repeat(400)}`,
      '3': `${'x'.repeat(room % 4)}${'𠮷'.repeat(300)}`,
    };
    for (const custId of Object.keys(details))
      await plant(pair.middle, 'CUST', { ...open, CustID: custId, StreamingNo: custId });
    const handlers = {
      onCustomer: ({ operation }: CustomerHandlerContext) => ({
        refuse: { code: '00404' as const, detail: details[operation.identity.custId]! },
      }),
    };
    const told = await drain({ ...parts(), settings: shards, handlers });
    const lengths = `SELECT LENGTHB(ErrContent) FROM IF_BNET_CUST ORDER BY StreamingNo`;
    expect((await column(pair.middle, lengths)).map(Number)).toEqual([1024, 1022, 1024]);
    const rows = await standing(pair.middle);
    expect(rows.get('CUST:1')?.errContent).toBe(`${standard}${details['1']}`);
    expect(`${standard}${details['2']}`.startsWith(rows.get('CUST:2')!.errContent!)).toBe(true);
    expect(`${standard}${details['3']}`.startsWith(rows.get('CUST:3')!.errContent!)).toBe(true);
    for (const { name, event } of told)
      if (name === 'rowFailed')
        expect(rows.get(`CUST:${event.streamingNo}`)?.errContent).toBe(event.errContent);
    const recorded = await column(pair.store, 'SELECT err_content FROM sync_journal ORDER BY streaming_no');
    expect(recorded).toEqual(['1', '2', '3'].map((no) => rows.get(`CUST:${no}`)?.errContent));
  });

  it('counts ages by the clock of the server, whatever the zones of process, session and server', async () => {
    const { clock, dateText } = sqlOf(pair.middle);
    const before = String((await column(pair.middle, clock))[0]);
    await plant(pair.middle, 'ACCOUNT', { ...bind, CustID: '1', StreamingNo: '1', CreateDate: before });
    await plant(pair.middle, 'CUST', { ...open, CustID: '2', StreamingNo: '2', CreateDate: before });
    const startedAt = performance.now();
    const { worker } = testWorker({
      ...parts(),
      settings: { ...shards, settleMs: 2000, dependencyGraceMs: 4000 },
    });
    const running = worker.run();
    await until(async () => (await standing(pair.middle)).get('CUST:2')?.state === 2);
    const settledMs = performance.now() - startedAt;
    await until(async () => (await standing(pair.middle)).get('ACCOUNT:1')?.state === 3);
    const refusedMs = performance.now() - startedAt;
    worker.stop();
    await running;
    expect(settledMs).toBeGreaterThan(900);
    expect(refusedMs).toBeGreaterThan(2900);
    expect(refusedMs).toBeLessThan(scaled(15_000));
    const after = String((await column(pair.middle, clock))[0]);
    for (const table of ['IF_BNET_CUST', 'IF_BNET_ACCOUNT']) {
      const [date] = await column(pair.middle, `SELECT ${dateText('StateDate')} FROM ${table}`);
      expect(String(date) >= before && String(date) <= after, `${before} ${String(date)} ${after}`).toBe(
        true,
      );
    }
  });

  it.runIf(!isRealOracle)(
    'a worker with nothing to do sends one statement per poll, twelve a minute',
    async () => {
      const { counters } = pair.oracle.created!.standIn;
      const [pollIntervalMs, idlePollMaxMs] = [10, 40];
      const { worker } = testWorker({ ...parts(), settings: { ...shards, pollIntervalMs, idlePollMaxMs } });
      const delays: number[] = [];
      worker.on('polled', ({ delayMs }) => {
        // The first ones are told before there are leases, and connect.
        if (delays.push(delayMs) === 10) counters.reset();
        if (delays.length === 40) worker.stop();
      });
      await worker.run();
      const { statements, roundTrips, connectionAttempts } = counters;
      expect({ statements, roundTrips, connectionAttempts }).toEqual({
        statements: 30,
        roundTrips: 30,
        connectionAttempts: 0,
      });
      expect(new Set(delays.slice(10))).toEqual(new Set([idlePollMaxMs]));
      const perMinute = (60_000 / defaults.idlePollMaxMs) * (roundTrips / 30);
      expect(perMinute).toBe(12);
    },
  );
});
