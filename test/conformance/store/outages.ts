import { describe, expect, it } from 'vitest';
import type { ProductStore } from '../../../src/store/port.js';
import { StoreNotMigratedError } from '../../../src/store/setup-port.js';
import { kindOf } from '../middle/outages.js';
import type { Fixture, WorkerFixture } from '../store.js';
import { sharedSettings, identityOf, product, record, startWorker } from './data.js';

/** Calls that a store answers before a worker is registered. */
const calls: Readonly<Record<string, (store: ProductStore) => Promise<unknown>>> = {
  register: (store) => store.leases.register(identityOf('worker 1'), sharedSettings),
  'readBeforeClaim of rows': (store) =>
    store.readBeforeClaim([{ source: 'CUST', streamingNo: '1' }], { products: [], users: [] }),
  'readBeforeClaim of products': (store) => store.readBeforeClaim([], { products: [product], users: [] }),
};

/** Calls of a registered worker about its crash notes. */
const notes: Readonly<Record<string, (store: ProductStore) => Promise<unknown>>> = {
  crashCounts: ({ crashLog }) => crashLog.crashCounts([record()]),
  begin: ({ crashLog }) => crashLog.begin(record()),
  clear: ({ crashLog }) => crashLog.clear(record()),
  end: ({ crashLog }) => crashLog.forget(record()),
};

/** How calls fail when the store is not there. */
export function unreachableRules(fixture: WorkerFixture): void {
  describe('a call', () => {
    it.each(Object.entries(calls))(
      'to a server that is not there fails as unreachable: %s',
      async (_name, call) => {
        expect(await kindOf(call(fixture().openUnreachable()))).toBe('unreachable');
      },
    );
  });
}

/** How calls fail when the store is not what it should be. */
export function storeOutageRules(fixture: Fixture): void {
  describe('a call', () => {
    it('fails for the schema where nothing was migrated, and registering says what to do', async () => {
      const { register, ...others } = calls;
      for (const call of Object.values(others))
        expect(await kindOf(call(fixture().openEmpty()))).toBe('schema');
      await expect(register!(fixture().openEmpty())).rejects.toBeInstanceOf(StoreNotMigratedError);
    });

    it.each(Object.entries(notes))(
      'about trials fails for the schema where their table is missing: %s',
      async (_name, call) => {
        const { store } = await startWorker(fixture());
        await fixture().run('ALTER TABLE sync_crash RENAME TO sync_crash_away');
        try {
          expect(await kindOf(call(store))).toBe('schema');
        } finally {
          await fixture().run('ALTER TABLE sync_crash_away RENAME TO sync_crash');
        }
      },
    );

    it('to see whether the server is there answers, migrated or not', async () => {
      await expect(fixture().open().ping()).resolves.toBeUndefined();
      await expect(fixture().openEmpty().ping()).resolves.toBeUndefined();
      expect(await kindOf(fixture().openUnreachable().ping())).toBe('unreachable');
    });
  });
}
