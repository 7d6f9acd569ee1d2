import type { Account } from '../../src/domain/customer.js';
import { tableOf, type Source } from '../../src/domain/keys.js';
import { State } from '../../src/domain/states.js';
import type { FullRow } from '../../src/middle/admin-port.js';
import type { ActivityBar, Overview, PauseInForce } from '../../src/operator/contract/state.js';
import type {
  FailureGroup,
  RelatedRow,
  RowInProcessing,
  RowDetails,
} from '../../src/operator/contract/rows.js';
import type { WorkerDescription } from '../../src/store/port.js';
import type { JournalLine } from '../../src/store/admin-port.js';
import { fakeDeferredSummary } from './fake-deferred.js';
import { account, accountRow, attributeRow, customer, customerRow } from './builders.js';

/** A number as long as the interface allows. */
export const longNumber = '123456789012345678901234567890';

/** Texts that would run, or break the page, if they were taken for HTML. */
export const hostile = {
  name: '<script>alert(1)</script>华望"公司\' onload=alert(2)',
  error: '00403 数据格式不正确: CustName "<img src=x onerror=alert(3)>\u202egnp.exe" 含有空字符 (NUL)',
  product: '323002000',
};

const errors: readonly string[] = [
  '00401 关键数据项不能为空: AccName',
  '00403 数据格式不正确: AreaCode "571020" 超过 5 位',
  '00402 业务数据内容不存在: 产品 323002000 的客户 990947809 未开通',
  '00404 业务逻辑执行错误: 用户 li@huawang 已绑定',
  '00406 绑定用户已超上限: 上限 20，已绑定 20',
  '00205 过程执行异常: 处理程序拒绝了本行，已尝试 3 次',
];

const names = [
  '华望公司',
  '杭州西湖信息技术有限公司',
  '深圳市前海网络科技股份有限公司',
  '北京燕山石化（集团）',
];

/** Failed rows of both tables, the first of them hostile. */
export function fakeRows(): readonly FullRow[] {
  const ordinary = Array.from({ length: 134 }, (_, index) => failedRow(index));
  const [evil] = [
    {
      ...customerRow({ streamingNo: longNumber, custId: longNumber, custName: hostile.name }),
      state: State.Failed,
      stateDate: '2026-11-22 12:59:59',
      errContent: hostile.error,
      remark: '</textarea><script>alert(4)</script>',
      attributes: [
        attributeRow({ attrId: longNumber, attrValue: '<b onclick="alert(5)">20</b>' }),
        attributeRow({ attrId: '2', attrSpecId: '11002009002000000000', attrValue: null }),
      ],
    },
  ];
  const done = {
    ...customerRow({ streamingNo: '900' }),
    state: State.Succeeded,
    errContent: null,
    remark: null,
  };
  return [evil, ...ordinary, done];
}

function failedRow(index: number): FullRow {
  const ofAccount = index % 3 !== 0;
  const minute = String(59 - (index % 60)).padStart(2, '0');
  const common = {
    streamingNo: String(20_261_122_000_500 - index),
    custId: String(990_947_809 + (index % 7)),
    createDate: `2026-11-22 10:${minute}:00`,
    stateDate: `2026-11-22 1${1 - Math.floor(index / 67)}:${minute}:08`,
    state: State.Failed,
  };
  const row = ofAccount
    ? accountRow({ ...common, userId: `wang.xiaoming${index}@huawang.example.cn` })
    : customerRow({ ...common, custName: names[index % names.length] ?? null, opFlag: '0102' });
  return { ...row, errContent: errors[index % errors.length] ?? null, remark: null };
}

/** Two attempts at a row: one refused and superseded, one refused and current. */
export function fakeJournal(row: FullRow): readonly JournalLine[] {
  const { source, streamingNo, opFlag, productId, custId, bizId, userId, errContent } = row;
  const record = { source, streamingNo, opFlag, productId, custId, bizId, userId, digest: 'd' };
  const worker = 'c0a80117-7c1e-4a51-9d3c-52f0f7a2b6de';
  const failed = { ...record, outcome: 'failed', worker } as const;
  return [
    {
      ...failed,
      attempt: row.stateDate ?? '',
      code: '00403',
      errContent: errContent ?? '00403 数据格式不正确',
      superseded: false,
      decidedAt: '2026-11-22T04:59:59.120Z',
    },
    {
      ...failed,
      attempt: '2026-11-22 08:11:02',
      code: '00401',
      errContent: '00401 关键数据项不能为空: CustName',
      superseded: true,
      decidedAt: '2026-11-22T00:11:03.004Z',
    },
  ];
}

/** The customer's product with more users than are shown. */
export function fakeRecords(row: FullRow): RowDetails['records'] {
  const { custId, productId, bizId } = row;
  const identity = { custId: custId ?? '', productId: productId ?? '', bizId: bizId ?? '' };
  const user = (number: number, more: Partial<Account> = {}): Account =>
    account({
      ...identity,
      userId: `user${number}@huawang`,
      accName: number === 1 ? hostile.name : '李明',
      ...more,
    });
  const gone = { status: 'unbound', unboundAt: '2026-11-21T03:00:00.000Z' } as const;
  return [
    {
      customer: customer({
        ...identity,
        custName: row.custName ?? '华望公司',
        changedAt: '2026-11-20T02:00:00.000Z',
        attributes: [
          { attrSpecId: '11002009001000000000', attrId: '1', attrValue: '20' },
          { attrSpecId: '11002009002000000000', attrId: '2', attrValue: null },
        ],
      }),
      users: [user(1), user(2), user(3, gone)],
      more: true,
    },
  ];
}

/** Rows of the customer around a row; one after it was applied. */
export function fakeRelatedRows(row: FullRow): readonly RelatedRow[] {
  const { productId } = row;
  const related = (source: Source, streamingNo: string, rest: Partial<RelatedRow>): RelatedRow => ({
    table: tableOf[source],
    streamingNo,
    opFlag: source === 'CUST' ? '0102' : '0201',
    productId,
    userId: source === 'CUST' ? null : 'li@huawang',
    createDate: '2026-11-22 09:00:00',
    state: State.Succeeded,
    errContent: null,
    decidedAt: '2026-11-22T01:00:05.000Z',
    place: 'before',
    ...rest,
  });
  return [
    related('CUST', '900', { opFlag: '0101', state: null }),
    related('ACCOUNT', '901', {}),
    related(row.source, row.streamingNo, {
      createDate: row.createDate,
      opFlag: row.opFlag,
      userId: row.userId,
      state: row.state,
      errContent: row.errContent,
      place: 'this',
    }),
    related('ACCOUNT', longNumber, { place: 'after', createDate: '2026-11-22 13:00:00' }),
    related('CUST', '903', { place: 'after', state: State.Initial, decidedAt: null }),
  ];
}

/** Both tables, two lively charts, two workers, and both databases well. */
export function fakeOverview(): Overview {
  const count = (rows: number, atLeast = false) => ({ rows, atLeast });
  return {
    at: '2026-11-22T05:00:00.000Z',
    tables: {
      IF_BNET_CUST: { '0': count(12), '1': count(3), '2': count(10_000, true), '3': count(46) },
      IF_BNET_ACCOUNT: { '0': count(1204), '1': count(50), '2': count(10_000, true), '3': count(89) },
    },
    oldestPendingSeconds: 205,
    createdAhead: { rows: 0, newest: null, seconds: 0 },
    strayAttributes: { IF_BNET_CUST: { late: 0, orphaned: 0 }, IF_BNET_ACCOUNT: { late: 0, orphaned: 0 } },
    lastHour: fakeBars(12, 5),
    lastDay: fakeBars(24, 60),
    workers: fakeWorkers(),
    shards: 64,
    pauses: fakePauses(),
    alarms: [],
    deferred: fakeDeferredSummary(),
    verification: { last: null },
    databases: {
      middle: { reachable: true, answeredMs: 3.4, error: null },
      store: { reachable: true, answeredMs: 1.2, error: null },
    },
  };
}

/** So many bars of so many minutes that end at five in the morning. */
export function fakeBars(bars: number, minutes: number): readonly ActivityBar[] {
  const end = Date.parse('2026-11-22T05:00:00.000Z');
  return Array.from({ length: bars }, (_, index) => ({
    from: new Date(end - (bars - index) * minutes * 60_000).toISOString(),
    applied: minutes * Math.round(40 + 30 * Math.sin(index / 2)),
    failed: index % 4 === 0 ? 0 : minutes * (index % 3),
  }));
}

/** Two workers alive and one that was killed; a few shards are held by nobody. */
export function fakeWorkers(): readonly WorkerDescription[] {
  const shards = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const startedAt = '2026-11-20T01:02:03.000Z';
  const worker = { startedAt, heartbeatAt: '2026-11-22T04:59:58.000Z', alive: true };
  return [
    {
      ...worker,
      workerId: 'c0a80117-7c1e-4a51-9d3c-52f0f7a2b6de',
      host: 'sync-1',
      pid: 4711,
      shards: shards(0, 31),
    },
    {
      ...worker,
      workerId: 'b5f1f9b0-0d0e-4d5f-8f3e-1d6a2b0c9e11',
      host: 'sync-2',
      pid: 812,
      shards: shards(32, 60),
    },
    {
      ...worker,
      workerId: 'aa20cc1e-54f0-4c7e-a5d0-9b0a4f1d2c3b',
      host: 'sync-3',
      pid: 99,
      alive: false,
      heartbeatAt: '2026-11-22T03:10:00.000Z',
      shards: [],
    },
  ];
}

/** One product is paused. */
export function fakePauses(): readonly PauseInForce[] {
  return [
    {
      target: { productId: '323002001' },
      since: '2026-11-22T02:00:00.000Z',
      who: '王工',
      reason: '产品方升级，工单 20261122-17 <b>勿恢复</b>',
    },
  ];
}

/** Groups with and without a code, registered or not, and one whose rows were all put right. */
export function fakeGroups(): readonly FailureGroup[] {
  const rows = fakeRows();
  const newest = (source: Source, start: string) => {
    const row = rows.find(
      (candidate) => candidate.source === source && candidate.errContent?.startsWith(start),
    );
    return row === undefined
      ? null
      : { ...row, table: tableOf[source], code: start, errContent: row.errContent };
  };
  const group = (source: Source, code: string | null, text: string | null, numbers: readonly number[]) => {
    const [present = 0, lastHour = 0, lastDay = 0, lastWeek = 0] = numbers;
    return {
      table: tableOf[source],
      code,
      text,
      present: { rows: present, atLeast: present === 10_000 },
      lastHour,
      lastDay,
      lastWeek,
      newest: newest(source, code ?? '00205'),
    };
  };
  return [
    group('ACCOUNT', '00401', '关键数据项不能为空', [10_000, 12, 310, 12_040]),
    group('CUST', '00403', '数据格式不正确', [24, 3, 24, 61]),
    group('ACCOUNT', '00404', '业务逻辑执行错误', [22, 0, 5, 22]),
    group('ACCOUNT', '09999', null, [2, 0, 0, 2]),
    group('CUST', null, null, [1, 0, 0, 0]),
    group('CUST', '00405', '有用户未解绑', [0, 0, 1, 4]),
  ];
}

/** A row held by a worker, one that nobody holds, and one without an age. */
export function fakeProcessing(): readonly RowInProcessing[] {
  const row: RowInProcessing = {
    table: 'IF_BNET_ACCOUNT',
    streamingNo: '20261122000777',
    opFlag: '0201',
    productId: '323002000',
    custId: '990947809',
    userId: 'li@huawang',
    stateDate: '2026-11-22 12:59:57',
    ageSeconds: 3,
    shard: 17,
    holder: 'c0a80117-7c1e-4a51-9d3c-52f0f7a2b6de',
    host: 'sync-1',
  };
  const nobody = { shard: 62, holder: null, host: null };
  return [
    {
      ...row,
      streamingNo: longNumber,
      custId: longNumber,
      ageSeconds: 7_503,
      stateDate: '2026-11-22 10:54:57',
      ...nobody,
    },
    {
      ...row,
      table: 'IF_BNET_CUST',
      streamingNo: '20261122000701',
      opFlag: '0102',
      userId: null,
      ageSeconds: null,
      stateDate: null,
    },
    row,
  ];
}
