import { describe, expect, it } from 'vitest';
import { rowDigest } from '../../../src/domain/digest.js';
import type { JournalEntry } from '../../../src/domain/journal.js';
import { rowId } from '../../../src/domain/keys.js';
import type { InterfaceRow, PolledRow } from '../../../src/domain/rows.js';
import { State } from '../../../src/domain/states.js';
import { productKey } from '../../../src/domain/waiting.js';
import type { Customer } from '../../../src/domain/customer.js';
import type { MiddleDatabase } from '../../../src/middle/port.js';
import type { PreviewedRow } from '../../../src/operator/contract/rows.js';
import { preview, type PreviewSettings } from '../../../src/operator/preview.js';
import {
  accountRow,
  attributeRow,
  customer,
  customerRow,
  previewSettings,
  rulesWith,
} from '../../support/builders.js';
import { middleDatabase, middleOperations, storeOperations } from '../../support/operations.js';

const now = '2026-11-20 08:01:00';
const pending = { state: State.Initial, stateDate: null };

interface Situation {
  /** Pending rows in order. */
  readonly rows: readonly InterfaceRow[];
  /** Rows as they stand when they are read, where that differs. */
  readonly standing?: readonly InterfaceRow[];
  readonly stored?: readonly Customer[];
  readonly journal?: readonly JournalEntry[];
  readonly settings?: Partial<PreviewSettings>;
}

async function previewOf({ rows, standing = rows, stored = [], journal = [], ...more }: Situation) {
  const poll: MiddleDatabase['poll'] = async ({ paused }) => ({
    rows: rows.filter(({ productId }) => !paused.productIds.includes(productId ?? '')).map(polled),
    now,
  });
  return preview(
    {
      poller: middleDatabase({ poll }),
      middle: middleOperations({
        find: async (keys) =>
          standing
            .filter((row) => keys.some((key) => rowId(key) === rowId(row)))
            .map((row) => ({ ...row, errContent: null, remark: null })),
      }),
      store: storeOperations({
        journal: async () => journal,
        snapshot: async () => ({ customers: stored, accounts: [], boundUsers: [] }),
        seen: async () => new Set(stored.map(productKey)),
        now: async () => '2026-11-20T00:01:00.000Z',
      }),
    },
    { ...previewSettings, ...more.settings },
  );
}

function polled(row: InterfaceRow): PolledRow {
  const { source, streamingNo, custId, productId, bizId, userId, opFlag, createDate, stateDate } = row;
  return {
    source,
    streamingNo,
    custId,
    productId,
    bizId,
    userId,
    opFlag,
    createDate,
    state: row.state ?? 0,
    stateDate,
    attributes: row.attributes.length,
  };
}

const outcomes = (rows: readonly PreviewedRow[]) =>
  rows.map(({ streamingNo, outcome }) => `${streamingNo} ${outcome}`);

/** A current journal entry of a row: applied, with its content. */
const entry = (row: InterfaceRow, more: Partial<JournalEntry>): JournalEntry => ({
  source: row.source,
  streamingNo: row.streamingNo,
  attempt: '2026-11-20 08:00:00',
  superseded: false,
  outcome: 'applied',
  errContent: null,
  digest: rowDigest(row),
  ...more,
});

describe('the preview', () => {
  it('decides rows in order, each over what those before it would have done', async () => {
    const rows = await previewOf({
      rows: [
        accountRow({ streamingNo: '1', ...pending }),
        customerRow({ streamingNo: '2', ...pending }),
        accountRow({ streamingNo: '3', ...pending }),
        accountRow({ streamingNo: '4', ...pending }),
      ],
    });
    expect(outcomes(rows)).toEqual(['1 failed', '2 applied', '3 applied', '4 failed']);
    expect(rows[0]).toMatchObject({
      table: 'IF_BNET_ACCOUNT',
      code: '00402',
      userId: 'li@huawang',
      state: 0,
    });
    expect(rows[0]?.errContent).toMatch(/^00402 业务数据内容不存在: 客户未开通该产品/);
    expect(rows[3]?.errContent).toMatch(/^00404 业务逻辑执行错误: 用户已绑定/);
  });

  it('asks only for reading, of the head of both tables', async () => {
    const asked: unknown[] = [];
    const nothing = middleDatabase({
      poll: async (request) => {
        asked.push(request);
        return { rows: [], now: '' };
      },
    });
    const store = storeOperations({
      journal: async () => [],
      snapshot: async () => ({ customers: [], accounts: [], boundUsers: [] }),
      seen: async () => new Set<string>(),
      now: async () => '2026-11-20T00:01:00.000Z',
    });
    const sources = { poller: nothing, middle: middleOperations({ find: async () => [] }), store };
    expect(await preview(sources, { ...previewSettings, limit: 7 })).toEqual([]);
    expect(asked).toEqual([
      {
        limit: 7,
        settleMs: 0,
        paused: { sources: [], productIds: [] },
        shards: { count: 1, held: 'all' },
        excluded: [],
        waits: [],
      },
    ]);
  });

  it('lets rows wait that a pause leaves out, and decides the others without them', async () => {
    const rows = [
      customerRow({ streamingNo: '1', productId: '7', ...pending }),
      customerRow({ streamingNo: '2', ...pending }),
      accountRow({ streamingNo: '3', productId: '7', ...pending }),
      accountRow({ streamingNo: '4', ...pending }),
    ];
    const paused = { sources: [], productIds: ['7'] };
    const shown = await previewOf({ rows, settings: { paused } });
    expect(outcomes(shown)).toEqual(['1 waits', '2 applied', '3 waits', '4 applied']);
    expect(shown[0]).toMatchObject({ code: null, note: 'product 7 is paused' });
  });

  it('takes the answer of the journal where there is one', async () => {
    const inFlight = customerRow({ streamingNo: '1' });
    const putBack = customerRow({ streamingNo: '2', bizId: 'B-2', ...pending });
    const corrected = customerRow({ streamingNo: '3', bizId: 'B-3', ...pending });
    const rows = await previewOf({
      rows: [inFlight, putBack, corrected],
      journal: [
        entry(inFlight, {
          attempt: inFlight.stateDate ?? '',
          outcome: 'failed',
          errContent: '00404 业务逻辑执行错误',
        }),
        entry(putBack, {}),
        entry(corrected, { digest: 'of other content' }),
      ],
    });
    expect(rows.map(({ outcome, errContent, note }) => [outcome, errContent, note])).toEqual([
      ['failed', '00404 业务逻辑执行错误', 'decided already, only its mark is missing'],
      ['applied', null, 'applied before with the same content: marked again, without a second effect'],
      ['applied', null, 'applied before with other content'],
    ]);
  });

  it('refuses rows that share one StreamingNo, and leaves out rows that were finished meanwhile', async () => {
    const duplicate = customerRow({ streamingNo: '1', ...pending });
    const finished = customerRow({ streamingNo: '2', ...pending });
    const rows = await previewOf({
      rows: [duplicate, duplicate, finished],
      standing: [duplicate, duplicate, { ...finished, state: State.Succeeded }],
    });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      streamingNo: '1',
      outcome: 'failed',
      errContent: '00404 业务逻辑执行错误: StreamingNo 1 在表中重复出现 2 次',
    });
  });

  it('lets young rows wait for an open that has not come, with the rows behind them', async () => {
    const young = { ...pending, createDate: '2026-11-20 08:00:57' };
    const rows = await previewOf({
      rows: [
        accountRow({ streamingNo: '1', ...young }),
        accountRow({ streamingNo: '2', userId: 'wang', ...young }),
      ],
      settings: { dependencyGraceMs: 10_000 },
    });
    expect(outcomes(rows)).toEqual(['1 waits', '2 waits']);
    expect(rows[0]?.note).toBe(
      'its customer waits up to 7 s for the open (0101), ProductID 323002000, BizID B-1',
    );
  });

  it('lets the open overtake the rows that wait for it, and goes on with them', async () => {
    const young = { ...pending, createDate: '2026-11-20 08:00:57' };
    const rows = await previewOf({
      rows: [accountRow({ streamingNo: '1', ...young }), customerRow({ streamingNo: '2', ...young })],
      settings: { dependencyGraceMs: 10_000 },
    });
    expect(outcomes(rows)).toEqual(['1 applied', '2 applied']);
  });

  it('keeps no decided row waiting, as a worker does: only its mark is missing', async () => {
    const stateDate = '2026-11-20 08:00:58';
    const createDate = '2026-11-20 08:00:57';
    const decided = accountRow({ streamingNo: '1', createDate, state: State.Processing, stateDate });
    const refused = {
      attempt: stateDate,
      outcome: 'failed',
      errContent: '00402 业务数据内容不存在',
    } as const;
    const rows = await previewOf({
      rows: [decided],
      journal: [entry(decided, refused)],
      settings: { dependencyGraceMs: 10_000 },
    });
    expect(rows).toMatchObject([{ outcome: 'failed', note: 'decided already, only its mark is missing' }]);
  });

  it('leaves the rows behind one that begins to wait, as a worker does', async () => {
    const young = { ...pending, createDate: '2026-11-20 08:00:57' };
    const rows = await previewOf({
      rows: [
        customerRow({ streamingNo: '1', custName: null, ...young }),
        accountRow({ streamingNo: '2', ...young }),
        customerRow({ streamingNo: '3', bizId: 'B-2', ...young }),
      ],
      settings: { dependencyGraceMs: 10_000 },
    });
    expect(outcomes(rows)).toEqual(['1 failed', '2 waits', '3 waits']);
  });

  it('takes the answer of the journal for rows that share one StreamingNo, too', async () => {
    const duplicate = customerRow({ streamingNo: '1' });
    const { source, streamingNo, stateDate } = duplicate;
    const key = { source, streamingNo, attempt: stateDate ?? '', superseded: false };
    const rows = await previewOf({
      rows: [duplicate, duplicate],
      journal: [{ ...key, outcome: 'applied', errContent: null, digest: 'of the first of them' }],
    });
    expect(rows).toMatchObject([
      { outcome: 'applied', errContent: null, note: 'decided already, only its mark is missing' },
    ]);
  });

  it('refuses a pending row that shares its StreamingNo with a finished one', async () => {
    const row = customerRow({ streamingNo: '1', ...pending });
    const rows = await previewOf({ rows: [row], standing: [{ ...row, state: State.Succeeded }, row] });
    expect(rows).toMatchObject([{ outcome: 'failed', code: '00404' }]);
  });

  it('refuses a row with too many attributes although its content was applied before', async () => {
    const row = customerRow({ streamingNo: '1', ...pending, attributes: [attributeRow(), attributeRow()] });
    const key = { source: row.source, streamingNo: '1', attempt: '2026-11-20 07:00:00', superseded: false };
    const rows = await previewOf({
      rows: [row],
      journal: [{ ...key, outcome: 'applied', errContent: null, digest: rowDigest(row) }],
      settings: { maxAttributes: 1 },
    });
    expect(rows).toMatchObject([{ outcome: 'failed', code: '00403' }]);
  });

  it('decides rows that are still settling too, and says for how long', async () => {
    const [row] = await previewOf({
      rows: [customerRow({ ...pending, createDate: '2026-11-20 08:00:57' })],
      settings: { settleMs: 5000 },
    });
    expect(row).toMatchObject({ outcome: 'applied', note: 'left alone for 2 s more' });
  });

  it('follows the rules of the configuration', async () => {
    const rows = [customerRow({ streamingNo: '1', ...pending })];
    const stored = [customer()];
    expect(outcomes(await previewOf({ rows, stored }))).toEqual(['1 failed']);
    const rules = rulesWith({ onDuplicateOpen: 'update' });
    expect(outcomes(await previewOf({ rows, stored, settings: { rules } }))).toEqual(['1 applied']);
  });
});
