import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Account, Customer } from '../../../../src/domain/customer.js';
import { rowId, type RowKey } from '../../../../src/domain/keys.js';
import type { InterfaceRow } from '../../../../src/domain/rows.js';
import { checkCustomer, type Evidence } from '../../../../src/operator/verify/check-customer.js';
import { histories, inOrder, rules, type HistoryRow } from '../../../support/model-rows.js';
import {
  defaultModelRules,
  runModel,
  type ModelRules,
  type ModelStore,
} from '../../../support/sequential-model.js';

/** How rows take effect that all did: nothing is refused for a rule that may have been another. */
const lenient = (chosen: ModelRules): ModelRules => ({
  ...chosen,
  onDuplicateOpen: 'update',
  onDuplicateBind: 'update',
  onCancelWithUsers: 'unbind',
  userLimitAttrSpecId: null,
});

/** The rows of one customer that take effect in this order. */
function effective(rows: readonly HistoryRow[], chosen: ModelRules): HistoryRow[] {
  const { outcomes } = runModel(rows, chosen);
  return rows.filter((_, index) => outcomes[index]!.code === null);
}

function interfaceRow(row: HistoryRow): InterfaceRow {
  const blankIsNull = Object.entries(row).map(([name, value]: [string, unknown]) => [
    name,
    value === '' ? null : value,
  ]);
  return { ...(Object.fromEntries(blankIsNull) as HistoryRow), state: 2, stateDate: null };
}

function evidenceOf(rows: readonly HistoryRow[], store: ModelStore, requeued: ReadonlySet<string>): Evidence {
  const journalled = rows.map((row) => ({ row: interfaceRow(row), requeued: requeued.has(rowId(row)) }));
  return {
    custId: rows[0]?.custId ?? null,
    journalled,
    unjournalled: [],
    row: (key) => journalled.find(({ row }) => rowId(row) === rowId(key))!.row,
    candidateRows: [],
    lost: null,
    stored: {
      customers: store.customers.map((each) => each as unknown as Customer),
      accounts: store.accounts.map((each) => each as unknown as Account),
    },
  };
}

/** What a store holds, without the rows that touched it last. */
function values({ customers, accounts }: ModelStore) {
  const rest = <T extends { lastStreamingNo: string }>({ lastStreamingNo: _, ...more }: T) => more;
  return { customers: customers.map(rest), accounts: accounts.map(rest) };
}

const custId = '7';
/** Dated rows of one customer, mostly of one product, so that their order matters often. */
const dated = histories.map((rows) =>
  inOrder(
    rows.map((row, index) => ({
      ...row,
      ...{ custId, bizId: 'b1', productId: index % 4 === 0 ? row.productId : '323002000' },
      createDate: row.createDate ?? '2026-11-01 08:00:00',
    })),
  ),
);
const places = fc.tuple(fc.nat(), fc.nat());

describe('the order that a verification expects', () => {
  const judged = (
    rows: readonly HistoryRow[],
    chosen: ModelRules,
    requeued: ReadonlySet<string> = new Set(),
  ) =>
    checkCustomer(evidenceOf(rows, runModel(rows, chosen).store, requeued), {
      attributes: chosen.attributes,
      journalSince: null,
    });

  it('is that of a history in order, whatever the rules', () => {
    fc.assert(
      fc.property(dated, rules, (rows, chosen) => {
        const { differences, late } = judged(effective(rows, chosen), chosen);
        expect(differences).toEqual([]);
        expect(Object.values(late)).toEqual([0, 0, 0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('is missed by a row that took effect too late where, and only where, that changes values', () => {
    let changed = 0;
    let unchanged = 0;
    fc.assert(
      fc.property(dated, rules, places, (rows, chosen, [from, distance]) => {
        const ruled = lenient(chosen);
        const right = effective(rows, ruled);
        fc.pre(right.length > 1);
        const moved = right[from % (right.length - 1)]!;
        const rest = right.filter((row) => row !== moved);
        const place = (from % (right.length - 1)) + 1 + (distance % (right.length - 1));
        const broken = effective([...rest.slice(0, place), moved, ...rest.slice(place)], ruled);
        fc.pre(broken.includes(moved));

        const { differences, late } = judged(broken, ruled);
        const outOfOrder = differences.filter(({ kind }) => kind === 'outOfOrder');
        const expected = runModel(inOrder(broken), ruled).store;
        try {
          expect(values(runModel(broken, ruled).store)).toEqual(values(expected));
        } catch {
          changed += 1;
          expect(outOfOrder.map(({ streamingNo }) => streamingNo)).toEqual([moved.streamingNo]);
          // Put right, it is clean; requeued, it was late on purpose.
          const stored = { ...evidenceOf(broken, expected, new Set()) };
          const settings = { attributes: ruled.attributes, journalSince: null };
          expect(checkCustomer(stored, settings).differences).toEqual([]);
          const requeued = judged(broken, ruled, new Set([rowId(moved)]));
          expect([requeued.differences, requeued.late.requeued]).toEqual([[], 1]);
          return;
        }
        unchanged += 1;
        expect([differences, late.waited]).toEqual([[], 0]);
      }),
      { numRuns: 500 },
    );
    expect(Math.min(changed, unchanged)).toBeGreaterThan(50);
  });

  /** A row of one product, second by second. */
  const rowAt = (second: number | null, opFlag: string, fields: Partial<HistoryRow> = {}): HistoryRow => ({
    ...{ source: 'CUST', streamingNo: String(second ?? 99), opFlag, productId: '1', custId, bizId: 'b' },
    createDate: second === null ? null : `2026-11-01 08:00:0${second}`,
    ...{ areaCode: null, custAccount: null, custName: null, userId: null, accType: null, accName: null },
    attributes: [],
    ...fields,
  });

  it('leaves requeued and undated rows where they are, also beside a row out of order', () => {
    const rows = [
      rowAt(1, '0101', { custAccount: 'a', custName: '企业' }),
      rowAt(5, '0102', { areaCode: '5', custAccount: '5', custName: '5' }),
      rowAt(3, '0102', { custName: '3' }),
      rowAt(null, '0102', { custAccount: '99' }),
      rowAt(2, '0102', { areaCode: '2' }),
    ];
    const { differences, late } = judged(rows, lenient(defaultModelRules), new Set(['IF_BNET_CUST:3']));
    expect(differences).toMatchObject([
      { kind: 'outOfOrder', streamingNo: '2', laterStreamingNo: '5' },
      { field: 'area_code', expected: '5', found: '2' },
      { field: 'last_streaming_no', expected: '99', found: '2' },
    ]);
    expect(late).toEqual({ requeued: 1, waited: 0, undated: 1, sameValues: 0 });
  });

  it('is that of a bind and a later open which both overtook the change of a user', () => {
    const user = { source: 'ACCOUNT', userId: 'u1', accType: '1', accName: '张三' } as const;
    const rows = [
      rowAt(5, '0101', { custAccount: 'a', custName: '企业' }),
      rowAt(4, '0201', user),
      rowAt(3, '0202', { ...user, accName: '李四' }),
    ];
    const { differences, late } = judged(rows, lenient(defaultModelRules));
    expect([differences, late]).toEqual([[], { requeued: 0, waited: 2, undated: 0, sameValues: 0 }]);
  });

  it('is found for very many rows of one customer, and each of them is told', () => {
    const many = 20_000;
    const row = (streamingNo: number, opFlag: string): HistoryRow => ({
      ...{ source: 'CUST', streamingNo: String(streamingNo), createDate: '2026-11-01 08:00:00', opFlag },
      ...{ productId: '1', custId, bizId: 'b', areaCode: null, userId: null, accType: null, accName: null },
      ...{ custAccount: 'a', custName: String(streamingNo), attributes: [] },
    });
    const lost = Array.from({ length: many }, (_, index) => row(index + 2, '0102'));
    const rows = [row(1, '0101'), row(many + 2, '0102'), ...lost];
    const byId = new Map(rows.map((each) => [rowId(each), interfaceRow(each)]));
    const evidence = {
      ...evidenceOf(rows, runModel(rows).store, new Set()),
      row: (key: RowKey) => byId.get(rowId(key))!,
    };
    const { differences } = checkCustomer(evidence, { attributes: 'merge', journalSince: null });
    expect(differences.filter(({ kind }) => kind === 'outOfOrder')).toHaveLength(many);
    expect(differences.find(({ field }) => field === 'cust_name')).toMatchObject({
      expected: String(many + 2),
      found: String(many + 1),
    });
  });
});
