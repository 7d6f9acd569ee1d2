import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CustomerHandlerContext, Handlers } from '../../src/worker/handlers.js';
import { column, isAvailable, openPair, plant, standing, statesOf, type Pair } from '../support/databases.js';
import { drain, testWorker, type ToldEvent } from '../support/workers.js';

/*
 * Handlers and listeners are foreign code. Whatever they do to what they are given, the row they were called for is the
 * only one that suffers, and it is named.
 */

const others = 12;
const failing = '5';
const refusedAlone = (error: string) => `00205 过程执行异常: 该行单独处理 3 次均出错 (${error})`;

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(`handlers that do wrong, on ${kind}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await openPair(kind);
      await pair.store.execute({ sql: 'CREATE TABLE notes (cust text)', bindings: [] });
      const open = { ProductID: '200', BizID: 'b1', OPFlag: '0101', CustAccount: 'a', CustName: '企业' };
      for (let n = 1; n <= others + 1; n += 1)
        await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) });
    });
    afterEach(async () => {
      await pair.close();
    });

    /** Works all rows, each of which leaves a note; `fault` is what the handler does for one of them. */
    async function work(fault: (context: CustomerHandlerContext) => unknown): Promise<ToldEvent[]> {
      const onCustomer = async (context: CustomerHandlerContext): Promise<unknown> => {
        await context.knex('notes').insert({ cust: context.after.custId });
        return context.after.custId === failing ? fault(context) : undefined;
      };
      const handlers = { onCustomer } as unknown as Handlers;
      return drain({ middle: pair.openMiddle(), store: pair.openStore(), handlers });
    }

    /** The failing row ends so, nothing of its own is left, and the others are as if it had not been there. */
    async function expectAlone(errContent: string): Promise<void> {
      expect((await standing(pair.middle)).get(`CUST:${failing}`)).toMatchObject({ state: 3, errContent });
      expect(await statesOf(pair.middle)).toEqual({ 2: others, 3: 1 });
      const noted = (await column(pair.store, 'SELECT cust FROM notes')).map(Number).sort((a, b) => a - b);
      const expected = Array.from({ length: others + 1 }, (_, n) => n + 1).filter(
        (n) => String(n) !== failing,
      );
      expect(noted).toEqual(expected);
    }

    const errorsOf = (told: readonly ToldEvent[]) =>
      told.flatMap(({ name, event }) => (name === 'rowErrored' ? [event.error] : []));

    it.each<[string, unknown, string]>([
      ['false', false, 'the handler returned false'],
      ['null', null, 'the handler returned null'],
      ['a number', 7, 'the handler returned 7'],
      ['what Knex returned', [{ cust: 'secret' }], 'the handler returned an array'],
      ['a code alone', { refuse: '00404' }, 'the handler returned { refuse } with refuse = "00404"'],
      ['a misspelt refusal', { Refuse: { code: '00404', detail: 'x' } }, 'the handler returned { Refuse }'],
      [
        'a refusal without detail',
        { refuse: { code: '00404' } },
        'the handler returned { refuse } with refuse.detail = undefined',
      ],
      [
        'a refusal with a number for its code',
        { refuse: { code: 404, detail: 'x' } },
        'the handler returned { refuse } with refuse.code = 404',
      ],
      [
        'a refusal with more than that',
        { refuse: { code: '00404', detail: 'x', retry: true } },
        'the handler returned { refuse } with refuse = { code, detail, retry }',
      ],
      ['an unknown code', { refuse: { code: '99999', detail: 'x' } }, 'refused with the code "99999"'],
      ['the code of success', { refuse: { code: '00000', detail: 'x' } }, 'refused with the code "00000"'],
    ])('an answer that is %s is an error that names what came', async (_, answer, words) => {
      const told = await work(() => answer);
      await expectAlone(refusedAlone('TypeError'));
      expect(errorsOf(told)).toHaveLength(3);
      for (const error of errorsOf(told)) {
        expect(error).toContain(words);
        expect(error).not.toContain('secret');
      }
    });

    it.each<[string, (context: CustomerHandlerContext) => unknown]>([
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what foreign code may do
      ['throws undefined', () => Promise.reject(undefined)],
      [
        'throws what is no error',
        () => {
          throw Object.create(null);
        },
      ],
    ])('a handler that %s fails its row', async (_, fault) => {
      const told = await work(fault);
      await expectAlone(refusedAlone('Error'));
      expect(errorsOf(told).every((error) => error.startsWith('the handler threw '))).toBe(true);
    });

    it.each<[string, (context: CustomerHandlerContext) => unknown]>([
      [
        'commits, and rolls back when that fails',
        async ({ knex }) => {
          try {
            await knex.commit();
          } catch {
            await knex.rollback();
          }
        },
      ],
      [
        'commits and then refuses',
        async ({ knex }) => {
          await Promise.resolve(knex.raw('COMMIT')).catch(() => undefined);
          return { refuse: { code: '00404', detail: 'x' } };
        },
      ],
      ['rolls back in disguise', ({ knex }) => knex.raw('/* mine */ ROLLBACK').then(() => undefined)],
    ])('a handler that %s fails its row, and no transaction of ours', async (_, fault) => {
      const told = await work(fault);
      await expectAlone(refusedAlone('TransactionEndedError'));
      expect(errorsOf(told)).toHaveLength(3);
      expect(told.filter(({ name }) => name === 'outage' || name === 'breakerOpened')).toEqual([]);
    });

    it('savepoints of a handler work: what it undoes is undone, the rest stands', async () => {
      await work(async ({ knex }) => {
        const undone = await knex.transaction();
        await undone('notes').insert({ cust: 'undone' });
        await undone.rollback();
        await knex.transaction((inner) => inner('notes').insert({ cust: 'kept' }));
      });
      expect(await statesOf(pair.middle)).toEqual({ 2: others + 1 });
      const noted = await column(pair.store, `SELECT cust FROM notes WHERE cust IN ('undone', 'kept')`);
      expect(noted).toEqual(['kept']);
    });

    it('a handler that changes what it was given fails its row, and nothing is changed', async () => {
      const told = await work(({ after }) => {
        (after as { custName: string }).custName = 'changed';
      });
      await expectAlone(refusedAlone('TypeError'));
      expect(errorsOf(told)[0]).toMatch(/Cannot assign to read only property 'custName'/);
    });

    it('a handler in sloppy mode, where that is no error, changes nothing either', async () => {
      // eslint-disable-next-line @typescript-eslint/no-implied-eval -- modules are always strict
      const sloppy = new Function(
        'c',
        `c.after.custName = c.operation.custName = c.after.attributes[0] = 'changed'; c.after = null;`,
      ) as (context: CustomerHandlerContext) => void;
      await work(sloppy);
      expect(await statesOf(pair.middle)).toEqual({ 2: others + 1 });
      expect(await column(pair.store, 'SELECT DISTINCT cust_name FROM bnet_customer')).toEqual(['企业']);
      expect(await column(pair.store, 'SELECT * FROM bnet_customer_attr')).toEqual([]);
    });

    it('a handler that takes longer than its limit fails its row, long before a call to the store would be given up', async () => {
      const onCustomer = ({ after }: CustomerHandlerContext) =>
        after.custId === failing ? new Promise<undefined>(() => undefined) : undefined;
      const told = await drain({
        middle: pair.openMiddle(),
        store: pair.openStore(),
        handlers: { onCustomer },
        settings: { handlerTimeoutMs: 100 },
      });
      expect((await standing(pair.middle)).get(`CUST:${failing}`)?.errContent).toBe(
        refusedAlone('HandlerTimeoutError'),
      );
      expect(await statesOf(pair.middle)).toEqual({ 2: others, 3: 1 });
      expect(errorsOf(told)).toEqual(Array.from({ length: 3 }, () => 'not finished within 100 ms'));
      expect(told.filter(({ name }) => name === 'outage')).toEqual([]);
    });

    it.each<[string, () => unknown]>([
      [
        'throws',
        () => {
          throw new Error('of a listener');
        },
      ],
      ['rejects', () => Promise.reject(new Error('of a listener'))],
    ])(
      'a listener that %s at every event harms no row, and is told once for each event',
      async (_, fault) => {
        const names = ['claimed', 'applied', 'marked', 'polled', 'leases', 'started', 'stopped'] as const;
        const [middle, store] = [pair.openMiddle(), pair.openStore()];
        const { worker, told } = testWorker({ middle, store, once: true });
        const faults = names.map((name) => ({ name, listener: () => fault() }));
        for (const { name, listener } of faults) worker.prependListener(name, listener);
        await worker.run();
        await Promise.all([middle.close(), store.close()]);
        expect(await statesOf(pair.middle)).toEqual({ 2: others + 1 });
        expect(told.filter(({ name }) => name === 'rowErrored' || name === 'outage')).toEqual([]);
        const failed = told.flatMap(({ name, event }) => (name === 'listenerFailed' ? [event] : []));
        expect(failed.map(({ event }) => event).sort()).toEqual([...names].sort());
        expect(new Set(failed.map(({ error }) => error))).toEqual(new Set(['of a listener']));
      },
    );
  });
}
