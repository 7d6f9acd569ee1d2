import '../support/hostile-time-zone.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Wait } from '../../src/domain/waiting.js';
import { OracleDatabase } from '../../src/middle/oracle/database.js';
import type { MiddleDatabase } from '../../src/middle/port.js';
import type { Counters } from '../support/oracle/faults.js';
import { hasPostgres } from '../support/postgres.js';
import { openStandInOracle, type TestOracle } from '../support/test-oracle.js';
import { oracleAdapterOver, oracleOptions } from './middle/oracle-fixture.js';
import { plantRows } from './middle/oracle-rows.js';
import { account, cust, everything, requestsFor, type PlantedRow } from './middle/rows.js';
import { scaled } from '../support/time-factor.js';

type Plant = typeof cust;

describe.runIf(hasPostgres)('Oracle: what a batch costs', { timeout: scaled(90_000) }, () => {
  let oracle: TestOracle;
  let counters: Counters;
  let database: OracleDatabase;
  let middle: MiddleDatabase;

  beforeAll(async () => {
    const opened = await openStandInOracle();
    oracle = opened;
    counters = opened.created.standIn.counters;
    database = new OracleDatabase(oracleOptions(oracle.connection));
    middle = oracleAdapterOver(database);
  });
  beforeEach(async () => {
    for (const table of ['CUST', 'CUST_ATTR', 'ACCOUNT', 'ACCOUNT_ATTR'])
      await oracle.owner.execute({ sql: `DELETE FROM IF_BNET_${table}`, bindings: [] });
  });
  afterAll(async () => {
    await database.close();
    await oracle.remove();
  });

  function rowsOf(plant: Plant, count: number, first = 0): PlantedRow[] {
    return Array.from({ length: count }, (_, index) => {
      const no = first + index;
      const attributes = [1, 2, 3].map((number) => ({ attrId: String(3 * no + number), attrValue: '值' }));
      return plant(String(no + 1), { custId: String(no % 300), attributes });
    });
  }

  function bare(rows: readonly PlantedRow[]): PlantedRow[] {
    return rows.map((row) => ({ ...row, attributes: [] }));
  }

  /** Polls, claims and marks all rows, every second of them as failed; returns the round trips. */
  async function roundTripsFor(rows: readonly PlantedRow[], request = everything()): Promise<number> {
    await plantRows(oracle.owner, rows);
    counters.reset();
    const page = await middle.poll(request);
    const claimed = await middle.claim(requestsFor(page.rows));
    expect(claimed).toMatchObject({ claimed: rows.length, left: [] });
    const marks = claimed.rows.map(({ source, streamingNo, stateDate, custId, attributes }, index) => {
      expect(attributes).toHaveLength(rows[0]!.attributes!.length);
      const errContent = index % 2 === 0 ? `00404 业务逻辑执行错误: ${streamingNo}` : null;
      return { source, streamingNo, attempt: stateDate!, custId, errContent };
    });
    expect(await middle.mark(marks)).toEqual({ marked: rows.length, conflicts: [], left: [], heldBack: [] });
    return counters.roundTrips;
  }

  it.each([1, 10, 1000])(
    'eleven round trips for %i rows of one table, seven where they have no attribute rows',
    async (count) => {
      expect(await roundTripsFor(rowsOf(cust, count))).toBe(11);
      expect(counters.commits).toBe(2);
      expect(await roundTripsFor(bare(rowsOf(account, count)))).toBe(7);
      expect(counters.commits).toBe(2);
    },
  );

  it.each([1, 10, 200])(
    'twenty-one for %i rows of each table, thirteen where they have no attribute rows',
    async (count) => {
      expect(await roundTripsFor([...rowsOf(cust, count), ...rowsOf(account, count)])).toBe(21);
      expect(counters.commits).toBe(2);
      const others = [...rowsOf(cust, count, 1000), ...rowsOf(account, count, 1000)];
      expect(await roundTripsFor(bare(others))).toBe(13);
      expect(counters.commits).toBe(2);
    },
  );

  it('one more for a claim, and for marks, of rows that have changed meanwhile', async () => {
    const rows = bare(rowsOf(cust, 10));
    await plantRows(oracle.owner, rows);
    const { rows: polled } = await middle.poll(everything());
    await oracle.owner.execute({ sql: 'DELETE FROM IF_BNET_CUST WHERE StreamingNo = 3', bindings: [] });
    counters.reset();
    const claimed = await middle.claim(requestsFor(polled));
    // Locked, looked at again, changed; then the rows and their attribute rows are read.
    expect([claimed.claimed, counters.roundTrips]).toEqual([9, 5]);
    await oracle.owner.execute({
      sql: 'UPDATE IF_BNET_CUST SET State = 0 WHERE StreamingNo = 4',
      bindings: [],
    });
    counters.reset();
    const marks = claimed.rows.map(({ source, streamingNo, stateDate, custId }) => {
      return { source, streamingNo, attempt: stateDate!, custId, errContent: null };
    });
    const { marked, conflicts } = await middle.mark(marks);
    expect([marked, conflicts.length, counters.roundTrips]).toEqual([8, 1, 4]);
  });

  it('one for an idle poll, and one to see whether anything is open', async () => {
    counters.reset();
    expect((await middle.poll(everything())).rows).toEqual([]);
    expect([counters.roundTrips, counters.statements]).toEqual([1, 1]);
    expect(await middle.hasOpenRows()).toBe(false);
    expect([counters.roundTrips, counters.statements]).toEqual([2, 2]);
  });

  it('binds each row once in each batch, and no texts that grow with the page', async () => {
    await roundTripsFor(rowsOf(cust, 100));
    const { boundRows, statements } = counters;
    // The poll, two reads and four locks bind one row of values; the claim, its attribute rows and the marks with
    // theirs one each.
    expect([statements, boundRows]).toEqual([11, 7 + 4 * 100]);
  });

  it('few different statements, whatever the sizes of pages and of what is left out', async () => {
    const texts = new Set<string>();
    for (let round = 0; round < 30; round += 1) {
      const excluded = Array.from({ length: (round * 613) % 2000 }, (_, index) => String(10 ** 9 + index));
      const waits = Array.from({ length: (round * 7) % 50 }, (_, index): Wait => {
        const custId = String(2 * 10 ** 9 + index);
        const product = { productId: '42', custId, bizId: 'BIZ1' };
        return { custId, product, userId: index % 2 === 0 ? null : `U${index}`, remainingMs: 1000 };
      });
      const count = ((round * 37) % 40) + 1;
      const rows = rowsOf(round % 3 === 0 ? account : cust, count, round * 1000);
      await roundTripsFor(rows, everything({ limit: 100 + count, excluded, waits }));
      for (const text of counters.texts) texts.add(text);
    }
    expect(texts.size).toBeLessThanOrEqual(40);
  });
});
