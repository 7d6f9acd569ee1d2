import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { layPackage } from '../support/packed.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { scaled } from '../support/time-factor.js';

/** Runs Node.js in a folder. */
function node(folder: string, ...args: string[]) {
  return execa(process.execPath, args, { cwd: folder, reject: false });
}

const command = 'node_modules/bnet-sync/dist/cli/main.js';
const sqlite = (filename: string) => ({ client: 'better-sqlite3', connection: { filename } });
const postgres = { client: 'pg', connection: { host: '127.0.0.1', port: 1, user: 'u', password: 'p' } };

describe('acceptance: the packed package', () => {
  const folder = temporaryFolder();
  beforeAll(() => layPackage(folder()));

  it('has no source map, for it has no sources', async () => {
    const files = await readdir(join(folder(), 'node_modules/bnet-sync'), { recursive: true });
    expect(files).toContain('dist/index.js');
    expect(files.filter((file) => file.endsWith('.map'))).toEqual([]);
  });

  it('shows its help, and warns of nothing', async () => {
    const { exitCode, stdout, stderr } = await node(folder(), command, '--help');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Usage: bnet-sync');
  });

  it('is a library for JavaScript', async () => {
    await writeFile(
      join(folder(), 'use.mjs'),
      `import { parseConfig, ConfigError } from 'bnet-sync';
       try { parseConfig({}, '.'); } catch (error) { console.log(error instanceof ConfigError); }`,
    );
    const { stdout, stderr } = await node(folder(), 'use.mjs');
    expect([stdout, stderr]).toEqual(['true', '']);
  });

  it.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])(
    'is a library for TypeScript with module %s and moduleResolution %s',
    async (module, resolution) => {
      await writeFile(
        join(folder(), 'use.mts'),
        `import { createWorker, loadConfig, type Config, type Handlers, type SyncWorker } from 'bnet-sync';
       const config: Config = await loadConfig({ env: {}, cwd: '.' });
       const handlers: Handlers = { onCustomer: ({ after }) => void after.custId };
       const worker: SyncWorker = await createWorker(config, { handlers });
       worker.on('rowFailed', ({ errContent }) => errContent.toUpperCase());
       // @ts-expect-error there is no such event
       worker.on('nonsense', () => undefined);`,
      );
      const options = ['--strict', '--noEmit', '--target', 'es2023', '--types', 'node', '--skipLibCheck'];
      const compiler = 'node_modules/typescript/bin/tsc';
      const kind = ['--module', module, '--moduleResolution', resolution];
      const { all, exitCode } = await execa(process.execPath, [compiler, ...options, ...kind, 'use.mts'], {
        cwd: folder(),
        reject: false,
        all: true,
      });
      expect([all, exitCode]).toEqual(['', 0]);
    },
    scaled(120_000),
  );
});

describe('acceptance: the packed package without better-sqlite3', () => {
  const folder = temporaryFolder();
  beforeAll(() => layPackage(folder(), ['better-sqlite3']));

  async function run(name: string, middle: object, store: object, more: object = {}) {
    await writeFile(join(folder(), 'bnet-sync.json'), JSON.stringify({ middle, store, ...more }));
    return node(folder(), command, name, '--config', 'bnet-sync.json');
  }

  it('shows its help, that of verify too', async () => {
    expect((await node(folder(), command, '--help')).exitCode).toBe(0);
    expect((await node(folder(), command, 'verify', '--help')).exitCode).toBe(0);
  });

  it.each(['doctor', 'status'])('%s asks PostgreSQL for its rows', async (name) => {
    const { exitCode, all, stdout, stderr } = await run(name, postgres, postgres);
    expect([exitCode, `${stdout}${stderr}`, all]).toEqual([3, expect.stringContaining('ECONNREFUSED'), all]);
  });

  it.each(['doctor', 'status', 'run', 'migrate'])(
    '%s tells how to install what SQLite needs',
    async (name) => {
      const { exitCode, stderr } = await run(name, sqlite('middle.sqlite'), sqlite('store.sqlite'));
      expect([exitCode, stderr]).toEqual([
        2,
        expect.stringMatching(
          /(middle|store)[.]client: better-sqlite3 is not installed; "npm install better-sqlite3"/,
        ),
      ]);
    },
  );

  it('verify, which needs it whatever the databases are, refuses with the command', async () => {
    const { exitCode, stderr } = await run('verify', postgres, postgres);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining('verify: better-sqlite3 is not installed; "npm install better-sqlite3"'),
    ]);
  });

  it('a worker that is to verify by itself says so at its start', async () => {
    const { exitCode, stderr } = await run('run', postgres, postgres, { verify: { every: '6h' } });
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining('verify.every: better-sqlite3 is not installed; "npm install better-sqlite3"'),
    ]);
  });
});
