import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Wait } from '../../../src/domain/waiting.js';
import type { Fixture } from '../middle.js';
import { account, cust, everything, idsOf, later, longAgo } from './rows.js';

const custId = '123456789012345678901234567890';
const product = { productId: '9'.repeat(30), custId, bizId: 'BIZ1' };

function waitFor(userId: string | null, custIdOf = custId): Wait {
  return { custId: custIdOf, product: { ...product, custId: custIdOf }, userId, remainingMs: 5000 };
}

/** What a poll returns of a customer that waits for an open or a bind. */
export function waitingRules(fixture: Fixture): void {
  describe('a customer that waits', () => {
    it('for an open gets that open alone', async () => {
      await fixture().plant([
        cust('1', { ...product, opFlag: '0102' }),
        account('2', { ...product }),
        cust('3', { ...product, bizId: 'BIZ2' }),
        cust('4', { ...product, productId: '8'.repeat(30) }),
        cust('5', { ...product }),
        account('6', { ...product, opFlag: '0101' }),
        cust('7', { ...product, bizId: null }),
        cust('8', { ...product, opFlag: null }),
      ]);
      const middle = fixture().open();
      expect(idsOf(await middle.poll(everything({ waits: [waitFor(null)] })))).toEqual(['IF_BNET_CUST:5']);
      expect(idsOf(await middle.poll(everything()))).toHaveLength(8);
    });

    it('for a bind gets that bind alone', async () => {
      await fixture().plant([
        account('1', { ...product, userId: 'U1', opFlag: '0202' }),
        account('2', { ...product, userId: 'U2' }),
        account('3', { ...product, userId: 'U1', bizId: 'BIZ2' }),
        account('4', { ...product, userId: 'U1' }),
        account('5', { ...product, userId: null }),
        cust('6', { ...product }),
        cust('7', { ...product, opFlag: '0201' }),
      ]);
      const page = await fixture()
        .open()
        .poll(everything({ waits: [waitFor('U1')] }));
      expect(idsOf(page)).toEqual(['IF_BNET_ACCOUNT:4']);
    });

    it('gets what it waits for in State 1 too: a stopped worker may have claimed it', async () => {
      await fixture().plant([
        cust('1', { ...product, state: State.Processing, stateDate: longAgo }),
        cust('2', { ...product, opFlag: '0102', state: State.Processing, stateDate: longAgo }),
      ]);
      const page = await fixture()
        .open()
        .poll(everything({ waits: [waitFor(null)] }));
      expect(idsOf(page)).toEqual(['IF_BNET_CUST:1']);
    });

    it('costs other customers nothing, nor rows without a CustID', async () => {
      const waiting = Array.from({ length: 30 }, (_, index) =>
        cust(String(index + 1), { ...product, opFlag: '0102' }),
      );
      const createDate = later(longAgo, 1);
      await fixture().plant([
        ...waiting,
        cust('51', { custId: '7', createDate, opFlag: '0102' }),
        account('52', { custId: '8', createDate }),
        cust('53', { custId: null, createDate }),
      ]);
      const page = await fixture()
        .open()
        .poll(everything({ waits: [waitFor(null)], limit: 10 }));
      expect(idsOf(page)).toEqual(['IF_BNET_CUST:51', 'IF_BNET_ACCOUNT:52', 'IF_BNET_CUST:53']);
    });

    it('waits for its own open or bind, not for that of another who waits', async () => {
      await fixture().plant([
        account('1', { ...product, custId: '7', userId: 'U1' }),
        cust('2', { ...product, custId: '7' }),
        account('3', { ...product, custId: '8', userId: 'U1' }),
        cust('4', { ...product, custId: '8' }),
        account('5', { ...product, custId: '9', userId: 'U1' }),
      ]);
      const page = await fixture()
        .open()
        .poll(everything({ waits: [waitFor(null, '7'), waitFor('U1', '8')] }));
      expect(idsOf(page)).toEqual(['IF_BNET_CUST:2', 'IF_BNET_ACCOUNT:3', 'IF_BNET_ACCOUNT:5']);
    });

    it('is told from the nearest number by all 30 digits', async () => {
      const nearest = `${custId.slice(0, -1)}1`;
      await fixture().plant([account('1', { ...product, custId: nearest }), account('2', { ...product })]);
      const page = await fixture()
        .open()
        .poll(everything({ waits: [waitFor(null)] }));
      expect(idsOf(page)).toEqual(['IF_BNET_ACCOUNT:1']);
    });

    it('is told by every character of a UserID, whatever they are', async () => {
      const wanted = 'U\u00011\u0002,\u0003用户😀|1';
      const others = [
        'U',
        'U\u0001',
        'U\u00011',
        '1',
        ',',
        '\u0003用户😀|1',
        'U1\u0002,',
        'U\u0003\u00051',
        '1\u0002,',
      ];
      const bind = { ...product, bizId: 'B\u0001' };
      await fixture().plant([
        ...others.map((userId, index) => account(String(index + 1), { ...bind, userId })),
        account('98', { ...product, bizId: 'B', userId: `\u0001${wanted}` }),
        account('99', { ...bind, userId: wanted }),
      ]);
      const wait: Wait = { custId, product: bind, userId: wanted, remainingMs: 5000 };
      const page = await fixture()
        .open()
        .poll(everything({ waits: [wait] }));
      expect(idsOf(page)).toEqual(['IF_BNET_ACCOUNT:99']);
    });

    it('is one of a thousand', async () => {
      const customers = Array.from(
        { length: 1000 },
        (_, index) => `${'7'.repeat(26)}${String(1000 + index)}`,
      );
      const waits = customers.map((waiting, index) =>
        waitFor(index % 2 === 0 ? null : `user-${String(index)}@某某公司.cn`, waiting),
      );
      const [opens, binds] = [customers.at(-2)!, customers.at(-1)!];
      const nobody = customers[0]!.slice(1);
      await fixture().plant([
        cust('1', { ...product, custId: opens, opFlag: '0102' }),
        cust('2', { ...product, custId: opens }),
        account('3', { ...product, custId: binds, userId: 'user-997@某某公司.cn' }),
        account('4', { ...product, custId: binds, userId: 'user-999@某某公司.cn' }),
        cust('5', { ...product, custId: nobody, opFlag: '0102' }),
      ]);
      const page = await fixture().open().poll(everything({ waits }));
      expect(idsOf(page)).toEqual(['IF_BNET_CUST:2', 'IF_BNET_ACCOUNT:4', 'IF_BNET_CUST:5']);
    });
  });
}
