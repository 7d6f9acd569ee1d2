import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { RequiredSuites } from './test/support/required-suites.js';
import { scaled } from './test/support/time-factor.js';

/** Where to write a JSON report of the run besides the terminal's; unset for none. */
const jsonReport = process.env['TEST_JSON_REPORT'];

const common = {
  pool: 'forks',
  // Tests wait for timers and processes more than they compute: two files at a time even on two cores.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  testTimeout: scaled(30_000),
  hookTimeout: scaled(60_000),
} as const;

const units = 'test/unit/**/*.test.{ts,tsx}';
const afterwards = 'test/afterwards/*.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'suites',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [...configDefaults.exclude, units, afterwards],
          globalSetup: ['test/support/global-setup.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      // Units leave nothing behind: they share processes and modules, which takes half the time.
      { test: { ...common, name: 'units', include: [units], isolate: false, sequence: { groupOrder: 0 } } },
      // What looks at what the suites have done begins when the last of them has ended.
      { test: { ...common, name: 'afterwards', include: [afterwards], sequence: { groupOrder: 1 } } },
    ],
    reporters: [
      'default',
      new RequiredSuites(),
      ...(jsonReport === undefined ? [] : [['json', { outputFile: jsonReport }] satisfies [string, object]]),
    ],
  },
});
