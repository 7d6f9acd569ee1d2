import { describe, expect, it } from 'vitest';
import { check, report } from './checker.js';
import { smallHistory, textOf } from './small-history.js';
import { spoilt, swap } from './spoilt-histories.js';

describe('fault suite: the checker', () => {
  it('finds nothing in a history without faults', () => {
    expect(check(smallHistory())).toEqual([]);
  });

  it.each(spoilt)('%s, %s: sees %s', (kind, about, _what, spoil) => {
    const history = smallHistory();
    spoil(history);
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

  it('allows an open to overtake the bind that waits for it', () => {
    const history = smallHistory();
    const [open, bind] = [history.rows[0]!, history.rows[1]!];
    Object.assign(open, { createdAt: bind.createdAt! + 9000, createDate: textOf(bind.createdAt! + 9000) });
    Object.assign(bind, { createdAt: bind.createdAt! + 8000, createDate: textOf(bind.createdAt! + 8000) });
    for (const row of history.rows.slice(2)) row.createDate = textOf(open.createdAt! + 9000);
    expect(check(history).filter(({ kind }) => kind === 'order')).toEqual([]);
    bind.createdAt! -= 20_000;
    expect(check(history).filter(({ kind }) => kind === 'order')).not.toEqual([]);
  });
});
