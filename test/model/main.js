/*
 * npm run model -- --help
 *
 * Vite loads the TypeScript, as it does for the benchmark.
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
const { runModel } = await vite.ssrLoadModule('/test/model/model.ts');
process.exitCode = await runModel(process.argv.slice(2)).finally(() => vite.close());
