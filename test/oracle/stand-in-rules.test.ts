import type oracledb from 'oracledb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CreatedOracle, createOracle } from '../support/oracle/create-oracle.js';
import { connectAsOwner, connectAsWorker, failureOf, rowsOf, valueOf } from '../support/oracle/driver.js';
import type { AddedRule } from '../support/oracle/table-rules.js';
import { hasPostgres } from '../support/postgres.js';

const CLAIM = `UPDATE IF_BNET_CUST t SET t.State = 1, t.StateDate = DATE '2024-05-06'
  WHERE t.StreamingNo = TO_NUMBER(:1) AND t.State = 0`;
const MARK = `UPDATE IF_BNET_CUST t SET t.State = :state, t.ErrContent = :errContent
  WHERE t.StreamingNo = TO_NUMBER(:streamingNo) AND t.State = 1`;
const ROW = `SELECT State, TO_CHAR(StateDate, 'YYYY-MM-DD'), ErrContent FROM IF_BNET_CUST WHERE StreamingNo = :1`;

describe.runIf(hasPostgres)('Oracle stand-in: rules of the tables', () => {
  let oracle: CreatedOracle;
  let owner: oracledb.Connection;
  let worker: oracledb.Connection;
  const added: AddedRule[] = [];

  beforeAll(async () => {
    oracle = await createOracle();
  });
  afterAll(() => oracle.remove());
  beforeEach(async () => {
    [owner, worker] = await Promise.all([connectAsOwner(oracle.standIn), connectAsWorker(oracle.standIn)]);
    await owner.execute('DELETE FROM IF_BNET_CUST');
    await owner.executeMany('INSERT INTO IF_BNET_CUST (StreamingNo, State) VALUES (:1, :2)', [
      ['1', 0],
      ['2', 0],
      ['3', 0],
      ['7', 1],
    ]);
    await owner.commit();
  });
  afterEach(async () => {
    await Promise.all([owner.close(), worker.close()]);
    await Promise.all(added.splice(0).map((rule) => rule.remove()));
  });

  const add = async (rule: Promise<AddedRule>) => {
    added.push(await rule);
    return rule;
  };
  const createTrigger = (trigger: Parameters<typeof oracle.standIn.rules.createTrigger>[0]) =>
    add(oracle.standIn.rules.createTrigger(trigger));
  const addCheck = (check: Parameters<typeof oracle.standIn.rules.addCheck>[0]) =>
    add(oracle.standIn.rules.addCheck(check));
  const claim = (...numbers: string[]) =>
    worker.executeMany(
      CLAIM,
      numbers.map((number) => [number]),
      { dmlRowCounts: true, keepInStmtCache: false },
    );
  const mark = (streamingNo: string, state: number, errContent: string | null = null) =>
    worker.execute(MARK, { state, errContent, streamingNo });
  const row = async (number: string) => (await rowsOf(worker, ROW, [number]))[0];

  describe('a trigger', () => {
    it('refuses an update of chosen rows into a State, with the lines of a real server, until it is removed', async () => {
      const trigger = await createTrigger({
        table: 'IF_BNET_CUST',
        name: 'UNDER_REVIEW',
        when: 'NEW.State = 1 AND NEW.StreamingNo IN (2)',
        action: { kind: 'refuse', message: '该记录正在核查' },
      });
      const failure = await failureOf(worker.execute(CLAIM, ['2']));
      expect(failure).toMatchObject({ number: 20_001, code: 'ORA-20001' });
      expect(failure.message.split('\n').slice(0, 3)).toEqual([
        'ORA-20001: 该记录正在核查',
        'ORA-06512: at "ISMP.UNDER_REVIEW", line 2',
        "ORA-04088: error during execution of trigger 'ISMP.UNDER_REVIEW'",
      ]);
      expect((await claim('1', '3')).dmlRowCounts).toEqual([1, 1]);
      await trigger.remove();
      expect((await worker.execute(CLAIM, ['2'])).rowsAffected).toBe(1);
    });

    it('ends a batch at the row it refuses, or is an error of that row', async () => {
      await createTrigger({
        table: 'if_bnet_cust',
        when: 'NEW.StreamingNo = 2',
        action: { kind: 'refuse', number: 20_055 },
      });
      expect((await failureOf(claim('1', '2', '3'))).number).toBe(20_055);
      expect(
        (await rowsOf(worker, 'SELECT StreamingNo FROM IF_BNET_CUST WHERE State = 1')).toSorted(),
      ).toEqual([['1'], ['7']]);
      await worker.rollback();
      const { batchErrors } = await worker.executeMany(CLAIM, [['1'], ['2'], ['3']], { batchErrors: true });
      expect(batchErrors?.map(({ offset, message }) => [offset, message.slice(0, 9)])).toEqual([
        [1, 'ORA-20055'],
      ]);
    });

    it('refuses every claim, or every mark, and no other change', async () => {
      await createTrigger({
        table: 'IF_BNET_CUST',
        when: 'OLD.State = 0 AND NEW.State = 1',
        action: { kind: 'refuse' },
      });
      expect((await failureOf(claim('1', '2'))).number).toBe(20_001);
      expect((await mark('7', 2)).rowsAffected).toBe(1);
      await worker.rollback();
      await Promise.all(added.splice(0).map((rule) => rule.remove()));
      await createTrigger({ table: 'IF_BNET_CUST', when: 'NEW.State IN (2, 3)', action: { kind: 'refuse' } });
      expect((await claim('1')).rowsAffected).toBe(1);
      expect((await failureOf(mark('7', 2))).number).toBe(20_001);
      // BEFORE UPDATE OF State: another column does not fire it.
      await owner.execute(`UPDATE IF_BNET_CUST SET Remark = 'seen' WHERE StreamingNo = 7`);
    });

    it('lets an update count rows and change nothing of them', async () => {
      await createTrigger({ table: 'IF_BNET_CUST', when: 'NEW.State = 1', action: { kind: 'restore row' } });
      expect((await worker.execute(CLAIM, ['2'])).rowsAffected).toBe(1);
      expect(await row('2')).toEqual(['0', null, null]);
    });

    it('keeps the State, or sets another, and lets the other columns change', async () => {
      await createTrigger({
        table: 'IF_BNET_CUST',
        when: 'NEW.State = 1',
        action: { kind: 'set state', state: 0 },
      });
      await createTrigger({
        table: 'IF_BNET_CUST',
        when: 'NEW.State = 2',
        action: { kind: 'restore state' },
      });
      expect((await worker.execute(CLAIM, ['1'])).rowsAffected).toBe(1);
      expect(await row('1')).toEqual(['0', '2024-05-06', null]);
      expect((await mark('7', 2, 'done')).rowsAffected).toBe(1);
      expect(await row('7')).toEqual(['1', null, 'done']);
    });

    it('is added while somebody holds a row, and does not wait', async () => {
      const person = await oracle.standIn.hold(
        'SELECT State FROM IF_BNET_CUST WHERE StreamingNo = 1 FOR UPDATE',
      );
      await createTrigger({ table: 'IF_BNET_CUST', when: 'NEW.StreamingNo = 2', action: { kind: 'refuse' } });
      expect((await failureOf(worker.execute(CLAIM, ['2']))).number).toBe(20_001);
      await person.rollback();
    });
  });

  describe('a constraint', () => {
    it('on the octets of a text: ORA-02290', async () => {
      await addCheck({ table: 'IF_BNET_CUST', name: 'SHORT', condition: 'LENGTHB(ErrContent) <= 10' });
      const failure = await failureOf(mark('7', 3, '一二三四'));
      expect(failure.number).toBe(2290);
      expect(failure.message).toContain('check constraint (ISMP.SHORT) violated');
      expect((await mark('7', 3, '一二三')).rowsAffected).toBe(1);
      expect(await valueOf(worker, 'SELECT COUNT(*) FROM IF_BNET_CUST WHERE State = 0')).toBe('3');
    });

    it('of a column that is narrower: ORA-12899, and the catalog shows it', async () => {
      const length = `SELECT data_length FROM ALL_TAB_COLUMNS
        WHERE table_name = 'IF_BNET_CUST' AND column_name = 'ERRCONTENT'`;
      const narrow = await oracle.standIn.rules.narrowColumn({
        table: 'IF_BNET_CUST',
        column: 'ErrContent',
        length: 11,
      });
      expect(await valueOf(worker, length)).toBe('11');
      const failure = await failureOf(mark('7', 3, '一二三四'));
      expect(failure.number).toBe(12_899);
      expect(failure.message).toContain(
        'value too large for column "ISMP"."IF_BNET_CUST"."ERRCONTENT" (actual: 12, maximum: 11)',
      );
      await narrow.remove();
      expect(await valueOf(worker, length)).toBe('1024');
      expect((await mark('7', 3, '一二三四')).rowsAffected).toBe(1);
    });

    it('that is deferred refuses the commit as a whole: ORA-02091', async () => {
      await addCheck({
        table: 'IF_BNET_CUST',
        name: 'NOT_DONE',
        condition: 'NOT (State = 2 AND StreamingNo = 7)',
        deferred: true,
      });
      await claim('1', '2');
      expect((await mark('7', 2)).rowsAffected).toBe(1);
      const failure = await failureOf(worker.commit());
      expect(failure.number).toBe(2091);
      expect(failure.message.split('\n').slice(0, 2)).toEqual([
        'ORA-02091: transaction rolled back',
        'ORA-02290: check constraint (ISMP.NOT_DONE) violated',
      ]);
      expect(worker.transactionInProgress).toBe(false);
      expect((await row('1'))?.[0]).toBe('0');
      expect((await row('7'))?.[0]).toBe('1');
      expect((await owner.execute(CLAIM, ['1'])).rowsAffected).toBe(1);
      await owner.rollback();
    });

    it('that is deferred refuses the commit that a batch brings along', async () => {
      const check = await addCheck({ table: 'IF_BNET_CUST', condition: 'State <> 1', deferred: true });
      const batch = () => worker.executeMany(CLAIM, [['1'], ['2']], { autoCommit: true, dmlRowCounts: true });
      expect((await failureOf(batch())).number).toBe(2091);
      expect((await row('1'))?.[0]).toBe('0');
      await check.remove();
      expect((await batch()).rowsAffected).toBe(2);
    });

    it('that is deferred sees the row as it is at the commit', async () => {
      await addCheck({ table: 'IF_BNET_CUST', condition: 'State <> 1', deferred: true });
      await claim('1');
      await mark('1', 2);
      await worker.commit();
      expect((await row('1'))?.[0]).toBe('2');
      await claim('2');
      await worker.rollback();
      await worker.commit();
    });
  });

  it('are of attribute tables as well', async () => {
    await owner.execute(
      'INSERT INTO IF_BNET_CUST_ATTR (CustAttrID, StreamingNo, State) VALUES (1, 1, 0)',
      [],
      {
        autoCommit: true,
      },
    );
    await createTrigger({ table: 'IF_BNET_CUST_ATTR', when: 'NEW.State = 1', action: { kind: 'refuse' } });
    const follow = 'UPDATE IF_BNET_CUST_ATTR t SET (State, StateDate) = (SELECT 1, SYSDATE FROM DUAL)';
    expect((await failureOf(worker.execute(follow))).number).toBe(20_001);
    await Promise.all(added.splice(0).map((rule) => rule.remove()));
    await addCheck({ table: 'IF_BNET_CUST_ATTR', condition: 'State = 0', deferred: true });
    expect((await failureOf(worker.execute(follow, [], { autoCommit: true }))).number).toBe(2091);
  });
});
