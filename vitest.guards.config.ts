import { defineConfig } from 'vitest/config';

/** `npm run test:guards`: switches off the guards of the protocol one at a time. */
export default defineConfig({
  test: { include: ['test/guards/*.guard.ts'], pool: 'forks', testTimeout: 300_000, hookTimeout: 60_000 },
});
