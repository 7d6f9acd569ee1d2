import { describe, expect, it } from 'vitest';
import { DatabaseError, HandlerTimeoutError } from '../../../src/database/errors.js';
import { StoreWentBackError } from '../../../src/store/guard-port.js';
import { AlreadyDecidedError, LeaseLostError, type ApplyTransaction } from '../../../src/store/port.js';
import { gate } from '../../support/until.js';
import { immediateLink, type Link } from '../link.js';
import { simulationStart } from '../event-loop.js';
import { handlerTransaction, SimulatedProductStore } from './product-store.js';
import type { StoreGuard } from './server.js';
import { StoreTables } from './tables.js';
import {
  attributes,
  changesOf,
  customer,
  identityOf,
  record,
  shardCount,
  sharedSettings,
} from '../../conformance/store/data.js';

const leaseTtlMs = 60_000;
const another = record({ streamingNo: '2' });

/** A store whose clock stands still unless it is moved. */
function emptyStore(...without: readonly StoreGuard[]) {
  const clock = { now: simulationStart };
  const tables = new StoreTables({ now: () => clock.now, shards: shardCount, without: new Set(without) });
  return { clock, tables };
}

/** A registered worker that holds every shard that is free. */
async function startedWorker(tables: StoreTables, workerId = 'worker 1', link: Link = immediateLink) {
  const store = new SimulatedProductStore({ tables, link, leaseTtlMs });
  await store.leases.register(identityOf(workerId), sharedSettings);
  const { leases } = await store.leases.renewAndAcquire();
  await store.leases.compared(leases);
  const apply = <T>(work: (transaction: ApplyTransaction) => Promise<T>) => store.apply(leases, work);
  return { store, leases, apply, decide: (entry = record()) => apply((open) => open.record([entry], [])) };
}

/** Loses one statement, or the answer to it. */
function losingLink(name: string, what: 'statement' | 'answer'): Link {
  let isLost = false;
  const lose = async <T>(statement: string, send: () => Promise<T>): Promise<T> => {
    if (statement !== name || isLost) return send();
    isLost = true;
    if (what === 'answer') await send();
    throw new DatabaseError('connectionLost', 'lost on its way');
  };
  return {
    send: (statement, effect) => lose(statement, () => immediateLink.send(statement, effect)),
    session: (ended) => {
      const session = immediateLink.session(ended);
      return {
        ...session,
        send: (statement, effect) => lose(statement, () => session.send(statement, effect)),
      };
    },
  };
}

describe('a transaction of the simulated store', () => {
  it('is seen by nobody else before its commit, and tells what it decided only then', async () => {
    const { tables } = emptyStore();
    const { store, apply } = await startedWorker(tables);
    const [inside, finish] = [gate(), gate()];
    const applying = apply(async (transaction) => {
      await transaction.write(changesOf([customer({ attributes: attributes(['1', '5', 'a']) })]));
      await transaction.record([record()], []);
      inside.open();
      await finish.passed;
    });
    await inside.passed;
    expect([tables.decisions, tables.journal(), tables.stored()]).toEqual([[], [], []]);
    const known = await store.readBeforeClaim([record()], { products: [], users: [] });
    expect(known.attempts.size).toBe(0);
    finish.open();
    await applying;
    expect(tables.decisions).toMatchObject([{ streamingNo: '1', worker: 'worker 1', at: simulationStart }]);
    expect(tables.journal()).toMatchObject([{ streamingNo: '1', superseded: false }]);
    expect(tables.stored()).toMatchObject([{ key: '42/1000/BIZ1', attributes: ['5/1/a'] }]);
  });

  it('keeps another one of the same leases waiting, and no renewal of the others', async () => {
    const { tables } = emptyStore();
    const { store, leases } = await startedWorker(tables);
    const [inside, finish] = [gate(), gate()];
    const first = store.apply(leases.slice(0, 1), async (transaction) => {
      await transaction.record([record()], []);
      inside.open();
      await finish.passed;
    });
    await inside.passed;
    const second = store.apply(leases, (transaction) => transaction.journal([record()]));
    await store.leases.renewAndAcquire();
    finish.open();
    await first;
    expect(await second).toMatchObject([{ streamingNo: '1' }]);
  });

  it('is in conflict with one that is about to decide the same row, and finds it decided afterwards', async () => {
    const { tables } = emptyStore();
    const { store, leases } = await startedWorker(tables);
    const conflict = store.apply(leases.slice(1, 2), async (outer) => {
      await outer.record([record()], []);
      await store.apply(leases.slice(2, 3), (inner) => inner.record([record()], []));
    });
    await expect(conflict).rejects.toMatchObject({ kind: 'conflict' });
    await store.apply(leases.slice(1, 2), (transaction) => transaction.record([record()], []));
    const late = store.apply(leases.slice(2, 3), (transaction) => transaction.record([record()], []));
    await expect(late).rejects.toBeInstanceOf(AlreadyDecidedError);
  });

  it.each(['statement', 'answer'] as const)(
    'whose commit loses its %s has an unknown outcome',
    async (what) => {
      const { tables } = emptyStore();
      const { decide } = await startedWorker(tables, 'worker 1', losingLink('commit', what));
      await expect(decide()).rejects.toMatchObject({ kind: 'commitUnknown' });
      expect(tables.decisions).toHaveLength(what === 'answer' ? 1 : 0);
      await decide(another);
    },
  );

  it('is rolled back when its session ends', async () => {
    const { tables } = emptyStore();
    const { apply, decide } = await startedWorker(tables);
    const cut = apply(async (transaction) => {
      await transaction.record([record()], []);
      tables.restart();
    });
    await expect(cut).rejects.toMatchObject({ kind: 'commitUnknown' });
    expect(tables.journal()).toEqual([]);
    await decide();
  });
});

describe('what a handler writes in the simulated store', () => {
  const lines = ({ lines: written }: StoreTables) => written.map(({ streamingNo }) => streamingNo);

  it('stands with the apply, but for what was written before it threw', async () => {
    const { tables } = emptyStore();
    const { apply } = await startedWorker(tables);
    await apply(async (transaction) => {
      await transaction.nested((knex) => handlerTransaction(knex).line(record()));
      const failing = transaction.nested(async (knex) => {
        await handlerTransaction(knex).line(another);
        throw new Error('refused');
      });
      await expect(failing).rejects.toThrow('refused');
      await transaction.record([record()], []);
    });
    expect(lines(tables)).toEqual(['1']);
    const [[line], [decision]] = [tables.lines, tables.decisions];
    expect(line).toMatchObject({ xid: decision!.xid });
    expect(line!.seq).toBeLessThan(decision!.seq);
  });

  it('is undone alone where a line was refused, though the handler swallowed it', async () => {
    const { tables } = emptyStore();
    const { apply } = await startedWorker(tables);
    await apply(async (transaction) => {
      const swallowing = transaction.nested(async (knex) => {
        await handlerTransaction(knex).line(another);
        const lift = tables.refuse({ kind: 'everything' });
        await handlerTransaction(knex)
          .line(record())
          .catch(() => undefined);
        lift();
      });
      await expect(swallowing).rejects.toMatchObject({ kind: 'unavailable' });
      await transaction.record([record()], []);
    });
    expect([lines(tables), tables.decisions.length]).toEqual([[], 1]);
  });

  it('is gone with an apply that fails', async () => {
    const { tables } = emptyStore();
    const { apply } = await startedWorker(tables);
    const failing = apply(async (transaction) => {
      await transaction.nested((knex) => handlerTransaction(knex).line(record()));
      throw new Error('afterwards');
    });
    await expect(failing).rejects.toThrow('afterwards');
    expect(lines(tables)).toEqual([]);
  });

  it('fails the apply where it takes longer than it may, and what it writes late is refused', async () => {
    const { tables } = emptyStore();
    const { apply, decide } = await startedWorker(tables);
    const hanging = gate();
    let late: Promise<unknown> = Promise.resolve();
    const failing = apply((transaction) =>
      transaction.nested((knex) => {
        late = hanging.passed.then(() => handlerTransaction(knex).line(record()));
        return late;
      }, 20),
    );
    await expect(failing).rejects.toBeInstanceOf(HandlerTimeoutError);
    hanging.open();
    await expect(late).rejects.toMatchObject({ kind: 'connectionLost' });
    await decide();
    expect(lines(tables)).toEqual([]);
  });
});

describe('the server of the simulated store', () => {
  it('breaks connections when it is restarted, and keeps its name and what was committed', async () => {
    const { tables } = emptyStore();
    const { decide, store } = await startedWorker(tables);
    await decide();
    const { name } = tables;
    tables.restart();
    await expect(store.ping()).rejects.toMatchObject({ kind: 'connectionLost' });
    await decide(another);
    expect([tables.name, tables.decisions.length]).toEqual([name, 2]);
  });

  it('has another name after a fail-over, tells what was lost, and is found out by new connections', async () => {
    const { tables } = emptyStore();
    const { decide, store, leases } = await startedWorker(tables);
    await decide();
    const snapshot = tables.snapshot();
    await decide(another);
    expect(tables.failOver(snapshot).decisions).toMatchObject([{ streamingNo: '2' }]);
    expect(tables.name).not.toBe(leases[0]!.server);
    expect(tables.decisions).toMatchObject([{ streamingNo: '1' }]);
    await expect(decide(another)).rejects.toMatchObject({ kind: 'connectionLost' });
    await expect(store.ping()).rejects.toBeInstanceOf(StoreWentBackError);
    await store.guard.raise('alarm 1', { kind: 'ownCommits', rows: 1, examples: [] });
    tables.accept([]);
    store.guard.forgetCommits();
    await expect(decide(another)).rejects.toBeInstanceOf(LeaseLostError);
    expect((await store.leases.renewAndAcquire()).uncompared).toHaveLength(shardCount);
  });

  it('refuses what a rule says until it is lifted', async () => {
    const { tables } = emptyStore();
    const { decide, apply, store } = await startedWorker(tables);
    const lifts = [
      tables.refuse({ kind: 'record', row: another, outcome: 'applied' }),
      tables.refuse({ kind: 'customer', custId: '1000' }),
    ];
    const writing = () => apply((transaction) => transaction.write(changesOf([customer()])));
    await expect(decide(another)).rejects.toMatchObject({ kind: 'constraint' });
    await expect(writing()).rejects.toMatchObject({ kind: 'constraint' });
    await decide();
    for (const lift of lifts) lift();
    await decide(another);
    await writing();
    const lift = tables.refuse({ kind: 'everything' });
    await expect(store.ping()).rejects.toMatchObject({ kind: 'unavailable' });
    lift();
    await store.ping();
  });

  it('tells of leases that change hands, and of no renewal', async () => {
    const { tables, clock } = emptyStore();
    const { store } = await startedWorker(tables);
    await store.leases.renewAndAcquire();
    expect(tables.leases).toHaveLength(shardCount);
    clock.now += 2 * leaseTtlMs;
    await startedWorker(tables, 'worker 2');
    expect(tables.leases.slice(shardCount)).toHaveLength(shardCount);
    expect(tables.leases.at(-1)).toMatchObject({ owner: 'worker 2', at: clock.now });
  });
});

describe('a guard that is left out of the simulated store', () => {
  it('no longer stops a worker that has lost its leases', async () => {
    const { tables, clock } = emptyStore('fence', 'compared before deciding');
    const { decide } = await startedWorker(tables);
    clock.now += 2 * leaseTtlMs;
    await startedWorker(tables, 'worker 2');
    await decide();
    expect(tables.decisions).toMatchObject([{ worker: 'worker 1' }]);
  });

  it('lets a row be decided twice', async () => {
    const { tables } = emptyStore('journal key');
    const { decide } = await startedWorker(tables);
    await decide();
    await decide();
    expect(tables.journal()).toHaveLength(2);
  });

  it('lets a lease that holds be taken, under the old term', async () => {
    const { tables } = emptyStore('expired leases only are taken', 'term rises');
    await startedWorker(tables);
    const { leases } = await startedWorker(tables, 'worker 2');
    expect(leases.map(({ term }) => term)).toEqual([0, 0, 0, 0]);
  });

  it('lets a loss go unnoticed', async () => {
    const { tables } = emptyStore('own commits are checked');
    const { decide, store } = await startedWorker(tables);
    const snapshot = tables.snapshot();
    await decide();
    tables.failOver(snapshot);
    await expect(store.ping()).rejects.toMatchObject({ kind: 'connectionLost' });
    await store.ping();
  });
});
