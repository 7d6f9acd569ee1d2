import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../../src/database/errors.js';
import type { DeferralCause, Stage } from '../../../../src/domain/deferral.js';
import type { MiddleKind } from '../../../../src/middle/admin-port.js';
import { deferredFindings } from '../../../../src/operator/doctor/deferred.js';
import { fakeDeferred, fakeDeferredSummary } from '../../../support/fake-deferred.js';
import { nothingDeferred } from '../../../support/operations.js';

/** What is found where so many rows are deferred. */
function found(kind: MiddleKind | null, counts: readonly (readonly [Stage, DeferralCause, number])[]) {
  const byStage = counts.map(([stage, cause, rows]) => ({ stage, cause, rows }));
  const rows = byStage.reduce((sum, count) => sum + count.rows, 0);
  return deferredFindings(async () => ({ ...fakeDeferredSummary(), rows, byStage }), kind);
}

describe('the doctor on deferred rows', () => {
  it('finds each cause once, with its number, its first row and the words of the database', async () => {
    const findings = await found('oracle', [
      ['claim', 'locked', 4],
      ['mark', 'locked', 3],
      ['mark', 'ignored', 1],
      ['mark', 'refused', 1],
    ]);
    const [first] = fakeDeferred();
    expect(findings.map(({ level, finding }) => `${level} ${finding.slice(0, 71)}`)).toEqual([
      'warning 7 rows are deferred with their customers (claim 4, mark 3): another ses',
      'error 1 row is deferred with its customer (mark 1): the middle database refus',
      'error 1 row is deferred with its customer (mark 1): the update went through a',
    ]);
    expect(findings[0]?.finding).toContain(`IF_BNET_ACCOUNT ${first?.streamingNo}: ${first?.reason}`);
  });

  it.each([
    ['oracle', 'locked', /COMMIT or ROLLBACK.*V\$LOCKED_OBJECT[^;]*;$/],
    ['postgresql', 'locked', /COMMIT or ROLLBACK.*pg_locks[^;]*;$/],
    ['sqlite', 'locked', /another process writes the file/],
    [null, 'locked', /COMMIT or ROLLBACK/],
    ['oracle', 'refused', /ALL_TRIGGERS[^;]*;$/],
    ['postgresql', 'ignored', /pg_trigger[^;]*;$/],
    ['sqlite', 'ignored', /sqlite_master[^;]*;$/],
    [null, 'refused', /bnet-sync retry/],
  ] as const)('says on %s what to do about what is %s', async (kind, cause, words) => {
    const [finding] = await found(kind, [['claim', cause, 1]]);
    expect(finding?.whatToDo).toMatch(words);
    expect(finding?.whatToDo).toContain('docs/operations.md, "Deferred rows"');
  });

  it('knows what fails in the product store from what fails in the middle database', async () => {
    const findings = await found('oracle', [
      ['apply', 'locked', 1],
      ['apply', 'refused', 2],
      ['claim', 'refused', 1],
    ]);
    expect(findings.map(({ level }) => level)).toEqual(['error', 'warning', 'warning']);
    expect(findings.map(({ finding }) => /product store/.test(finding))).toEqual([false, true, true]);
    expect(findings[2]?.whatToDo).toContain('00205');
  });

  it('finds nothing wrong where none is deferred', async () => {
    expect(await deferredFindings(async () => nothingDeferred, 'oracle')).toEqual([
      { area: 'deferred', level: 'ok', finding: 'no row is deferred', whatToDo: null },
    ]);
  });

  it('tells a grant that is missing from a store that is away', async () => {
    const fails = (kind: 'schema' | 'timeout') => () => Promise.reject(new DatabaseError(kind, 'denied'));
    expect(await deferredFindings(fails('schema'), null)).toMatchObject([
      { area: 'privileges', level: 'error', finding: expect.stringContaining('denied') as string },
    ]);
    await expect(deferredFindings(fails('timeout'), null)).rejects.toThrow('denied');
  });
});
