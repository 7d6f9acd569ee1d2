import { describe, expect, it } from 'vitest';
import { answerOf, type JournalEntry } from '../../../src/domain/journal.js';

const present = '2026-11-20 08:00:05';
const earlier = '2026-11-20 07:00:00';
const later = '2026-11-20 09:00:00';
const failure = '00404 业务逻辑执行错误: …';

function entry(overrides: Partial<JournalEntry>): JournalEntry {
  const key = { source: 'CUST', streamingNo: '1001', attempt: present } as const;
  return { ...key, superseded: false, outcome: 'applied', errContent: null, digest: 'content', ...overrides };
}
const failed = (overrides: Partial<JournalEntry>) =>
  entry({ outcome: 'failed', errContent: failure, ...overrides });

const answer = (...entries: JournalEntry[]) => answerOf(entries, present, 'content');

describe('an attempt that nobody decided', () => {
  it('is undecided where the journal has no entry', () => {
    expect(answer()).toEqual({ kind: 'undecided', supersedes: false, contentChanged: false });
  });

  it('is undecided where an earlier attempt failed, with the same content or not, and closes its entry', () => {
    for (const digest of ['content', 'other']) {
      const expected = { kind: 'undecided', supersedes: true, contentChanged: false };
      expect(answer(failed({ attempt: earlier, digest }))).toEqual(expected);
    }
  });

  it('is undecided where an earlier attempt applied other content, which is worth a warning', () => {
    const expected = { kind: 'undecided', supersedes: true, contentChanged: true };
    expect(answer(entry({ attempt: earlier, digest: 'other' }))).toEqual(expected);
  });

  it('is decided where another attempt applied the same content, which is worth a warning', () => {
    for (const attempt of [earlier, later]) {
      const expected = { kind: 'decided', outcome: 'applied', errContent: null, again: true };
      expect(answer(entry({ attempt }))).toEqual(expected);
    }
  });

  it('is not answered by superseded entries of other attempts', () => {
    const closed = [
      entry({ attempt: earlier, superseded: true }),
      failed({ attempt: later, superseded: true }),
    ];
    expect(answer(...closed)).toEqual({ kind: 'undecided', supersedes: false, contentChanged: false });
    expect(answer(...closed, failed({ attempt: earlier }))).toMatchObject({
      kind: 'undecided',
      supersedes: true,
    });
    expect(answer(...closed, entry({ attempt: earlier }))).toMatchObject({ kind: 'decided', again: true });
  });
});

describe('an attempt that was decided', () => {
  it('has the outcome and text that were recorded, whatever its content is by now', () => {
    for (const digest of ['content', 'other']) {
      const success = { kind: 'decided', outcome: 'applied', errContent: null, again: false };
      const refusal = { kind: 'decided', outcome: 'failed', errContent: failure, again: false };
      expect(answer(entry({ digest }))).toEqual(success);
      expect(answer(failed({ digest }))).toEqual(refusal);
    }
  });

  it('gets the answer of the current entry where a later attempt superseded it, whatever its content is', () => {
    for (const own of [entry({ superseded: true }), failed({ superseded: true })]) {
      for (const current of [
        entry({ attempt: later }),
        failed({ attempt: later }),
        entry({ attempt: later, digest: 'x' }),
        failed({ attempt: later, digest: 'x' }),
      ]) {
        const { outcome, errContent } = current;
        const answered = { kind: 'decided', outcome, errContent, again: true };
        expect(answer(own, current)).toEqual(answered);
        expect(answer(current, own)).toEqual(answered);
      }
    }
  });

  it('is decided anew where it was superseded and no current entry is left', () => {
    for (const own of [entry({ superseded: true }), failed({ superseded: true })])
      expect(answer(own)).toEqual({ kind: 'undecided', supersedes: false, contentChanged: false });
  });
});
