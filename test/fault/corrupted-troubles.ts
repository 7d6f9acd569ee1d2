import type { Violation } from './checker.js';
import { breakerOpen } from './checker-troubles.js';
import type { Trouble, TroubleKind } from './observations.js';
import type { SmallHistory } from './small-history.js';

/** A history is corrupted in one way; the checker must say so, of this row. */
export type Corruption = [
  kind: Violation['kind'],
  about: string,
  what: string,
  corrupt: (history: SmallHistory) => void,
];

/** Histories in which what is wrong with a row does more than it may, or less is wrong than it would take. */
export const corruptedByTroubles: Corruption[] = [
  [
    'delayed',
    'ACCOUNT:5',
    'a row that waited though nothing was wrong with its customer',
    (h) => {
      h.disturbances = [];
    },
  ],
  [
    'delayed',
    'ACCOUNT:5',
    'a row that waited because of another customer’s trouble',
    (h) => {
      h.disturbances = [];
      trouble(h, 'claim refused', { custId: '8', streamingNo: '99' });
    },
  ],
  [
    'delayed',
    'ACCOUNT:5',
    'a row that waited for a breaker that would not close',
    (h) => {
      h.disturbances = [{ what: breakerOpen, from: 0, until: Infinity }];
      h.changes[14]!.at += 40_000;
    },
  ],
  [
    'delayed',
    'ACCOUNT:5',
    'a row that waited long after the faults',
    (h) => {
      h.changes[14]!.at += 30_000;
    },
  ],
  [
    'overdue',
    'ACCOUNT:5',
    'a row that waited when the trouble of its customer was over',
    (h) => {
      h.disturbances = [];
      trouble(h, 'row locked', { over: h.rows[0]!.createdAt! + 2000 });
      h.changes[14]!.at += 20_000;
    },
  ],
  [
    'refusal',
    'CUST:1',
    'a claim that went through though it was refused',
    (h) => {
      trouble(h, 'claim refused');
    },
  ],
  [
    'refusal',
    'ACCOUNT:2',
    'a mark that landed under a lock',
    (h) => {
      trouble(h, 'row locked', { source: 'ACCOUNT', streamingNo: '2' });
    },
  ],
  [
    'refusal',
    'CUST:1',
    'a success that was marked 3 because its mark was refused',
    (h) => {
      trouble(h, 'success refused');
      markedFailed(h);
    },
  ],
  [
    'answer',
    'CUST:1',
    'a success in State 3, whatever was refused',
    (h) => {
      trouble(h, 'success refused');
      markedFailed(h);
    },
  ],
  [
    'text',
    'CUST:3',
    'a shortened text where every text would do',
    (h) => {
      shortened(h, '00401 关键数据项不能为空');
    },
  ],
  [
    'text',
    'CUST:3',
    'a shortened text where the other table was too narrow',
    (h) => {
      trouble(h, 'ErrContent too narrow', { source: 'ACCOUNT', streamingNo: null });
      shortened(h, '00401 关键数据项不能为空');
    },
  ],
  [
    'text',
    'CUST:3',
    'a text that was shortened before the column was too narrow',
    (h) => {
      trouble(h, 'ErrContent too narrow', { streamingNo: null, begun: h.changes[8]!.at + 60_000 });
      shortened(h, '00401 关键数据项不能为空');
    },
  ],
  [
    'text',
    'CUST:3',
    'a text that was shortened long before a refusal was over',
    (h) => {
      trouble(h, 'mark refused', { over: h.changes[8]!.at + 60_000 });
      shortened(h, '00401 关键数据项不能为空');
    },
  ],
  [
    'text',
    'CUST:3',
    'a shortened text that does not begin with its code',
    (h) => {
      trouble(h, 'ErrContent too narrow', { streamingNo: null });
      shortened(h, '关键数据项不能为空');
    },
  ],
  [
    'text',
    'CUST:3',
    'a shortened text that lost a part of its code',
    (h) => {
      trouble(h, 'ErrContent too narrow', { streamingNo: null });
      shortened(h, '0040');
    },
  ],
  [
    'mark order',
    'CUST:1',
    'a mark that landed before that of an earlier row of its batch',
    (h) => {
      oneBatch(h);
      h.changes[2]!.seq = 90;
    },
  ],
  [
    'innocent',
    'ACCOUNT:2',
    '00205 for a row, where the store refused another one',
    (h) => {
      trouble(h, 'decision refused');
      Object.assign(h.decisions[1]!, { outcome: 'failed', code: '00205' });
    },
  ],
  [
    'backwards',
    'CUST:1',
    'a claim that was set back though no rule did it',
    (h) => {
      h.changes.push({ ...h.changes[1]!, seq: 99, to: 0 });
    },
  ],
  [
    'backwards',
    'CUST:1',
    'a new attempt at a row in State 1 that had a good StateDate',
    (h) => {
      h.changes.push({ ...h.changes[1]!, seq: 99, from: 1, dateBefore: h.changes[1]!.dateAfter });
    },
  ],
];

/** Something was wrong, all the time unless the test says when: with the first row unless it says which. */
export function trouble(history: SmallHistory, kind: TroubleKind, more: Partial<Trouble> = {}): void {
  const from = history.rows[0]!.createdAt! - 20_000;
  const until = history.changes.at(-1)!.at + 120_000;
  const row = { source: 'CUST', streamingNo: '1', custId: '7' } as const;
  history.troubles.push({ kind, ...row, begun: from, from, until, over: until, ...more });
}

/** The third row's text as the table has it; the journal has it whole. */
export function shortened(history: SmallHistory, errContent: string): void {
  history.finalRows[2]!.errContent = errContent;
  history.changes[8]!.errContent = errContent;
}

function markedFailed(history: SmallHistory): void {
  const errContent = '00205 过程执行异常';
  Object.assign(history.finalRows[0]!, { state: 3, errContent });
  Object.assign(history.changes[2]!, { to: 3, errContent });
}

/** The first two rows are decided by one transaction. */
export function oneBatch(history: SmallHistory): void {
  const { xid } = history.decisions[0]!;
  history.decisions[1]!.xid = xid;
  history.lines[1]!.xid = xid;
}
