/*
 * npm run test:simulation -- --help
 *
 * Vite bundles the TypeScript into one module, which runs faster than modules that it loads one by one, and leaves out the
 * code that is switched off.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL, URL } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The bundle of a module and all it imports, with these edits made. */
async function load(module, edits) {
  const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-simulation-'));
  try {
    await build({
      configFile: false,
      root,
      logLevel: 'error',
      plugins: [edited(edits)],
      ssr: { noExternal: true },
      build: {
        ssr: join(root, module),
        outDir: folder,
        minify: false,
        rollupOptions: { output: { entryFileNames: 'bundle.mjs' } },
      },
    });
    return await import(pathToFileURL(join(folder, 'bundle.mjs')).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Edits the sources in memory. */
function edited(edits) {
  return {
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
}

const args = process.argv.slice(2);
const option = args.indexOf('--without');
const without = process.env['SIMULATION_WITHOUT'] ?? (option === -1 ? '' : (args[option + 1] ?? ''));
const { switchedOff } = without === '' ? {} : await load('test/simulation/ablations.ts', []);
const guards = without === '' ? [] : without.split(',');
const edits = switchedOff?.(guards).edits ?? [];
if (args[0] === '--traces') {
  const { checkTraces } = await load('test/simulation/traces/check-traces.ts', edits);
  process.exitCode = await checkTraces(args.slice(1), root);
} else if (args[0] === '--counterexamples') {
  const { checkCounterexamples } = await load('test/simulation/counterexamples/command.ts', edits);
  process.exitCode = await checkCounterexamples(args.slice(1), { root, without: guards });
} else {
  const { simulate, playForParent } = await load('test/simulation/simulate.ts', edits);
  if (args.includes('--player')) playForParent();
  else process.exitCode = await simulate(args);
}
