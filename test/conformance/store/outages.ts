import { describe, expect, it } from 'vitest';
import type { ProductStore } from '../../../src/store/port.js';
import { kindOf } from '../middle/outages.js';
import type { Fixture } from '../store.js';
import { identityOf, product, shardCount } from './data.js';

/** Calls that a store answers before a worker is registered. */
const calls: Readonly<Record<string, (store: ProductStore) => Promise<unknown>>> = {
  register: (store) => store.leases.register(identityOf('worker 1'), shardCount),
  'foresee of rows': (store) =>
    store.foresee([{ source: 'CUST', streamingNo: '1' }], { products: [], users: [] }),
  'foresee of products': (store) => store.foresee([], { products: [product], users: [] }),
};

/** How calls fail when the store is not what it should be. */
export function storeOutageRules(fixture: Fixture): void {
  describe('a call', () => {
    it.each(Object.entries(calls))(
      'to a server that is not there fails as unreachable: %s',
      async (_name, call) => {
        expect(await kindOf(call(fixture().openUnreachable()))).toBe('unreachable');
      },
    );

    it.each(Object.entries(calls))(
      'fails for the schema where nothing was migrated: %s',
      async (_name, call) => {
        expect(await kindOf(call(fixture().openEmpty()))).toBe('schema');
      },
    );

    it('to see whether the server is there answers, migrated or not', async () => {
      await expect(fixture().open().ping()).resolves.toBeUndefined();
      await expect(fixture().openEmpty().ping()).resolves.toBeUndefined();
      expect(await kindOf(fixture().openUnreachable().ping())).toBe('unreachable');
    });
  });
}
