import { setTimeout as sleep } from 'node:timers/promises';
import process from 'node:process';
import PQueue from 'p-queue';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/demo/platform/random.js';
import { StoreAlarmError } from '../../src/worker/store-guard.js';
import { isAvailable, openPair, plant, standing, type KnexPair, type Planted } from '../support/databases.js';
import { lossFixture } from '../support/loss-fixture.js';
import { contentsOf, repairPair } from '../support/repairs.js';
import { scaled } from '../support/time-factor.js';
import { verifyPair } from '../support/verification.js';

/*
 * Random histories with a loss, beside the same history without it: once the store is repaired, both hold the same, also
 * where the repair died and was started again.
 * Histories have refusals, rows that are corrected and put back, rows without a CreateDate and rows that come late. Between
 * the steps lies a second, since marks have no finer time. REPAIR_HISTORIES=1000 plays more of them.
 */

const histories = Number(process.env['REPAIR_HISTORIES'] ?? 12);
const atOnce = 12;
const steps = 7;

interface PlannedRow {
  readonly source: 'CUST' | 'ACCOUNT';
  readonly columns: Planted;
  readonly attributes: readonly (readonly [string, string, string])[];
}

/** Rows to write, and failed rows to put back, corrected to this name. */
interface PlannedStep {
  readonly rows: readonly PlannedRow[];
  readonly putBack: number | null;
}

function drawSteps(random: Random): PlannedStep[] {
  let next = 100;
  const number = (): string => String((next += random.between(1, 9)));
  return Array.from({ length: steps }, (_, step): PlannedStep => {
    const rows = Array.from({ length: random.between(1, 5) }, () => drawRow(random, number, step));
    return { rows, putBack: random.chance(0.5) ? random.next() : null };
  });
}

function drawRow(random: Random, number: () => string, step: number): PlannedRow {
  const source = random.chance(0.5) ? 'CUST' : 'ACCOUNT';
  const opFlag =
    source === 'CUST'
      ? random.pick(['0101', '0101', '0102', '0103'])
      : random.pick(['0201', '0201', '0202', '0203']);
  // Some come late, and some have no CreateDate.
  const minute = random.chance(0.15) ? random.between(0, 59) : 8 * step + random.between(0, 7);
  const createDate = random.chance(0.1) ? null : `2026-11-01 08:${String(minute).padStart(2, '0')}:00`;
  const identity = {
    ProductID: '1',
    CustID: String(random.between(1, 4)),
    BizID: random.pick(['b', 'b', 'c']),
  };
  const name = random.chance(0.1) ? null : `name ${random.between(1, 99)}`;
  const ofSource =
    source === 'CUST'
      ? { CustAccount: random.chance(0.1) ? null : 'a', CustName: name }
      : { UserID: random.pick(['u', 'v', 'w']), AccType: random.pick(['1', '2', '9']), AccName: name };
  const attributes = Array.from({ length: random.between(0, 2) }, () => {
    return [number(), random.pick(['7', '8']), `value ${random.between(1, 9)}`] as const;
  });
  const columns = { StreamingNo: number(), OPFlag: opFlag, CreateDate: createDate, ...identity, ...ofSource };
  return { source, columns, attributes };
}

/** A failed row is corrected and put back; the same one in both stores. */
async function putBack(pair: KnexPair, pick: number): Promise<void> {
  const failed = [...(await standing(pair.middle)).entries()].filter(([, { state }]) => state === 3);
  const names = failed.map(([key]) => key).sort();
  const name = names[Math.floor(pick * names.length)];
  if (name === undefined) return;
  const [source = '', streamingNo = ''] = name.split(':');
  const field =
    source === 'CUST' ? `CustName = 'corrected', CustAccount = 'c'` : `AccName = 'corrected', AccType = 1`;
  await pair.middle.execute({
    sql: `UPDATE IF_BNET_${source} SET State = 0, ErrContent = NULL, ${field} WHERE StreamingNo = '${streamingNo}'`,
    bindings: [],
  });
}

/** A store that follows the history. */
class History {
  readonly #fixture: ReturnType<typeof lossFixture>;

  constructor(readonly pair: KnexPair) {
    this.#fixture = lossFixture(pair);
  }

  async take({ rows, putBack: pick }: PlannedStep): Promise<void> {
    for (const { source, columns, attributes } of rows)
      await plant(this.pair.middle, source, columns, attributes);
    if (pick !== null) await putBack(this.pair, pick);
  }

  /** Works everything off; false where an alarm keeps it from that. */
  async work(): Promise<boolean> {
    try {
      await this.#fixture.work();
      return true;
    } catch (error) {
      if (error instanceof StoreAlarmError) return false;
      throw error;
    }
  }

  copy() {
    return this.#fixture.copy();
  }

  accept() {
    return this.#fixture.accept();
  }
}

/** A repair that ends in the middle, for whatever reason; returns how many rows it has applied. */
async function dies(pair: KnexPair, all: boolean, at: 'rows' | 'journal' | 'repaired'): Promise<number> {
  let applied = 0;
  const onProgress = (phase: string, done: number): void => {
    if (phase === 'repaired') applied = done;
    if (phase === at) throw new Error('killed');
  };
  await expect(repairPair(pair, { all, onProgress })).rejects.toThrow('killed');
  return applied;
}

/** A history is played on both: where the copy is taken, and where it is put back. */
interface Plan {
  readonly random: Random;
  readonly steps: readonly PlannedStep[];
  readonly copyAt: number;
  readonly lossAt: number;
}

function draw(seed: number): Plan {
  const random = new Random(seed);
  const planned = drawSteps(random);
  const copyAt = random.between(0, steps - 2);
  return { random, steps: planned, copyAt, lossAt: random.between(copyAt + 1, steps - 1) };
}

/** Plays a history on both, and calls `alarm` while one keeps the lossy one from working. */
async function play(plan: Plan, intact: History, lossy: History, alarm: () => Promise<void>): Promise<void> {
  let copy: Awaited<ReturnType<History['copy']>> | null = null;
  for (const [index, step] of plan.steps.entries()) {
    if (index === plan.copyAt) copy = await lossy.copy();
    await Promise.all([intact.take(step), lossy.take(step)]);
    await intact.work();
    if (index === plan.lossAt) await copy?.putBack();
    for (let tries = 0; !(await lossy.work()) && tries < 3; tries += 1) await alarm();
    await sleep(1100 - (Date.now() % 1000));
  }
}

/** Repairs at once; returns how many rows were repaired. */
async function playRepaired(seed: number, intact: History, lossy: History): Promise<number> {
  const plan = draw(seed);
  const { random } = plan;
  // A copy from before the first row has no origin.
  const all = plan.copyAt === 0;
  let repaired = 0;
  await play(plan, intact, lossy, async () => {
    if (random.chance(0.5))
      repaired += await dies(lossy.pair, all, random.pick(['rows', 'journal', 'repaired']));
    if (random.chance(0.5)) {
      const custId = String(random.between(1, 4));
      repaired += (await repairPair(lossy.pair, { all, custId })).rows;
    }
    const report = await repairPair(lossy.pair, { all });
    expect(report.left, `seed ${seed}`).toEqual([]);
    expect(report.alarmsClosed, `seed ${seed}`).toBeGreaterThan(0);
    repaired += report.rows;
  });
  return repaired;
}

/** What a late repair did. */
interface LateRepair {
  readonly rows: number;
  readonly replayed: number;
  readonly takenBack: number;
  /** The platform was told that a row succeeded which could not have without the loss. */
  readonly toldOtherwise: boolean;
}

/** The loss is accepted, workers go on, and everything is repaired in the end. */
async function playAccepted(seed: number, intact: History, lossy: History): Promise<LateRepair> {
  const drawn = draw(seed);
  // From the loss on both have other failed rows, so that nobody can correct the same ones.
  const planned = drawn.steps.map((step, index) =>
    index < drawn.lossAt ? step : { ...step, putBack: null },
  );
  await play({ ...drawn, steps: planned }, intact, lossy, async () => {
    await lossy.accept();
  });
  const dry = await repairPair(lossy.pair, { all: true, takeBack: true, dryRun: true });
  if (drawn.random.chance(0.5)) await dies(lossy.pair, true, drawn.random.pick(['rows', 'journal']));
  const report = await repairPair(lossy.pair, { all: true, takeBack: true });
  const { rows, replayed, falselyRefused, left } = report;
  expect({ ...dry, dryRun: false, action: report.action }, `seed ${seed}`).toEqual({
    ...report,
    falselyRefused: { ...falselyRefused, takenBack: 0 },
  });
  expect(falselyRefused.takenBack, `seed ${seed}`).toBe(falselyRefused.rows);
  await lossy.work();
  const states = async ({ pair }: History) =>
    [...(await standing(pair.middle))].map(([key, { state }]) => `${key} ${state}`).sort();
  const toldOtherwise = JSON.stringify(await states(lossy)) !== JSON.stringify(await states(intact));
  // Such a row may be impossible where it belongs.
  const mayBeLeft = ({ reason }: { readonly reason: string }) => toldOtherwise && reason === 'impossible';
  expect(
    left.filter((customer) => !mayBeLeft(customer)),
    `seed ${seed}`,
  ).toEqual([]);
  return { rows, replayed, takenBack: falselyRefused.takenBack, toldOtherwise };
}

/** Differences that verify finds in one and not in the other. */
async function newDifferences(lossy: History, intact: History): Promise<readonly string[]> {
  const found = async ({ pair }: History) =>
    (await verifyPair(pair)).differences.map((difference) => JSON.stringify(difference));
  const known = new Set(await found(intact));
  return (await found(lossy)).filter((difference) => !known.has(difference));
}

async function withHistories<T>(
  kind: 'SQLite' | 'PostgreSQL',
  work: (intact: History, lossy: History) => Promise<T>,
): Promise<T> {
  const [intact, lossy] = await Promise.all([openPair(kind), openPair(kind)]);
  try {
    return await work(new History(intact), new History(lossy));
  } finally {
    await Promise.all([intact.close(), lossy.close()]);
  }
}

describe('a store that is repaired after a loss', () => {
  for (const kind of ['SQLite', 'PostgreSQL'] as const) {
    const options = { timeout: scaled(120_000) * Math.ceil(histories / atOnce) };
    const all = async <T>(work: (seed: number, intact: History, lossy: History) => Promise<T>) => {
      const seeds = Array.from(
        { length: kind === 'SQLite' ? histories : Math.ceil(histories / 3) },
        (_, index) => index + 1,
      );
      const queue = new PQueue({ concurrency: atOnce });
      return queue.addAll(
        seeds.map((seed) => () => withHistories(kind, (intact, lossy) => work(seed, intact, lossy))),
      );
    };

    it.runIf(isAvailable(kind))(`is the same as one that lost nothing, on ${kind}`, options, async () => {
      const repaired = await all(async (seed, intact, lossy) => {
        const rows = await playRepaired(seed, intact, lossy);
        expect(await contentsOf(lossy.pair), `seed ${seed}`).toEqual(await contentsOf(intact.pair));
        // Rows that came late differ in both; a repaired one is not asked whether it did.
        expect(await newDifferences(lossy, intact), `seed ${seed}`).toEqual([]);
        return rows;
      });
      expect(repaired.filter((rows) => rows > 0).length).toBeGreaterThan(repaired.length / 3);
    });

    it.runIf(isAvailable(kind))(
      `is so too where workers went on before, unless the platform was told otherwise, on ${kind}`,
      options,
      async () => {
        const repaired = await all(async (seed, intact, lossy) => {
          const repair = await playAccepted(seed, intact, lossy);
          if (repair.toldOtherwise) return repair;
          expect(await contentsOf(lossy.pair), `seed ${seed}`).toEqual(await contentsOf(intact.pair));
          expect(await newDifferences(lossy, intact), `seed ${seed}`).toEqual([]);
          return repair;
        });
        const count = (isSo: (repair: LateRepair) => boolean) => repaired.filter(isSo).length;
        expect(count(({ toldOtherwise }) => !toldOtherwise)).toBeGreaterThan(repaired.length / 3);
        expect(count(({ replayed }) => replayed > 0)).toBeGreaterThan(repaired.length / 6);
      },
    );
  }
});
