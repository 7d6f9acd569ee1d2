import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { cpus, release, totalmem, type } from 'node:os';
import type { DataStorage } from '../../support/postgres-home.js';
import { serverSettings, type BenchServer } from '../bench-server.js';

/** Where a measurement was made, in words. */
export type Machine = Readonly<Record<string, string>>;

const peers = ['graphile-worker', 'pg-boss', 'pg', 'knex', 'better-sqlite3', 'oracledb'];

/** Describes the machine and the versions. */
export async function machineOf(server: BenchServer, place: DataStorage): Promise<Machine> {
  const [postgres] = await server.query('SHOW server_version');
  const [buffers] = await server.query('SHOW shared_buffers');
  const [first] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    machine: `${cpus().length} × ${first?.model ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GB, ${type()} ${release()}`,
    'Node.js': process.version,
    PostgreSQL: `${String(postgres?.['server_version'])}, shared_buffers ${String(buffers?.['shared_buffers'])}, on loopback, data ${place === 'disk' ? 'on the disk' : 'in memory where there is room'}`,
    'settings of the server': Object.entries(serverSettings)
      .map(([name, value]) => `${name}=${value}`)
      .join(', '),
    packages: peers.map((name) => `${name} ${versionOf(name)}`).join(', '),
  };
}

function versionOf(name: string): string {
  const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string };
  return version;
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
