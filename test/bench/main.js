/*
 * npm run bench -- --help
 *
 * Vite loads the TypeScript, as it does for the tests, but without a test runner around what is measured.
 */
import process from 'node:process';
import { URL } from 'node:url';
import { createViteServer } from 'vitest/node';

const vite = await createViteServer({
  configFile: false,
  root: new URL('../..', import.meta.url).pathname,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true, include: [] },
});
const { runBench } = await vite.ssrLoadModule('/test/bench/bench.ts');
// Everything that is loaded later is loaded by the same server.
process.exitCode = await runBench(process.argv.slice(2)).finally(() => vite.close());
