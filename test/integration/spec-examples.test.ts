import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { specExamples } from '../../src/demo/platform/spec-examples.js';
import { column, isAvailable, openPair, pairKinds, statesOf, type Pair } from '../support/databases.js';
import { completed, send } from '../support/messages.js';
import { drain } from '../support/workers.js';

const expectedAttributes = [
  ['5001', '11002001000000000000', '1'],
  ['5002', '11002004000000000000', '0'],
  ['5003', '11002005000000000000', '0'],
  ['5004', '11002006000000000000', '0'],
  ['5005', '11002007000000000000', '0'],
  ['5006', '11002008000000000000', '0'],
  ['5007', '11002009000000000000', null],
  ['5008', '11002009001000000000', '1'],
  ['5009', '11002009002000000000', '1'],
  ['5010', '11002009000000000000', null],
  ['5011', '11002009001000000000', '2'],
  ['5012', '11002009002000000000', '1'],
  ['5013', '11002009000000000000', null],
  ['5014', '11002009001000000000', '3'],
  ['5015', '11002009002000000000', '1'],
  ['5016', '11002010000000000000', '1'],
];

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`the specification's examples on ${kind}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await openPair(kind);
    });
    afterEach(async () => {
      await pair.close();
    });

    it('all succeed, and the 16 attributes of product 323002000 are in the store in order, ids exact', async () => {
      await send(pair, completed(specExamples));
      await drain({ middle: pair.openMiddle(), store: pair.openStore() });
      expect(await statesOf(pair.middle)).toEqual({ 2: 8 });
      const { rows } = await pair.store.execute({
        sql: `SELECT CAST(attr_id AS TEXT) AS attr_id, CAST(attr_spec_id AS TEXT) AS attr_spec_id, attr_value
              FROM bnet_customer_attr WHERE product_id = '323002000' ORDER BY bnet_customer_attr.attr_id`,
        bindings: [],
      });
      expect(rows.map((row) => [row['attr_id'], row['attr_spec_id'], row['attr_value']])).toEqual(
        expectedAttributes,
      );
      expect(await column(pair.store, 'SELECT status FROM bnet_customer ORDER BY status')).toEqual([
        'active',
        'cancelled',
      ]);
      expect(await column(pair.store, 'SELECT status FROM bnet_account ORDER BY status')).toEqual([
        'bound',
        'unbound',
      ]);
      expect(await column(pair.middle, 'SELECT DISTINCT State FROM IF_BNET_CUST_ATTR')).toSatisfy(
        ([n]) => Number(n) === 2,
      );
    });
  });
}
