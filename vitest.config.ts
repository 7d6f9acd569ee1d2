import { defineConfig } from 'vitest/config';
import { RequiredSuites } from './test/support/required-suites.js';

/** Where to write a JSON report of the run besides the terminal's; unset for none. */
const jsonReport = process.env['TEST_JSON_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: [
      'default',
      new RequiredSuites(),
      ...(jsonReport === undefined ? [] : [['json', { outputFile: jsonReport }] satisfies [string, object]]),
    ],
  },
});
