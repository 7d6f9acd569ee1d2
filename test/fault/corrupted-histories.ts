import type { SmallHistory } from './small-history.js';
import { corruptedByTroubles, type Corruption } from './corrupted-troubles.js';

/** Histories that are corrupted in one way each. */
export const corruptedHistories: Corruption[] = [
  [
    'lost',
    'CUST:1',
    'a row left in State 1',
    (h) => {
      h.finalRows[0]!.state = 1;
    },
  ],
  [
    'lost',
    'CUST:3',
    'a row that is not there any more',
    (h) => {
      h.finalRows.splice(2, 1);
    },
  ],
  [
    'attributes',
    'CUST:1',
    'an attribute row that stayed behind',
    (h) => {
      h.finalAttributes[0]!.state = 1;
    },
  ],
  [
    'attributes',
    'CUST:1',
    'an attribute row that vanished',
    (h) => {
      h.finalAttributes.splice(0, 1);
    },
  ],
  [
    'twice',
    'ACCOUNT:2',
    'an effect more than the journal tells',
    (h) => {
      h.lines.push({ ...h.lines[1]!, xid: 'other' });
    },
  ],
  [
    'twice',
    'ACCOUNT:2',
    'two effects of one attempt',
    (h) => {
      h.lines.push({ ...h.lines[1]! });
    },
  ],
  [
    'twice',
    'ACCOUNT:2',
    'an entry without its effect',
    (h) => {
      h.lines.splice(1, 1);
    },
  ],
  [
    'twice',
    'ACCOUNT:2',
    'two current entries',
    (h) => {
      h.journal.push({ ...h.journal[1]! });
    },
  ],
  [
    'twice',
    'ACCOUNT:2',
    'an attempt recorded twice',
    (h) => {
      h.decisions.push({ ...h.decisions[1]!, seq: 16 });
    },
  ],
  [
    'twice',
    'ACCOUNT:2',
    'an attempt that nobody claimed',
    (h) => {
      h.decisions[1]!.attempt = '2020-01-01 00:00:00';
    },
  ],
  [
    'twice',
    'CUST:1',
    'the same content applied under another attempt',
    (h) => {
      again(h);
    },
  ],
  [
    'answer',
    'CUST:3',
    'a refused row in State 2',
    (h) => {
      Object.assign(h.finalRows[2]!, { state: 2, errContent: null });
    },
  ],
  [
    'answer',
    'ACCOUNT:2',
    'a mark before the decision',
    (h) => {
      h.decisions[1]!.at += 5000;
    },
  ],
  [
    'text',
    'CUST:3',
    'another text than the journal has',
    (h) => {
      h.finalRows[2]!.errContent = '00401 关键数据项不能为空: BizID';
    },
  ],
  [
    'text',
    'CUST:3',
    'a text without its standard words',
    (h) => {
      text(h, '00401 oops');
    },
  ],
  [
    'text',
    'CUST:3',
    'a text of two lines',
    (h) => {
      text(h, '00401 关键数据项不能为空: a\nb');
    },
  ],
  [
    'text',
    'CUST:1',
    'a text on a success',
    (h) => {
      h.finalRows[0]!.errContent = '00401';
    },
  ],
  [
    'order',
    'CUST:4',
    'two rows decided in the wrong order',
    (h) => {
      swap(h, 2, 3);
    },
  ],
  [
    'order',
    'ACCOUNT:2',
    'a bind before its open',
    (h) => {
      swap(h, 0, 1);
    },
  ],
  [
    'code',
    'CUST:4',
    'another refusal than the rules say',
    (h) => {
      h.decisions[3]!.code = '00402';
    },
  ],
  [
    'code',
    'CUST:3',
    'a wrong row that was applied',
    (h) => {
      Object.assign(h.decisions[2]!, { outcome: 'applied', code: null });
    },
  ],
  [
    'code',
    'CUST:3',
    'another code than the platform expects',
    (h) => {
      h.decisions[2]!.code = '00403';
    },
  ],
  [
    'innocent',
    'ACCOUNT:2',
    '00205 for a row that did nothing',
    (h) => {
      Object.assign(h.decisions[1]!, { outcome: 'failed', code: '00205' });
    },
  ],
  [
    'poison',
    'ACCOUNT:2',
    '00205 for poison that was tried once',
    (h) => {
      poison(h, 1);
    },
  ],
  [
    'store',
    '1/7/b',
    'a value in the store that no row gave',
    (h) => {
      h.stored[0]!.values = { ...h.stored[0]!.values, name: 'other' };
    },
  ],
  [
    'store',
    '1/7/b/u',
    'a user missing from the store',
    (h) => {
      h.stored.splice(1, 1);
    },
  ],
  [
    'store',
    '1/7/b',
    'an attribute value twice in the store',
    (h) => {
      h.stored[0]!.attributes.push(...h.stored[0]!.attributes);
    },
  ],
  [
    'backwards',
    'CUST:1',
    'a worker that moved a row back',
    (h) => {
      back(h, 2, 0);
    },
  ],
  [
    'backwards',
    'CUST:1',
    'a worker that moved a row from 2 to 3',
    (h) => {
      back(h, 2, 3);
    },
  ],
  [
    'backwards',
    'CUST:1',
    'a StateDate that went back',
    (h) => {
      h.changes[2]!.dateAfter = '2020-01-01 00:00:00';
    },
  ],
  [
    'fence',
    'ACCOUNT:2',
    'a decision of a worker without the lease',
    (h) => {
      h.leases.push({ seq: 11, shard: 7, owner: 'w2', at: 0 });
    },
  ],
  [
    'impatient',
    'ACCOUNT:2',
    'a bind refused while it may wait',
    (h) => {
      impatient(h);
    },
  ],
  ...corruptedByTroubles,
];

/** Exchanges the order of two decisions. */
export function swap(history: SmallHistory, a: number, b: number): void {
  const [first, second] = [history.decisions[a]!, history.decisions[b]!];
  [first.seq, second.seq] = [second.seq, first.seq];
}

function text(history: SmallHistory, errContent: string): void {
  history.finalRows[2]!.errContent = errContent;
  history.journal[2]!.errContent = errContent;
  history.decisions[2]!.errContent = errContent;
}

function back(history: SmallHistory, from: number, to: number): void {
  history.changes.push({ ...history.changes[2]!, seq: 99, from, to });
}

function again(history: SmallHistory): void {
  const attempt = '2026-11-22 01:00:00';
  history.changes.push({ ...history.changes[1]!, dateAfter: attempt, seq: 98 });
  history.decisions.push({ ...history.decisions[0]!, attempt, seq: 99, xid: 'again' });
}

function poison(history: SmallHistory, calls: number): void {
  history.rows[1]!.mark = 'throw';
  history.poisonCalls = new Map([['ACCOUNT:2', calls]]);
  Object.assign(history.decisions[1]!, { outcome: 'failed', code: '00205' });
}

/** The open comes too late for the bind, which was refused at once. */
function impatient(history: SmallHistory): void {
  swap(history, 0, 1);
  Object.assign(history.decisions[1]!, {
    outcome: 'failed',
    code: '00402',
    decidedAt: history.rows[1]!.createdAt! + 2000,
  });
}
