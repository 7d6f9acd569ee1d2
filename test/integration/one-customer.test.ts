import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Mark, MiddleDatabase } from '../../src/middle/port.js';
import {
  column,
  retryWhileBusy,
  openPair,
  plant,
  standing,
  type KnexPair,
  type Planted,
} from '../support/databases.js';
import {
  quickSettings,
  testWorker,
  toldOnce,
  until,
  type TestWorkerParts,
  type ToldEvent,
} from '../support/workers.js';
import { open as openOfProduct } from '../support/sample-rows.js';

/*
 * One row, one customer (P12), each mechanism for itself: what is wrong is wrong with row 7 alone, and everything else
 * ends soon.
 */

const open = { ...openOfProduct, AreaCode: '020' };
const count = 30;
const soonMs = 8000;

describe('what is wrong with one row, on SQLite,', () => {
  let pair: KnexPair;
  let stop: (() => Promise<unknown>)[];
  beforeEach(async () => {
    pair = await openPair('SQLite');
    stop = [];
  });
  afterEach(async () => {
    await Promise.all(stop.map((end) => end()));
    await pair.close();
  });

  const run = (sql: string) => retryWhileBusy(() => pair.middle.execute({ sql, bindings: [] }));
  /** A rule of the middle database about row 7. */
  const refuse = (when: string) =>
    run(`CREATE TRIGGER rule BEFORE UPDATE ON IF_BNET_CUST WHEN NEW.StreamingNo = '7' AND ${when}
         BEGIN SELECT RAISE(ABORT, 'refused by a rule'); END`);
  const allow = () => run('DROP TRIGGER rule');
  const rowOf = (no: number, more: Planted = {}): Planted => ({
    ...{ ...open, CustID: String(no), StreamingNo: String(no) },
    ...more,
  });
  async function plantAll(seventh: Planted = {}): Promise<void> {
    for (let no = 1; no <= count; no += 1)
      await plant(pair.middle, 'CUST', rowOf(no, no === 7 ? seventh : {}));
  }
  function start(parts: Partial<TestWorkerParts> = {}): { told: ToldEvent[]; end: () => Promise<void> } {
    const { worker, told } = testWorker({ middle: pair.openMiddle(), store: pair.openStore(), ...parts });
    const running = worker.run();
    const end = async (): Promise<void> => {
      worker.stop();
      await running;
    };
    stop.push(() => end().catch(() => undefined));
    return { told, end };
  }
  const seventh = async () => (await standing(pair.middle)).get('CUST:7');
  const othersEnd = () =>
    until(async () => {
      const rows = [...(await standing(pair.middle)).values()];
      const others = rows.filter(({ streamingNo }) => streamingNo !== '7' && Number(streamingNo) <= count);
      return others.filter(({ state }) => state === 2).length === count - 1;
    }, soonMs);

  it('a claim that is refused, keeps no other row of its page from being claimed', async () => {
    await plantAll();
    await refuse('NEW.State = 1');
    const { told } = start();
    await othersEnd();
    expect((await seventh())?.state).toBe(0);
    expect(told.filter(({ name }) => name === 'breakerOpened')).toEqual([]);
  });

  it('a mark that is refused, keeps no other row of its page from being marked', async () => {
    await plantAll();
    await refuse('NEW.State > 1');
    const { told } = start();
    await othersEnd();
    expect((await seventh())?.state).toBe(1);
    expect(told.filter(({ name }) => name === 'breakerOpened')).toEqual([]);
  });

  it('an apply that the product store refuses, keeps no other row of its batch from taking effect', async () => {
    await plantAll();
    await pair.store.execute({
      sql: `CREATE TRIGGER rule BEFORE INSERT ON bnet_customer WHEN NEW.cust_id = '7'
            BEGIN SELECT RAISE(ABORT, 'refused by a rule'); END`,
      bindings: [],
    });
    const { told } = start();
    await othersEnd();
    await until(async () => (await seventh())?.state === 3, soonMs);
    expect((await seventh())?.errContent).toMatch(/^00205 /);
    expect(told.filter(({ name }) => name === 'breakerOpened')).toEqual([]);
  });

  it('a failure whose mark is refused, is in no statement with the successes', async () => {
    await plantAll({ OPFlag: '0999' });
    await refuse('NEW.State = 3');
    const marks: (readonly Mark[])[] = [];
    const middle = pair.openMiddle();
    start({ middle: watched(middle, marks) });
    await othersEnd();
    const successes = marks.filter((part) => part.some(({ errContent }) => errContent === null));
    for (const part of successes) expect(part.filter(({ errContent }) => errContent !== null)).toEqual([]);
    expect(successes.flat()).toHaveLength(count - 1);
    expect((await seventh())?.state).toBe(1);
  });

  it('a text that is too long for its column, is shortened down to what fits', async () => {
    await plantAll({ OPFlag: '0999' });
    await refuse('length(NEW.ErrContent) > 24');
    start();
    await othersEnd();
    await until(async () => (await seventh())?.state === 3, soonMs);
    expect((await seventh())?.errContent).toMatch(/^00403/);
    const [full] = await column(pair.store, "SELECT err_content FROM sync_journal WHERE streaming_no = '7'");
    expect(String(full).length).toBeGreaterThan(24);
  });

  it('is known to a worker that takes over: it leaves the customer alone until the pause is over', async () => {
    await plantAll();
    await refuse('NEW.State = 1');
    const first = start();
    await othersEnd();
    await until(async () => (await column(pair.store, 'SELECT 1 FROM sync_deferral')).length === 1, soonMs);
    await first.end();
    const [tries] = await column(pair.store, 'SELECT tries FROM sync_deferral');
    await run("UPDATE IF_BNET_CUST SET State = 0 WHERE StreamingNo = '8'");
    await pair.store.execute({
      sql: "UPDATE sync_deferral SET next_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '+80 seconds')",
      bindings: [],
    });
    const second = start();
    await until(async () => (await standing(pair.middle)).get('CUST:8')?.state === 2, soonMs);
    expect(second.told.filter(({ name }) => name === 'rowsDeferred')).toEqual([]);
    expect(await column(pair.store, 'SELECT tries FROM sync_deferral')).toEqual([tries]);
    await second.end();
    await allow();
    await pair.store.execute({ sql: 'DELETE FROM sync_deferral', bindings: [] });
    start();
    await until(async () => (await seventh())?.state === 2, soonMs);
  });

  it('more attribute rows than there may be, refuse it, and nothing is read or changed of them', async () => {
    await plantAll();
    await run(`INSERT INTO IF_BNET_CUST_ATTR (CustAttrID, StreamingNo, CustID, AttrSpecID, AttrValue, State)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= ${quickSettings.maxAttributes})
      SELECT CAST(i AS TEXT), '7', '7', '11002001000000000000', 'x', 0 FROM n`);
    const { told } = start();
    await othersEnd();
    await until(async () => (await seventh())?.state === 3, soonMs);
    expect((await seventh())?.errContent).toMatch(/^00403 /);
    expect(await column(pair.middle, 'SELECT DISTINCT State FROM IF_BNET_CUST_ATTR')).toEqual([0]);
    expect(told.filter(({ name }) => name === 'breakerOpened')).toEqual([]);
  });

  it('a mark that is refused, leaves the later rows of its customer unmarked', async () => {
    await plantAll();
    const later = { CustID: '7', CreateDate: '2026-11-02 08:00:00', StreamingNo: '1007' };
    await plant(pair.middle, 'CUST', { ...open, ...later, OPFlag: '0102' });
    const { ProductID, BizID } = open;
    const user = { UserID: 'u', AccType: 1, AccName: 'n' };
    await plant(pair.middle, 'ACCOUNT', {
      ...later,
      ProductID,
      BizID,
      ...user,
      StreamingNo: '2007',
      OPFlag: '0201',
    });
    await refuse('NEW.State > 1');
    const { worker } = testWorker({ middle: pair.openMiddle(), store: pair.openStore() });
    const deferred = toldOnce(worker, 'rowsDeferred');
    const running = worker.run();
    stop.push(() => (worker.stop(), running));
    await deferred;
    await othersEnd();
    const rows = await standing(pair.middle);
    expect(['CUST:7', 'CUST:1007', 'ACCOUNT:2007'].map((id) => rows.get(id)?.state)).toEqual([1, 1, 1]);
    await allow();
    await pair.store.execute({ sql: 'DELETE FROM sync_deferral', bindings: [] });
    await until(async () => (await standing(pair.middle)).get('ACCOUNT:2007')?.state === 2, 15_000);
  });
});

/** Writes down what is to be marked. */
function watched(middle: MiddleDatabase, marks: (readonly Mark[])[]): MiddleDatabase {
  return new Proxy(middle, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...values: unknown[]) => {
        if (name === 'mark') marks.push(values[0] as readonly Mark[]);
        return Reflect.apply(value, target, values) as unknown;
      };
    },
  });
}
