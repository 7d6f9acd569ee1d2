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

/** Plays a history on both; returns how many rows were lost. */
async function play(seed: number, intact: History, lossy: History): Promise<number> {
  const random = new Random(seed);
  const plan = drawSteps(random);
  const copyAt = random.between(0, steps - 2);
  const lossAt = random.between(copyAt + 1, steps - 1);
  // A copy from before the first row has no origin.
  const all = copyAt === 0;
  let copy: Awaited<ReturnType<History['copy']>> | null = null;
  let repaired = 0;
  for (const [index, step] of plan.entries()) {
    if (index === copyAt) copy = await lossy.copy();
    await Promise.all([intact.take(step), lossy.take(step)]);
    await intact.work();
    if (index === lossAt) await copy?.putBack();
    for (let tries = 0; !(await lossy.work()) && tries < 3; tries += 1) {
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
    }
    await sleep(1100 - (Date.now() % 1000));
  }
  return repaired;
}

describe('a store that is repaired after a loss', () => {
  for (const kind of ['SQLite', 'PostgreSQL'] as const) {
    it.runIf(isAvailable(kind))(
      `is the same as one that lost nothing, on ${kind}`,
      { timeout: scaled(120_000) * Math.ceil(histories / atOnce) },
      async () => {
        const queue = new PQueue({ concurrency: atOnce });
        const seeds = Array.from(
          { length: kind === 'SQLite' ? histories : Math.ceil(histories / 3) },
          (_, i) => i + 1,
        );
        const repaired = await queue.addAll(
          seeds.map((seed) => async () => {
            const [intact, lossy] = await Promise.all([openPair(kind), openPair(kind)]);
            try {
              const rows = await play(seed, new History(intact), new History(lossy));
              expect(await contentsOf(lossy), `seed ${seed}`).toEqual(await contentsOf(intact));
              // Rows that came late differ in both; a repaired one is not asked whether it did.
              const found = async (pair: KnexPair) =>
                (await verifyPair(pair)).differences.map((difference) => JSON.stringify(difference));
              const known = new Set(await found(intact));
              expect(
                (await found(lossy)).filter((difference) => !known.has(difference)),
                `seed ${seed}`,
              ).toEqual([]);
              return rows;
            } finally {
              await Promise.all([intact.close(), lossy.close()]);
            }
          }),
        );
        expect(repaired.filter((rows) => rows > 0).length).toBeGreaterThan(seeds.length / 3);
      },
    );
  }
});
