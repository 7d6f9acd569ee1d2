/*
 * npm run test:simulation -- --help
 *
 * Vite loads the TypeScript, as it does for the benchmark, and leaves out the code that is switched off.
 */
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { createViteServer } from 'vitest/node';

const root = fileURLToPath(new URL('../..', import.meta.url));
const args = process.argv.slice(2);
let edits = [];

/** Edits the sources in memory. */
const switchOff = {
  name: 'switch off guards',
  enforce: 'pre',
  transform(code, id) {
    const own = edits.filter(({ file }) => id === `${root}${file}`);
    if (own.length === 0) return null;
    return own.reduce((text, { find, put }) => {
      if (text.split(find).length !== 2) throw new Error(`${find} does not stand once in ${id}`);
      return text.replace(find, () => put);
    }, code);
  },
};

const vite = await createViteServer({
  configFile: false,
  root,
  appType: 'custom',
  logLevel: 'error',
  plugins: [switchOff],
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true, include: [] },
});
const { switchedOff } = await vite.ssrLoadModule('/test/simulation/ablations.ts');
const without = args.indexOf('--without');
const names = process.env['SIMULATION_WITHOUT'] ?? (without === -1 ? '' : (args[without + 1] ?? ''));
edits = switchedOff(names.split(',')).edits;
const { simulate, playForParent } = await vite.ssrLoadModule('/test/simulation/simulate.ts');
if (args.includes('--player')) playForParent();
else process.exitCode = await simulate(args).finally(() => vite.close());
