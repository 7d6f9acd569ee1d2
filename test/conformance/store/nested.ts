import type { Knex } from 'knex';
import { describe, expect, it } from 'vitest';
import { DatabaseError, TransactionEndedError, HandlerTimeoutError } from '../../../src/database/errors.js';
import { gate } from '../../support/until.js';
import type { Fixture, StoreFixture } from '../store.js';
import { changesOf, contents, customer, nothing, record, startWorker } from './data.js';

const insert = 'INSERT INTO sync_worker (worker_id, host, pid, started_at, heartbeat_at, lease_ttl_ms)';
const values = `'nobody', 0, '2026-01-01', '2026-01-01', 1`;

/** A statement of a product's own; a table that is there anyway takes the place of the product's. */
const ownStatement = (workerId: string) => `${insert} VALUES ('${workerId}', ${values})`;

/** The ids that a product's own statements left behind. */
async function own(fixture: StoreFixture): Promise<string[]> {
  const rows = await fixture.rows('sync_worker');
  return rows.map((row) => String(row['worker_id'])).filter((id) => id.startsWith('own'));
}

/** Ways to end a transaction that is not one's own. */
const endings: readonly (readonly [string, (knex: Knex.Transaction) => unknown])[] = [
  ['commits', (knex) => knex.commit()],
  ['rolls back', (knex) => knex.rollback()],
  ['rolls back with an error', (knex) => knex.rollback(new Error('its own'))],
  ['commits by a statement', (knex) => knex.raw('COMMIT')],
  ['commits by a statement with other words', (knex) => knex.raw(' ;end')],
  ['rolls back by a statement', (knex) => knex.raw('rollback')],
  ['reaches for the transaction around it', (knex) => knex.parentTransaction!.commit()],
];

/** Runs work in a nested transaction, between a row before and a row after it; what became of the work. */
async function between(
  fixture: StoreFixture,
  work: (knex: Knex.Transaction) => Promise<unknown>,
): Promise<unknown> {
  const { apply } = await startWorker(fixture);
  return apply(async (transaction) => {
    await transaction.record([record()], []);
    const outcome = await transaction.nested(work).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await transaction.write(changesOf([customer()]));
    return outcome;
  });
}

/** What is written before and after a nested transaction stands, and of the nested one's own writes these. */
async function expectOwn(fixture: StoreFixture, ids: readonly string[]): Promise<void> {
  const after = await contents(fixture);
  expect([after['sync_journal']!.length, after['bnet_customer']!.length]).toEqual([1, 1]);
  expect((await own(fixture)).sort()).toEqual(ids);
}

/** What a product's own code may do within an apply, and what becomes of it. */
export function nestedRules(fixture: Fixture): void {
  describe('a nested transaction', () => {
    it('commits with the apply, and its result is handed on', async () => {
      const { apply } = await startWorker(fixture());
      const result = await apply((transaction) =>
        transaction.nested(async (knex) => {
          await knex.raw(ownStatement('own 1'));
          return 'the result';
        }),
      );
      expect(result).toBe('the result');
      expect(await own(fixture())).toEqual(['own 1']);
    });

    it('is undone with the apply', async () => {
      const { apply } = await startWorker(fixture());
      const failing = apply(async (transaction) => {
        await transaction.nested((knex) => Promise.resolve(knex.raw(ownStatement('own 1'))));
        throw new Error('afterwards');
      });
      await expect(failing).rejects.toThrow('afterwards');
      expect(await own(fixture())).toEqual([]);
    });

    it('is undone alone when it throws: what came before and after stays', async () => {
      const { apply } = await startWorker(fixture());
      const reason = new Error('refused');
      await apply(async (transaction) => {
        await transaction.record([record()], []);
        await transaction.nested((knex) => Promise.resolve(knex.raw(ownStatement('own 1'))));
        const failing = transaction.nested(async (knex) => {
          await knex.raw(ownStatement('own 2'));
          throw reason;
        });
        await expect(failing).rejects.toBe(reason);
        await transaction.nested((knex) => Promise.resolve(knex.raw(ownStatement('own 3'))));
        await transaction.write(changesOf([customer()]));
      });
      expect((await own(fixture())).sort()).toEqual(['own 1', 'own 3']);
      const after = await contents(fixture());
      expect([after['sync_journal']!.length, after['bnet_customer']!.length]).toEqual([1, 1]);
    });

    it('that meets an error of the database fails with its kind, and the apply goes on', async () => {
      const { apply } = await startWorker(fixture());
      const error = await apply(async (transaction) => {
        const failing = transaction.nested(async (knex) => {
          await knex.raw(ownStatement('own 1'));
          await knex.raw(ownStatement('own 1'));
        });
        const reason: unknown = await failing.catch((caught: unknown) => caught);
        await transaction.write(changesOf([customer()]));
        return reason;
      });
      expect(error).toBeInstanceOf(DatabaseError);
      expect(error).toMatchObject({ kind: 'constraint' });
      expect(await own(fixture())).toEqual([]);
      expect((await contents(fixture()))['bnet_customer']).toHaveLength(1);
    });

    it('that swallows an error of the database leaves the apply in order, whatever becomes of its own writes', async () => {
      const { apply } = await startWorker(fixture());
      const outcome = await apply(async (transaction) => {
        const inner = await transaction
          .nested(async (knex) => {
            await knex.raw(ownStatement('own 1'));
            await Promise.resolve(knex.raw(ownStatement('own 1'))).catch(() => undefined);
          })
          .then(
            () => 'done',
            () => 'failed',
          );
        await transaction.write(changesOf([customer()]));
        return inner;
      });
      expect(await own(fixture())).toEqual(outcome === 'done' ? ['own 1'] : []);
      expect((await contents(fixture()))['bnet_customer']).toHaveLength(1);
    });

    it('that hangs beyond the deadline fails the apply: nothing is committed, and the next one works', async () => {
      const { apply } = await startWorker(fixture(), 'worker 1', {
        callTimeoutMs: 500,
        serverTimeoutMs: 30_000,
      });
      const hanging = gate();
      const late = gate();
      let lateWrite: Promise<unknown> = Promise.resolve();
      const failing = apply(async (transaction) => {
        await transaction.write(changesOf([customer()]));
        await transaction.nested(async (knex) => {
          await knex.raw(ownStatement('own 1'));
          await hanging.passed;
          lateWrite = Promise.resolve(knex.raw(ownStatement('own 2'))).catch((error: unknown) => error);
          late.open();
        });
      });
      await expect(failing).rejects.toBeInstanceOf(HandlerTimeoutError);
      expect(await contents(fixture())).toEqual(nothing);
      await apply((transaction) => transaction.record([record()], []));
      hanging.open();
      await late.passed;
      expect(await lateWrite).toBeInstanceOf(Error);
      expect(await own(fixture())).toEqual([]);
      expect((await contents(fixture()))['sync_journal']).toHaveLength(1);
    });

    it.each(endings)('that %s fails for it and is undone alone', async (_, end) => {
      const outcome = await between(fixture(), async (knex) => {
        await knex.raw(ownStatement('own 1'));
        await end(knex);
      });
      expect(outcome).toMatchObject({ error: expect.any(Error) as Error });
      await expectOwn(fixture(), []);
    });

    it.each(endings.slice(0, -1))('that %s and swallows the error fails all the same', async (_, end) => {
      const outcome = await between(fixture(), async (knex) => {
        try {
          await knex.raw(ownStatement('own 1'));
          await end(knex);
        } catch {
          await Promise.resolve(knex.raw(ownStatement('own 2'))).catch(() => undefined);
        }
        return 'done';
      });
      expect(outcome).toMatchObject({ error: expect.any(TransactionEndedError) as Error });
      await expectOwn(fixture(), []);
    });

    it('that commits and rolls back after a failure, as examples of Knex do, fails for it', async () => {
      const outcome = await between(fixture(), async (knex) => {
        try {
          await knex.raw(ownStatement('own 1'));
          await knex.commit();
        } catch {
          await knex.rollback();
        }
      });
      expect(outcome).toMatchObject({ error: { name: 'TransactionEndedError' } });
      await expectOwn(fixture(), []);
    });

    it.each<[string, (knex: Knex.Transaction) => Promise<unknown>]>([
      [
        'throws undefined',
        async (knex) => {
          await knex.raw(ownStatement('own 1'));
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- what foreign code may do
          throw undefined;
        },
      ],
      [
        'rejects with nothing',
        async (knex) => {
          await knex.raw(ownStatement('own 1'));
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what foreign code may do
          return Promise.reject();
        },
      ],
    ])('that %s fails and is undone alone', async (_, work) => {
      expect(await between(fixture(), work)).toStrictEqual({ error: undefined });
      await expectOwn(fixture(), []);
    });

    it('may have savepoints of its own: what it commits there stands, what it rolls back does not', async () => {
      const outcome = await between(fixture(), async (knex) => {
        await knex.transaction(async (inner) => {
          await inner.raw(ownStatement('own 1'));
        });
        const given = await knex.transaction();
        await given.raw(ownStatement('own 2'));
        await given.commit();
        const undone = await knex.transaction();
        await undone.raw(ownStatement('own 3'));
        await undone.rollback();
        await knex.raw(ownStatement('own 4'));
        return 'done';
      });
      expect(outcome).toEqual({ value: 'done' });
      await expectOwn(fixture(), ['own 1', 'own 2', 'own 4']);
    });

    it('whose statements end the transaction in disguise fails the apply, and nothing is written any more', async () => {
      const { apply } = await startWorker(fixture());
      const failing = apply(async (transaction) => {
        await transaction.nested((knex) => Promise.resolve(knex.raw('/* in disguise */ ROLLBACK')));
        await transaction.write(changesOf([customer()]));
      });
      await expect(failing).rejects.toMatchObject({ name: 'TransactionEndedError', isLost: true });
      expect(await contents(fixture())).toEqual(nothing);
      await apply((transaction) => transaction.record([record()], []));
      expect((await contents(fixture()))['sync_journal']).toHaveLength(1);
    });

    it('that hangs beyond a limit of its own is given up then, also after savepoints of its own', async () => {
      const { apply } = await startWorker(fixture());
      const failing = apply(async (transaction) => {
        await transaction.write(changesOf([customer()]));
        await transaction.nested(async (knex) => {
          await knex.transaction(async (inner) => {
            await inner.raw(ownStatement('own 1'));
          });
          await new Promise(() => undefined);
        }, 50);
      });
      await expect(failing).rejects.toThrow('not finished within 50 ms');
      await expect(failing).rejects.toBeInstanceOf(HandlerTimeoutError);
      expect(await contents(fixture())).toEqual(nothing);
    });
  });
}
