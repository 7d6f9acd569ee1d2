import { describe, expect, it } from 'vitest';
import { check, report } from './checker.js';
import { smallHistory, textOf } from './small-history.js';
import { corruptedHistories, swap } from './corrupted-histories.js';
import { oneBatch, shortened, trouble } from './corrupted-troubles.js';

describe('fault suite: the checker', () => {
  it('finds nothing in a history without faults', () => {
    expect(check(smallHistory())).toEqual([]);
  });

  it.each(corruptedHistories)('%s, %s: sees %s', (kind, about, _what, corrupt) => {
    const history = smallHistory();
    corrupt(history);
    const violations = check(history);
    expect(violations.map((each) => [each.kind, each.about])).toContainEqual([kind, about]);
    expect(report(history, violations)).toContain(about);
  });

  it('allows a late row to be decided after one that stands behind it, and no other', () => {
    const history = smallHistory();
    swap(history, 2, 3);
    const late = history.rows[2]!;
    late.committedAt = history.changes[10]!.at - 1000;
    expect(check(history).filter(({ kind }) => kind === 'order')).toEqual([]);
    late.committedAt = history.changes[10]!.at - 9000;
    expect(check(history).filter(({ kind }) => kind === 'order')).not.toEqual([]);
  });

  it('allows an open to overtake the bind that waits for it, from the first sight of whoever holds its shard', () => {
    const history = smallHistory();
    const [open, bind] = [history.rows[0]!, history.rows[1]!];
    history.disturbances = [];
    Object.assign(open, { createdAt: bind.createdAt! + 9000, createDate: textOf(bind.createdAt! + 9000) });
    Object.assign(bind, { createdAt: bind.createdAt! + 8000, createDate: textOf(bind.createdAt! + 8000) });
    for (const row of history.rows.slice(2)) row.createDate = textOf(open.createdAt! + 9000);
    expect(check(history).filter(({ kind }) => kind === 'order')).toEqual([]);
    bind.createdAt! -= 20_000;
    expect(check(history).filter(({ kind }) => kind === 'order')).toEqual([]);
    bind.committedAt -= 20_000;
    history.leases[0]!.at -= 20_000;
    expect(check(history).filter(({ kind }) => kind === 'order')).not.toEqual([]);
    history.leases[0]!.at = history.changes[1]!.at;
    expect(check(history).filter(({ kind }) => kind === 'order')).toEqual([]);
  });

  it('lets the rows of a customer wait as long as something is wrong with one of them, and no longer', () => {
    const history = smallHistory();
    history.disturbances = [];
    trouble(history, 'mark swallowed', { source: 'ACCOUNT', streamingNo: '99' });
    expect(check(history)).toEqual([]);
    history.troubles[0]!.over = history.changes.at(-1)!.at - 1000;
    expect(check(history)).toEqual([]);
    history.changes.at(-1)!.at += 70_000;
    expect(check(history).map(({ kind }) => kind)).toEqual(['overdue']);
  });

  it('lets a text be shortened where the column was too narrow, down to the code', () => {
    for (const text of ['00401 关键数据项不能为空', '00401 关键', '00401']) {
      const history = smallHistory();
      trouble(history, 'ErrContent too narrow', { streamingNo: null, custId: null });
      shortened(history, text);
      expect(check(history)).toEqual([]);
    }
  });

  it('lets a text be shortened where the refusal of its mark was over meanwhile', () => {
    const history = smallHistory();
    const over = history.changes[8]!.at - 10;
    trouble(history, 'mark refused', { streamingNo: '3', until: over, over });
    shortened(history, '00401');
    expect(check(history)).toEqual([]);
  });

  it('lets a row end with 00205 that the store refused, whatever it must have been', () => {
    const history = smallHistory();
    trouble(history, 'decision refused', { streamingNo: '3' });
    Object.assign(history.decisions[2]!, { code: '00205' });
    const kinds = check(history).map(({ kind }) => kind);
    expect(kinds).not.toContain('code');
    expect(kinds).not.toContain('innocent');
  });

  it('lets a rule set a claim back, and a platform write a StateDate that is none', () => {
    const history = smallHistory();
    const claim = history.changes[1]!;
    trouble(history, 'claim set back', { from: 0, until: 0 });
    history.changes.splice(1, 0, { ...claim, to: 0, dateBefore: null });
    expect(check(history)).toEqual([]);
    history.rows[1]!.planted = { state: 1, stateDate: 'infinity' };
    Object.assign(history.changes[4]!, { to: 1, dateAfter: null });
    Object.assign(history.changes[5]!, { from: 1 });
    expect(check(history)).toEqual([]);
  });

  it('lets a mark that a rule undid land after those of its statement', () => {
    const history = smallHistory();
    oneBatch(history);
    history.changes[2]!.seq = 90;
    trouble(history, 'mark swallowed', { from: 0, until: 0 });
    history.troubles[0]!.over = history.changes[5]!.at + 1000;
    expect(check(history)).toEqual([]);
  });

  it('lets marks of one transaction land in any order, and those of two batches', () => {
    const history = smallHistory();
    history.changes[2]!.seq = 90;
    expect(check(history)).toEqual([]);
    oneBatch(history);
    history.changes[5]!.xid = history.changes[2]!.xid;
    expect(check(history)).toEqual([]);
  });
});
