import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { MortalProcess } from '../support/crashing.js';
import { isAvailable, openPair, type Pair } from '../support/databases.js';
import { expectModel } from '../support/expect-model.js';
import { clear, expireLeases, histories, plantHistory, rules } from '../support/model-rows.js';
import { drain, testWorker } from '../support/workers.js';

const settings = fc.record({
  batchSize: fc.integer({ min: 1, max: 20 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
});
const crashes = fc.array(fc.record({ calls: fc.integer({ min: 1, max: 40 }), afterEffect: fc.boolean() }), {
  maxLength: 6,
});

for (const { kind, runs } of [
  { kind: 'SQLite', runs: 60 },
  { kind: 'PostgreSQL', runs: 25 },
  { kind: 'Oracle', runs: 12 },
] as const) {
  describe.runIf(isAvailable(kind))(`random histories on ${kind}`, () => {
    let pair: Pair;
    beforeAll(async () => {
      pair = await openPair(kind);
    });
    afterAll(async () => {
      await pair.close();
    });

    it('a history ends in the same store as a plain sequential model', async () => {
      await fc.assert(
        fc.asyncProperty(histories, rules, settings, async (rows, modelRules, chosen) => {
          await clear(pair);
          await plantHistory(pair, rows);
          await drain({
            middle: pair.openMiddle(),
            store: pair.openStore(),
            settings: { ...chosen, rules: modelRules },
          });
          await expectModel(pair, rows, modelRules);
        }),
        { numRuns: runs },
      );
    });

    /** More crashes than a plan has: here they come from outside, and may meet the same row again and again. */
    const manyAttempts = { maxAttempts: 100 };

    it('the same history cut by crashes of the process at random points ends in the same store', async () => {
      await fc.assert(
        fc.asyncProperty(histories, rules, settings, crashes, async (rows, modelRules, chosen, plan) => {
          await clear(pair);
          await plantHistory(pair, rows);
          for (const { calls, afterEffect } of plan) {
            const mortal = new MortalProcess(calls, afterEffect);
            const [middle, store] = [pair.openMiddle(), pair.openStore()];
            const { worker } = testWorker({
              middle: mortal.middle(middle),
              store: mortal.store(store),
              settings: { ...chosen, ...manyAttempts, rules: modelRules },
              once: true,
            });
            await worker.run().catch(() => undefined);
            await Promise.all([middle.close(), store.close()]);
            await expireLeases(pair);
          }
          await drain({
            middle: pair.openMiddle(),
            store: pair.openStore(),
            settings: { ...chosen, ...manyAttempts, rules: modelRules },
          });
          await expectModel(pair, rows, modelRules);
        }),
        { numRuns: runs },
      );
    });
  });
}
