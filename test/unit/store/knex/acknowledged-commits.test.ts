import { describe, expect, it } from 'vitest';
import {
  AcknowledgedCommits,
  type AcknowledgedCommit,
} from '../../../../src/store/knex/acknowledged-commits.js';

const commit = (streamingNo: string, at = '2026-11-01T00:00:00.000Z'): AcknowledgedCommit => {
  return { source: 'CUST', streamingNo, attempt: '2026-11-01 08:00:00', worker: 'w', at };
};
const daysLater = (days: number) => new Date(Date.parse('2026-11-01') + days * 86_400_000).toISOString();

describe('the commits that stand for all others', () => {
  it('are the last one, where each transaction began after the one before it', () => {
    const commits = new AcknowledgedCommits();
    for (const streamingNo of ['1', '2', '3']) commits.acknowledge(commit(streamingNo), commits.last);
    expect(commits.last).toEqual([commit('3')]);
  });

  it('are as many as ran side by side, until one begins that has seen them all', () => {
    const commits = new AcknowledgedCommits();
    commits.acknowledge(commit('1'), commits.last);
    const seenByBoth = commits.last;
    commits.acknowledge(commit('2'), seenByBoth);
    commits.acknowledge(commit('3'), seenByBoth);
    expect(commits.last).toEqual([commit('2'), commit('3')]);
    commits.acknowledge(commit('4'), commits.last);
    expect(commits.last).toEqual([commit('4')]);
  });

  it('prove a loss when they are missed, for 29 days: after 30 the journal may be purged of them', () => {
    const commits = new AcknowledgedCommits();
    commits.acknowledge(commit('1'), []);
    const missing = commits.last;
    expect(commits.missed(missing, { at: daysLater(28.9), closedAt: null })).toBe(true);
    expect([commits.lost, commits.last]).toEqual([missing, missing]);
    expect(commits.missed(missing, { at: daysLater(29.1), closedAt: null })).toBe(false);
    expect([commits.lost, commits.last]).toEqual([[], []]);
  });

  it('prove nothing once an operator has closed an alarm since, and are asked for no more', () => {
    const commits = new AcknowledgedCommits();
    commits.acknowledge(commit('1', daysLater(1)), []);
    commits.acknowledge(commit('2', daysLater(3)), []);
    const [older, newer] = commits.last;
    expect(commits.missed(commits.last, { at: daysLater(4), closedAt: daysLater(2) })).toBe(true);
    expect([commits.lost, commits.last]).toEqual([[newer], [newer]]);
    expect(commits.missed([older!], { at: daysLater(4), closedAt: daysLater(1) })).toBe(false);
  });

  it('are forgotten with what was missed', () => {
    const commits = new AcknowledgedCommits();
    commits.acknowledge(commit('1'), []);
    commits.missed(commits.last, { at: daysLater(1), closedAt: null });
    commits.forget();
    expect([commits.last, commits.lost]).toEqual([[], []]);
  });
});
