import { describe, expect, it } from 'vitest';
import type { PolledRow } from '../../../src/domain/rows.js';
import { isBacklog, settledPart } from '../../../src/domain/settling.js';
import { State } from '../../../src/domain/states.js';
import { polledRow } from '../../support/builders.js';

const now = '2026-11-20 12:00:00';
const settleMs = 2000;

/** A row of a customer, created so many seconds ago by its own clock. */
function row(streamingNo: string, secondsAgo: number, overrides: Partial<PolledRow> = {}): PolledRow {
  const createDate = new Date(Date.parse('2026-11-20T12:00:00Z') - secondsAgo * 1000);
  return polledRow('0101', {
    streamingNo,
    custId: streamingNo,
    createDate: createDate.toISOString().slice(0, 19).replace('T', ' '),
    ...overrides,
  });
}

/** What has settled, by StreamingNo, where rows were first seen so many milliseconds ago. */
function settled(rows: readonly PolledRow[], seen: Record<string, number> = {}, isFull = false) {
  const seenForMs = ({ streamingNo }: PolledRow) => seen[streamingNo] ?? 0;
  const part = settledPart(rows, { settleMs, now, isFull, seenForMs });
  return { rows: part.rows.map(({ streamingNo }) => streamingNo), nextMs: part.nextMs };
}

describe('settling', () => {
  it.each([20, 8 * 3600])('counts from the first sight where CreateDate is %i s behind', (behind) => {
    expect(settled([row('1', behind)])).toEqual({ rows: [], nextMs: 2000 });
    expect(settled([row('1', behind)], { 1: 1500 })).toEqual({ rows: [], nextMs: 500 });
    expect(settled([row('1', behind)], { 1: 2000 })).toEqual({ rows: ['1'], nextMs: null });
  });

  it('counts from the CreateDate where the clock of the worker runs fast', () => {
    expect(settled([row('1', 1)], { 1: 3000 })).toEqual({ rows: [], nextMs: 1000 });
    expect(settled([row('1', 2)], { 1: 3000 })).toEqual({ rows: ['1'], nextMs: null });
  });

  it('tells when the next row has settled', () => {
    const rows = [row('1', 60), row('2', 60), row('3', 60)];
    expect(settled(rows, { 1: 2500, 2: 1200, 3: 300 })).toEqual({ rows: ['1'], nextMs: 800 });
  });

  it('holds the later rows of a customer back, in State 1 too, and nobody else', () => {
    const custId = '7';
    const claimed = { custId, state: State.Processing };
    const rows = [row('1', 60, { custId }), row('2', 60), row('3', 50, { custId }), row('4', 40, claimed)];
    expect(settled(rows, { 2: 9000, 3: 9000 }).rows).toEqual(['2']);
  });

  it('keeps no row without a CreateDate waiting, and none in State 1', () => {
    expect(settled([row('1', 0, { createDate: null }), row('2', 0, { state: State.Processing })])).toEqual({
      rows: ['1', '2'],
      nextMs: null,
    });
  });

  it('goes by CreateDate in a backlog: a full page that does not reach the young rows', () => {
    expect(settled([row('1', 60), row('2', 3)], {}, true)).toEqual({ rows: ['1', '2'], nextMs: null });
    const page = [row('1', 60), row('2', 3), row('3', 2)];
    expect(settled(page, {}, true)).toEqual({ rows: ['1', '2', '3'], nextMs: null });
  });

  it('finds no backlog in a page without rows', () => {
    expect(isBacklog([], { settleMs, now, isFull: true })).toBe(false);
  });

  it('goes by the first sight in a full page that does reach them', () => {
    expect(settled([row('1', 60), row('2', 1)], {}, true)).toEqual({ rows: [], nextMs: 2000 });
    expect(settled([row('1', 60), row('2', 60), row('3', 1)], {}, true)).toEqual({ rows: [], nextMs: 2000 });
  });

  it('goes by CreateDate where the first sight is not known', () => {
    const unknown = { 1: Infinity, 2: Infinity };
    expect(settled([row('1', 60), row('2', 1)], unknown)).toEqual({ rows: ['1'], nextMs: 1000 });
  });

  it('is off with settleMs 0', () => {
    const rows = [row('1', -3600)];
    const part = settledPart(rows, { settleMs: 0, now, isFull: false, seenForMs: () => 0 });
    expect(part).toEqual({ rows, nextMs: null });
  });
});
