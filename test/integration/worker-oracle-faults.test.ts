import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { badRowKinds } from '../../src/demo/platform/bad-row.js';
import { history } from '../../src/demo/platform/history.js';
import { column, openOraclePair, standing, type OraclePair } from '../support/databases.js';
import { completed, send } from '../support/messages.js';
import { clear, storedModel } from '../support/model-rows.js';
import type { Fault, FaultAction, PlantedFault } from '../support/oracle/faults.js';
import type { OracleStandIn } from '../support/oracle/stand-in.js';
import { isRealOracle } from '../support/test-oracle.js';
import { hasPostgres } from '../support/postgres.js';
import { runModel } from '../support/sequential-model.js';
import { drain, quickSettings, testWorker, until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

const settings = { batchSize: 20, pollIntervalMs: 40, idlePollMaxMs: 80 };
const callTimeoutMs = scaled(1000);
/** Longer than any case may take; most of them take a second. */
const boundMs = scaled(15_000);

/** Rows of both tables with attributes, some of them to be refused. */
const messages = completed(
  history({
    seed: 42,
    rows: 40,
    customers: 8,
    firstCustId: 900000000000000000000000000001n,
    badShare: 0.2,
    faults: badRowKinds('pg', quickSettings.rules),
    userLimitAttrSpecId: null,
  }),
);

/** Where a fault strikes: at the second statement of this form. */
const places: Readonly<Record<string, RegExp>> = {
  poll: /^SELECT \/\*\+ CURSOR_SHARING_EXACT \*\/ page\.\*/,
  claim: /SET t\.State = 1, t\.StateDate/,
  'attributes and commit of a claim': /UPDATE IF_BNET_\w+_ATTR t\n[^]*m\.State IN \(1\)/,
  'rows after the claim': /AS "CreateDate"[^]*FROM IF_BNET_\w+ t\nWHERE t\.StreamingNo IN/,
  'attributes after the claim': /FROM IF_BNET_\w+_ATTR t\nWHERE t\.StreamingNo IN/,
  mark: /SET t\.State = :state/,
  'attributes and commit of a mark': /UPDATE IF_BNET_\w+_ATTR t\n[^]*m\.State IN \(2, 3\)/,
  'last look': /^SELECT CASE WHEN EXISTS/,
};

interface Trouble {
  readonly phase: NonNullable<Fault['phase']>;
  readonly action: FaultAction;
  /** What happens to the server besides, once the fault has struck. */
  readonly then?: (standIn: OracleStandIn) => Promise<void>;
}

const refusesForAWhile = async (standIn: OracleStandIn) => {
  standIn.faults.listener = 'refuse';
  standIn.cutConnections('reset');
  await pause(700);
  standIn.faults.listener = 'accept';
};
const cutsAfterAWhile = async (standIn: OracleStandIn) => {
  await pause(1.5 * callTimeoutMs);
  standIn.cutConnections('reset');
};

const troubles: Readonly<Record<string, Trouble>> = {
  'reset before': { phase: 'before', action: { kind: 'reset' } },
  'reset after': { phase: 'after', action: { kind: 'reset' } },
  'close before': { phase: 'before', action: { kind: 'close' } },
  'close after': { phase: 'after', action: { kind: 'close' } },
  'silence before': { phase: 'before', action: { kind: 'silence' } },
  'silence after': { phase: 'after', action: { kind: 'silence' } },
  'silence with the locks kept': {
    phase: 'after',
    action: { kind: 'silence', deaf: true },
    then: cutsAfterAWhile,
  },
  'a delay beyond the deadline': { phase: 'before', action: { kind: 'delay', ms: 1.4 * callTimeoutMs } },
  'a late answer': { phase: 'after', action: { kind: 'delay', ms: 1.4 * callTimeoutMs } },
  'ORA-00060': { phase: 'before', action: { kind: 'error', number: 60 } },
  'ORA-01653': { phase: 'before', action: { kind: 'error', number: 1653 } },
  'ORA-01013': { phase: 'before', action: { kind: 'error', number: 1013 } },
  'no connections for a while': { phase: 'before', action: { kind: 'reset' }, then: refusesForAWhile },
};

const cases = Object.keys(places).flatMap((place) =>
  Object.keys(troubles).map((trouble) => [trouble, place] as const),
);

/** Waits until the plain access, which may have been cut as well, is there again. */
async function answers({ middle }: OraclePair): Promise<void> {
  const ask = () => column(middle, 'SELECT 1 FROM DUAL');
  await until(() =>
    ask().then(
      () => true,
      () => false,
    ),
  );
}

/** What a run leaves behind. */
async function remains({ middle, store, ...pair }: OraclePair) {
  const astray = ['CUST', 'ACCOUNT'].map(
    (source) => `SELECT a.StreamingNo FROM IF_BNET_${source}_ATTR a JOIN IF_BNET_${source} m
      ON m.StreamingNo = a.StreamingNo WHERE a.State <> m.State`,
  );
  const rows = [...(await standing(middle))];
  return {
    rows: rows.map(([key, { state, errContent }]) => ({ key, state, errContent })).sort(byKey),
    store: await storedModel({ ...pair, middle, store }),
    journal: (await column(store, `SELECT source || ':' || streaming_no FROM sync_journal`)).sort(),
    astray: [...(await column(middle, astray[0]!)), ...(await column(middle, astray[1]!))],
  };
}

const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);

describe.runIf(hasPostgres && !isRealOracle)('whole worker on Oracle: faults', { concurrent: true }, () => {
  const all: OraclePair[] = [];
  const idle: OraclePair[] = [];
  let undisturbed: ReturnType<typeof remains> | undefined;
  const durations: number[] = [];
  const rates: string[] = [];
  afterAll(async () => {
    await Promise.all(all.map((pair) => pair.close()));
    if (process.env['TEST_FIGURES'] !== undefined) {
      const mean = durations.reduce((sum, ms) => sum + ms, 0) / durations.length;
      console.log(
        `${durations.length} runs, mean ${mean.toFixed(0)} ms, longest ${Math.max(...durations).toFixed(0)} ms`,
      );
      console.log(rates.join('\n'));
    }
  });

  const openLane = async () => {
    const pair = await openOraclePair();
    all.push(pair);
    pair.oracle.created?.standIn.cutConnections('reset');
    return pair;
  };

  /** Lends databases with the rows in them, and nobody else connected. */
  async function withLane(work: (pair: OraclePair, standIn: OracleStandIn) => Promise<void>): Promise<void> {
    const pair = idle.pop() ?? (await openLane());
    const { standIn } = pair.oracle.created!;
    try {
      await until(() => standIn.connections === 0);
      await answers(pair);
      await clear(pair);
      await send(pair, messages);
      await work(pair, standIn);
    } finally {
      standIn.faults.clear();
      standIn.cutConnections('reset');
      idle.push(pair);
    }
  }

  const drained = (pair: OraclePair) =>
    drain({ middle: pair.openMiddle({ callTimeoutMs }), store: pair.openStore(), settings });

  async function withoutFaults(): Promise<Awaited<ReturnType<typeof remains>>> {
    undisturbed ??= new Promise((resolve, reject) => {
      withLane(async (pair) => {
        await drained(pair);
        resolve(await remains(pair));
      }).catch(reject);
    });
    return undisturbed;
  }

  it('without faults rows end as one after the other', async () => {
    const { rows, store, journal, astray } = await withoutFaults();
    const model = runModel(messages);
    const codes = model.outcomes.map(({ source, streamingNo, code }) => ({
      key: `${source}:${streamingNo}`,
      code,
    }));
    expect(rows.map(({ key, errContent }) => ({ key, code: errContent?.slice(0, 5) ?? null }))).toEqual(
      codes.sort(byKey),
    );
    expect(rows.filter(({ state }) => state === 3).length).toBeGreaterThan(5);
    expect(store).toEqual(model.store);
    expect(journal).toEqual(codes.map(({ key }) => key).sort());
    expect(astray).toEqual([]);
  });

  it.each(cases)(
    '%s at: %s',
    async (trouble, place) => {
      const expected = await withoutFaults();
      await withLane(async (pair, standIn) => {
        const { then, ...fault } = troubles[trouble]!;
        const skip = place === 'last look' ? 0 : 1;
        const planted = standIn.faults.plant({ at: 'execute', sql: places[place]!, skip, ...fault });
        const aftermath = planted.struck.then(() => then?.(standIn));
        const startedAt = performance.now();
        const told = await drained(pair);
        durations.push(performance.now() - startedAt);
        expectStruck(planted);
        await aftermath;
        await answers(pair);
        expect(durations.at(-1)).toBeLessThan(boundMs);
        expect(await remains(pair)).toEqual(expected);
        const unexpected = ['rowErrored', 'breakerOpened', 'contentChanged', 'markConflict', 'leaseLost'];
        expect(told.filter(({ name }) => unexpected.includes(name))).toEqual([]);
      });
    },
    scaled(30_000),
  );

  const closedDoors: Readonly<Record<string, (standIn: OracleStandIn) => void>> = {
    'the listener refuses': ({ faults }) => void (faults.listener = 'refuse'),
    'the listener resets': ({ faults }) => void (faults.listener = 'reset'),
    'the listener is silent': ({ faults }) => void (faults.listener = 'silence'),
    'logins are reset': ({ faults }) =>
      void faults.plant({ at: 'login', times: Infinity, action: { kind: 'reset' } }),
    'logins are closed at their end': ({ faults }) =>
      void faults.plant({ at: 'login', phase: 'after', times: Infinity, action: { kind: 'close' } }),
    'logins are not answered': ({ faults }) =>
      void faults.plant({ at: 'login', times: Infinity, action: { kind: 'silence' } }),
    'processes are used up': ({ faults }) =>
      void faults.plant({ at: 'login', times: Infinity, action: { kind: 'error', number: 20 } }),
  };

  it.each(Object.keys(closedDoors))(
    'while %s, a worker connects seldom, fails nothing, and goes on afterwards',
    async (door) => {
      const expected = await withoutFaults();
      await withLane(async (pair, standIn) => {
        const { worker, told } = testWorker({
          middle: pair.openMiddle({ callTimeoutMs }),
          store: pair.openStore(),
          settings,
        });
        const running = worker.run();
        await until(() => told.some(({ name }) => name === 'claimed'));
        closedDoors[door]!(standIn);
        standIn.cutConnections('reset');
        const perSecond: number[] = [];
        for (let second = 0; second < 4; second += 1) {
          const before = standIn.counters.connectionAttempts;
          await pause(1000);
          perSecond.push(standIn.counters.connectionAttempts - before);
        }
        rates.push(`${door}: connection attempts in each second ${perSecond.join(', ')}`);
        expect(Math.max(...perSecond)).toBeLessThanOrEqual(10);
        expect(Math.max(...perSecond)).toBeGreaterThan(0);
        standIn.faults.clear();
        await answers(pair);
        await until(async () => [...(await standing(pair.middle)).values()].every(({ state }) => state > 1));
        worker.stop();
        await running;
        expect(await remains(pair)).toEqual(expected);
        expect(told.filter(({ name }) => name === 'rowErrored' || name === 'breakerOpened')).toEqual([]);
      });
    },
    scaled(60_000),
  );
});

function expectStruck(planted: PlantedFault): void {
  expect(planted.hits, 'the fault struck').toBe(1);
}
