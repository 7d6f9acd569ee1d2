import { defineConfig } from 'vitest/config';
import { ExecutedTests } from './test/mutation/executed-tests.js';
import { scaled } from './test/support/time-factor.js';

/** The tests that `npm run test:mutation` runs against each mutant: without a database or a process, and quick. */
export default defineConfig({
  test: {
    include: ['test/unit/{domain,worker}/**/*.test.ts', 'test/mutation/simulated-worker.ts'],
    setupFiles: ['test/mutation/repeatable.ts'],
    reporters: [new ExecutedTests()],
    testTimeout: scaled(10_000),
  },
});
