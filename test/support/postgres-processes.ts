import { readdir, readlink } from 'node:fs/promises';
import { run } from './postgres-programs.js';

/** The processes of the server whose data is in the folder; beside Linux, the first of them only. */
export async function processesIn(folder: string): Promise<number[]> {
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-axo', 'pid=,args=']);
    const lines = stdout.split('\n').filter((line) => line.includes(folder));
    return lines.map((line) => Number.parseInt(line, 10));
  }
  // Each of them works in its data folder.
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_pid, index) => folders[index] === folder).map(Number);
}
