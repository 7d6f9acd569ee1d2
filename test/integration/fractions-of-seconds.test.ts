import '../support/hostile-time-zone.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { State } from '../../src/domain/states.js';
import { tableOf, type Source } from '../../src/domain/keys.js';
import type { MiddleDatabase } from '../../src/middle/port.js';
import { later, everything, requestsFor } from '../conformance/middle/rows.js';
import { openPairWithTypes } from '../support/column-types.js';
import {
  column,
  isAvailable,
  plant,
  standing,
  statesOf,
  type Pair,
  type Planted,
} from '../support/databases.js';
import { sqlOf } from '../support/plain-access.js';
import { drain } from '../support/workers.js';
import { bind, open } from '../support/sample-rows.js';

const moment = '2026-11-02 08:00:00';
const timestamps = { PostgreSQL: 'timestamp(6)', Oracle: 'TIMESTAMP(6)' } as const;

/** StateDate as a TIMESTAMP with six digits of a second, as some platforms have it: an attempt has whole seconds all the same. */
for (const kind of ['PostgreSQL', 'Oracle'] as const) {
  describe.runIf(isAvailable(kind))(`a StateDate with a fraction of a second, on ${kind}`, () => {
    let pair: Pair;
    let middle: MiddleDatabase;
    beforeEach(async () => {
      pair = await openPairWithTypes(kind, { StateDate: timestamps[kind] });
      middle = pair.openMiddle();
    });
    afterEach(() => pair.close());

    const exact = (text: string) =>
      kind === 'Oracle' ? `TO_TIMESTAMP('${text}', 'YYYY-MM-DD HH24:MI:SS.FF9')` : `timestamp '${text}'`;

    const plantAt = async (source: Source, columns: Planted, stateDate: string) => {
      const own = source === 'CUST' ? open : bind;
      await plant(pair.middle, source, { ...own, CustID: '1', ...columns }, [
        [String(columns['StreamingNo']), '1', 'v'],
      ]);
      const sql = `UPDATE ${tableOf[source]} SET StateDate = ${exact(stateDate)} WHERE StreamingNo = ${columns['StreamingNo']}`;
      await pair.middle.execute({ sql, bindings: [] });
    };
    const marks = (streamingNo: string, attempt: string) => [
      { source: 'CUST', streamingNo, attempt, custId: '1', errContent: null } as const,
    ];

    it('in State 1, from a worker that ended: the row is decided and marked, with no conflict', async () => {
      await plantAt('CUST', { StreamingNo: '1', State: 1 }, `${moment}.123456`);
      await plantAt('ACCOUNT', { StreamingNo: '2', State: 1 }, `${moment}.999999`);
      await plantAt('CUST', { StreamingNo: '3', State: 1, CustID: '2', CustName: null }, `${moment}.000001`);
      const told = await drain({ middle, store: pair.openStore() });
      expect(await statesOf(pair.middle)).toEqual({ [State.Succeeded]: 2, [State.Failed]: 1 });
      expect((await standing(pair.middle)).get('CUST:3')?.errContent).toMatch(/^00401 .*CustName/);
      expect(told.filter(({ name }) => name === 'markConflict' || name === 'rowsDeferred')).toEqual([]);
      const attempts = await column(pair.store, 'SELECT attempt FROM sync_journal ORDER BY streaming_no');
      expect(attempts).toEqual([moment, moment, moment]);
    });

    it('is read, taken over and marked in whole seconds', async () => {
      await plantAt('CUST', { StreamingNo: '1', State: 1 }, `${moment}.999999`);
      const { rows } = await middle.poll(everything());
      expect(rows.map(({ stateDate }) => stateDate)).toEqual([moment]);
      const claim = await middle.claim(requestsFor(rows));
      expect(claim).toMatchObject({ claimed: 0, left: [], rows: [{ state: 1, stateDate: moment }] });
      expect(await middle.mark(marks('1', moment))).toMatchObject({ marked: 1, conflicts: [] });
      expect(await statesOf(pair.middle)).toEqual({ [State.Succeeded]: 1 });
    });

    it.each([
      ['the second before', -1],
      ['the second after', 1],
    ])('is not the attempt of %s', async (_, seconds) => {
      await plantAt('CUST', { StreamingNo: '1', State: 1 }, `${moment}.000001`);
      const result = await middle.mark(marks('1', later(moment, seconds)));
      expect(result).toMatchObject({ marked: 0, conflicts: [{ state: 1, stateDate: moment }] });
      await pair.middle.execute({
        sql: `UPDATE IF_BNET_CUST SET StateDate = ${exact(`${moment}.999999`)}`,
        bindings: [],
      });
      const again = await middle.mark(marks('1', later(moment, seconds)));
      expect(again).toMatchObject({ marked: 0, conflicts: [{ state: 1, stateDate: moment }] });
    });

    it('in State 0 or 3 is followed by an attempt that is later by a whole second, also when the row is put back', async () => {
      const [now] = (await column(pair.middle, sqlOf(pair.middle).clock)) as [string];
      const soon = later(now, 3600);
      await plantAt('CUST', { StreamingNo: '1', State: 0 }, `${soon}.500000`);
      await plantAt('CUST', { StreamingNo: '2', State: 3, CustID: '2' }, `${soon}.999999`);
      await pair.testMiddle.operations().requeue([{ source: 'CUST', streamingNo: '2' }]);
      const { rows } = await middle.poll(everything());
      expect(rows).toHaveLength(2);
      const claim = await middle.claim(requestsFor(rows));
      expect(claim.claimed).toBe(2);
      for (const { streamingNo, stateDate } of claim.rows)
        expect(stateDate! > soon && stateDate! <= later(soon, 2), `${streamingNo}: ${stateDate}`).toBe(true);
      for (const { streamingNo, stateDate } of claim.rows)
        expect(await middle.mark(marks(streamingNo, stateDate!))).toMatchObject({ marked: 1, conflicts: [] });
    });

    it('counts as its whole second where finished and claimed rows are compared with the journal', async () => {
      await plantAt('CUST', { StreamingNo: '1', State: 1 }, `${moment}.999999`);
      await plantAt('CUST', { StreamingNo: '2', State: 2, CustID: '2' }, `${moment}.000001`);
      const shards = { count: 8, of: 'all' } as const;
      const claimedUntil = async (until: string) =>
        (await middle.claimedUntil({ shards, until, limit: 10 })).map(({ streamingNo }) => streamingNo);
      expect(await claimedUntil(moment)).toEqual(['1']);
      expect(await claimedUntil(later(moment, -1))).toEqual([]);
      const finishedAfter = async (after: string | null) =>
        (await middle.latestFinished({ shards, after, scan: 10, limit: 10 })).map(
          ({ stateDate }) => stateDate,
        );
      expect(await finishedAfter(moment)).toEqual([]);
      expect(await finishedAfter(later(moment, -1))).toEqual([moment]);
      expect(await finishedAfter(null)).toEqual([moment]);
    });

    it('is listed for operators: failed rows page by page, each once and the last first, and rows in process with their age', async () => {
      const fractions = ['.000001', '.5', '.5', '.499999', '.999999'];
      for (const [index, fraction] of fractions.entries())
        await plantAt(
          'CUST',
          { StreamingNo: String(index + 1), State: 3, ErrContent: '00404 x' },
          `${moment}${fraction}`,
        );
      await plantAt('CUST', { StreamingNo: '9', State: 3, ErrContent: '00404 x' }, `${later(moment, 1)}.0`);
      await plantAt('CUST', { StreamingNo: '8', State: 1 }, `${moment}.5`);
      const search = pair.testMiddle.operations().queries;
      const listed: string[] = [];
      let after: Awaited<ReturnType<typeof search.failedPage>>['next'] = null;
      for (let page = 0; page === 0 || after !== null; page += 1) {
        expect(page).toBeLessThan(10);
        const found: Awaited<ReturnType<typeof search.failedPage>> = await search.failedPage({
          filter: {},
          after,
          limit: 1,
          scan: 100,
        });
        listed.push(...found.rows.map(({ streamingNo }) => streamingNo));
        after = found.next;
      }
      expect(listed).toEqual(['9', '5', '3', '2', '4', '1']);
      const [inProcess] = await search.processing(10);
      expect(inProcess).toMatchObject({ streamingNo: '8', stateDate: moment });
      expect(inProcess!.ageSeconds).toBeGreaterThan(0);
      expect(await pair.testMiddle.operations().oldestPendingSeconds()).toBeNull();
    });
  });
}
