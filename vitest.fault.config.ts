import { defineConfig } from 'vitest/config';
import { scaled } from './test/support/time-factor.js';

/** The long form of the fault suite: `npm run test:fault -- --minutes 30 --seed N`. */
export default defineConfig({
  test: {
    include: ['test/fault/**/*.fault.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    hookTimeout: scaled(10_000),
    bail: 1,
  },
});
