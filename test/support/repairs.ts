import type { RepairReport } from '../../src/operator/contract/actions.js';
import type { RepairRequest } from '../../src/operator/repair/repair-context.js';
import { repairStore } from '../../src/operator/repair/repair-store.js';
import type { OperatorSettings } from '../../src/operator/requests.js';
import type { RepairTransaction, StoreAdmin, StoreRepairs } from '../../src/store/admin-port.js';
import type { KnexPair } from './databases.js';
import { operatorSettings, operatorsOf, openStaging } from './operators.js';

const actor = { name: 'li', via: 'command' } as const;

/** What happens while a repair applies: customers of whom a row is decided whenever it looks, or the first time. */
interface Moving {
  readonly moves?: (custId: string) => boolean;
  readonly movesOnce?: (custId: string) => boolean;
  /** Runs once, at the first look. */
  readonly meanwhile?: () => Promise<unknown>;
}

/** Repairs a pair as the command does. */
export async function repairPair(
  pair: KnexPair,
  request: Partial<RepairRequest> = {},
  settings: Partial<OperatorSettings> = {},
  moving: Moving = {},
): Promise<RepairReport> {
  const { middle, store: present } = operatorsOf(pair);
  const repairs = movingRepairs(present.repairs, moving);
  const store = Object.create(present, {
    repairs: { value: repairs },
    appliedSince: { value: present.appliedSince.bind(present) },
  }) as StoreAdmin;
  const sources = { middle, store, openStaging };
  return repairStore(
    sources,
    actor,
    { ...operatorSettings, ...settings },
    {
      ...{ custId: null, productId: null, all: false, takeBack: false, dryRun: false, reason: 'ticket 4711' },
      onProgress: () => undefined,
      ...request,
    },
  );
}

function movingRepairs(repairs: StoreRepairs, { moves, movesOnce, meanwhile }: Moving): StoreRepairs {
  let looks = 0;
  return {
    transaction: (shards, work) =>
      repairs.transaction(shards, (transaction) => {
        const newestDecisions: RepairTransaction['newestDecisions'] = async (scope) => {
          looks += 1;
          if (looks === 1) await meanwhile?.();
          const found = new Map(await transaction.newestDecisions(scope));
          for (const custId of scope.custIds ?? [])
            if (moves?.(custId) === true || (looks === 1 && movesOnce?.(custId) === true))
              found.set(custId, '2030-01-01T00:00:00.000Z');
          return found;
        };
        return work({
          newestDecisions,
          journal: (attempts) => transaction.journal(attempts),
          snapshot: (asked) => transaction.snapshot(asked),
          write: (changes) => transaction.write(changes),
          record: (records, superseding, by) => transaction.record(records, superseding, by),
        });
      }),
  };
}

/** What a product store holds of its customers, without the times at which it came to be. */
export async function contentsOf(pair: KnexPair): Promise<unknown> {
  const read = async (table: string, columns: string): Promise<readonly unknown[]> => {
    const { rows } = await pair.store.execute({ sql: `SELECT ${columns} FROM ${table}`, bindings: [] });
    return rows.map((row) => JSON.stringify(row)).sort();
  };
  const identity = 'CAST(product_id AS TEXT) AS p, CAST(cust_id AS TEXT) AS c, biz_id';
  const last = 'CAST(last_streaming_no AS TEXT) AS last';
  const attribute = 'CAST(attr_spec_id AS TEXT) AS spec, CAST(attr_id AS TEXT) AS attr, attr_value';
  const journal = 'source, CAST(streaming_no AS TEXT) AS no, outcome, op_flag, digest';
  const applied = `(SELECT * FROM sync_journal WHERE NOT superseded AND outcome = 'applied') AS j`;
  return {
    customers: await read(
      'bnet_customer',
      `${identity}, area_code, cust_account, cust_name, status, ${last}`,
    ),
    customerAttributes: await read('bnet_customer_attr', `${identity}, ${attribute}`),
    accounts: await read(
      'bnet_account',
      `${identity}, user_id, area_code, acc_type, acc_name, status, ${last}`,
    ),
    accountAttributes: await read('bnet_account_attr', `${identity}, user_id, ${attribute}`),
    applied: await read(applied, journal),
  };
}
