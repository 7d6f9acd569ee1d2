import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveTo, type ServerUser } from './postgres-programs.js';

const PREFIX = 'bnet-sync-postgres-';
const FORGOTTEN_AFTER_MS = 24 * 60 * 60 * 1000;

/** Room in memory from which on a server's data is kept there: creating a database is then much faster. */
const ENOUGH_MEMORY_BYTES = 4 * 1024 ** 3;
const MEMORY_FOLDER = '/dev/shm';

/**
 * Waits until its standard input closes, then stops the server whose data is in "$1" and deletes all folders
 * named. The input closes when the owner asks for it, and also when the owner dies of any cause, SIGKILL
 * included. A killed server leaves a piece of shared memory; its identifier is in line 7 of postmaster.pid.
 */
const GUARD = `
  cat >/dev/null
  state="$1/postmaster.pid"
  if [ -f "$state" ]; then
    pid=$(sed -n '1s/^-//; 1p' "$state")
    memory=$(sed -n '7s/.* //p' "$state")
    kill -QUIT "$pid"
    tries=0
    while kill -0 "$pid" && [ $tries -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
    ipcrm -m "$memory"
  fi
  rm -rf "$@"
`;

/** Temporary folders for one server. Neither they nor the server outlive the process that made them. */
export interface ServerHome {
  readonly folder: string;
  readonly dataFolder: string;
  /** Stops the server if it still runs, and deletes the folders. */
  remove(): Promise<void>;
}

/** Where a server keeps its data: in memory where there is room, or on the disk in any case. */
export type DataStorage = 'fastest' | 'disk';

/** Makes the folders of one server. */
export async function createHome(user: ServerUser, place: DataStorage = 'fastest'): Promise<ServerHome> {
  const folder = await mkdtemp(join(temporaryFolder(), PREFIX));
  const parent = place === 'disk' ? temporaryFolder() : await fastestFolder();
  const dataFolder = await mkdtemp(join(parent, `${PREFIX}data-`));
  await giveTo(user, folder);
  await giveTo(user, dataFolder);
  // Detached: an interrupt from the terminal must not reach the guard before its work is done.
  const guard = spawn('sh', ['-c', GUARD, 'sh', dataFolder, folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    ...user,
  });
  const gone = once(guard, 'exit');
  guard.unref();
  return {
    folder,
    dataFolder,
    async remove() {
      guard.ref();
      guard.stdin.end();
      await gone;
    },
  };
}

/** Deletes what a run left behind when its guard was killed as well. A day is longer than any run. */
export async function removeForgottenHomes(): Promise<void> {
  for (const parent of [temporaryFolder(), MEMORY_FOLDER]) {
    const names = await readdir(parent).catch(() => []);
    for (const name of names.filter((each) => each.startsWith(PREFIX))) {
      await removeIfOld(join(parent, name)).catch(() => undefined);
    }
  }
}

async function removeIfOld(folder: string): Promise<void> {
  const { mtimeMs } = await stat(folder);
  if (Date.now() - mtimeMs > FORGOTTEN_AFTER_MS) await rm(folder, { recursive: true, force: true });
}

/** Root's own temporary folder may be closed to the server's user. */
function temporaryFolder(): string {
  return process.getuid?.() === 0 ? '/tmp' : tmpdir();
}

async function fastestFolder(): Promise<string> {
  const memory = await statfs(MEMORY_FOLDER).catch(() => undefined);
  const room = Math.min(memory === undefined ? 0 : memory.bavail * memory.bsize, process.availableMemory());
  return room >= ENOUGH_MEMORY_BYTES ? MEMORY_FOLDER : temporaryFolder();
}
