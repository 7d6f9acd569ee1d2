import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../src/demo/platform/random.js';
import { StoreAlarmError } from '../../src/worker/store-guard.js';
import { openPair, plant, retryWhileBusy, standing, type KnexPair, type Planted } from './databases.js';
import { lossFixture } from './loss-fixture.js';
import { repairPair } from './repairs.js';
import { verifyPair } from './verification.js';

/*
 * Random histories with a loss, for two stores: one that loses something, and one that does not. They have refusals, rows that
 * are corrected and put back, rows without a CreateDate and rows that come late. Between the steps lies a second, since marks
 * have no finer time.
 */

const steps = 7;
/** A State that workers do not poll. */
const hidden = 9;

interface PlannedRow {
  readonly source: 'CUST' | 'ACCOUNT';
  readonly columns: Planted;
  readonly attributes: readonly (readonly [string, string, string])[];
}

/** Rows to write, and failed rows to put back, corrected to this name. */
export interface PlannedStep {
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
    sql: `UPDATE IF_BNET_${source} SET State = ${hidden}, ErrContent = NULL, ${field} WHERE StreamingNo = '${streamingNo}'`,
    bindings: [],
  });
}

/** A store that follows the history. */
export class History {
  readonly #fixture: ReturnType<typeof lossFixture>;

  constructor(readonly pair: KnexPair) {
    this.#fixture = lossFixture(pair);
  }

  /** The rows come all at once, for workers that run. */
  async take({ rows, putBack: pick }: PlannedStep): Promise<void> {
    for (const { source, columns, attributes } of rows)
      await plant(this.pair.middle, source, { ...columns, State: hidden }, attributes);
    if (pick !== null) await putBack(this.pair, pick);
    await retryWhileBusy(() =>
      this.pair.middle.transaction(async (transaction) => {
        for (const table of ['IF_BNET_CUST', 'IF_BNET_ACCOUNT'])
          await transaction.execute({
            sql: `UPDATE ${table} SET State = 0 WHERE State = ${hidden}`,
            bindings: [],
          });
      }),
    );
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

/** A repair that ends in the middle, for whatever reason, if it comes so far; returns how many rows it has applied. */
export async function dies(
  pair: KnexPair,
  all: boolean,
  at: 'rows' | 'journal' | 'repaired',
): Promise<number> {
  let applied = 0;
  const onProgress = (phase: string, done: number): void => {
    if (phase === 'repaired') applied = done;
    if (phase === at) throw new RepairKilledError();
  };
  try {
    await repairPair(pair, { all, onProgress });
  } catch (error) {
    if (!(error instanceof RepairKilledError)) throw error;
  }
  return applied;
}

class RepairKilledError extends Error {}

/** A history is played on both: where the copy is taken, and where it is put back. */
export interface Plan {
  readonly random: Random;
  readonly steps: readonly PlannedStep[];
  readonly copyAt: number;
  readonly lossAt: number;
}

export function draw(seed: number): Plan {
  const random = new Random(seed);
  const planned = drawSteps(random);
  const copyAt = random.between(0, steps - 2);
  return { random, steps: planned, copyAt, lossAt: random.between(copyAt + 1, steps - 1) };
}

/** Plays a history on both, and calls `alarm` while one keeps the lossy one from working. */
export async function play(
  plan: Plan,
  intact: History,
  lossy: History,
  alarm: () => Promise<void>,
): Promise<void> {
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

/** Differences that verify finds in one and not in the other. */
export async function newDifferences(lossy: History, intact: History): Promise<readonly string[]> {
  const found = async ({ pair }: History) =>
    (await verifyPair(pair)).differences.map((difference) => JSON.stringify(difference));
  const known = new Set(await found(intact));
  return (await found(lossy)).filter((difference) => !known.has(difference));
}

export async function withHistories<T>(
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
