import { defineConfig } from 'vitest/config';
import { scaled } from './test/support/time-factor.js';

/** `npm run test:guards`: switches off the guards of the protocol one at a time. */
export default defineConfig({
  test: {
    include: ['test/guards/*.guard.ts'],
    pool: 'forks',
    testTimeout: scaled(300_000),
    hookTimeout: scaled(60_000),
  },
});
