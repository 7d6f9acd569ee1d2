import { expect } from 'vitest';
import { column, standing, type Pair } from './databases.js';
import { inOrder, storedModel, type HistoryRow } from './model-rows.js';
import { runModel, type ModelRules } from './sequential-model.js';

/** Expects that both databases stand as the plain sequential model would leave them after these rows. */
export async function expectModel(
  pair: Pair,
  rows: readonly HistoryRow[],
  modelRules: ModelRules,
): Promise<void> {
  const stored =
    pair.kind === 'SQLite'
      ? rows
      : rows.map((row) => ({ ...row, areaCode: row.areaCode?.slice(0, 5) ?? null }));
  const model = runModel(inOrder(stored), modelRules);
  const present = await standing(pair.middle);
  const outcomes = model.outcomes.map(({ source, streamingNo }) => {
    const row = present.get(`${source}:${streamingNo}`);
    return {
      source,
      streamingNo,
      code: row?.state === 3 ? (row.errContent?.slice(0, 5) ?? '') : null,
      state: row?.state,
    };
  });
  expect(outcomes).toEqual(model.outcomes.map((each) => ({ ...each, state: each.code === null ? 2 : 3 })));
  expect(await storedModel(pair)).toEqual(model.store);
  expect(
    Number((await column(pair.store, 'SELECT count(*) FROM sync_journal WHERE NOT superseded'))[0]),
  ).toBe(rows.length);
}
