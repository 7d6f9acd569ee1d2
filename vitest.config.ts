import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { RequiredSuites } from './test/support/required-suites.js';

/** Where to write a JSON report of the run besides the terminal's; unset for none. */
const jsonReport = process.env['TEST_JSON_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Tests wait for timers and processes more than they compute: two files at a time even on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: [
      'default',
      new RequiredSuites(),
      ...(jsonReport === undefined ? [] : [['json', { outputFile: jsonReport }] satisfies [string, object]]),
    ],
  },
});
