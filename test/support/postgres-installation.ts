import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { PostgresAccess } from './postgres-database.js';
import { createHome, type DataStorage, type ServerHome } from './postgres-home.js';
import {
  giveTo,
  type PostgresPrograms,
  programsIn,
  providePrograms,
  run,
  type ServerUser,
  serverUser,
} from './postgres-programs.js';

/** What a server is made of, where it is not an empty one on the programs that npm installed. */
export interface InstallOptions {
  readonly place?: DataStorage;
  /** The folder of its programs. */
  readonly programs?: string;
  /** The server that this one starts as a copy of, and follows as its standby. */
  readonly primary?: PostgresAccess;
}

/** A server that can be started: its data folder is filled. */
export interface Installation {
  readonly home: ServerHome;
  readonly programs: PostgresPrograms;
  readonly user: ServerUser;
  readonly port: number;
}

const HOST = '127.0.0.1';
const SUPERUSER = 'postgres';
const PASSWORD = 'postgres';

/** The processes see nothing of our own environment: no locale, no PG* variable. */
export const environment = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };

/** How to log in to an installed server as its superuser; a standby has the superuser of its primary. */
export function superuserOf({ port }: Installation): PostgresAccess {
  return { host: HOST, port, user: SUPERUSER, password: PASSWORD, database: 'postgres' };
}

/** Makes the folders of a server and fills its data folder. */
export async function install({ place, programs: folder, primary }: InstallOptions): Promise<Installation> {
  const user = await serverUser();
  const home = await createHome(user, place);
  try {
    const programs = folder === undefined ? await providePrograms(home.folder, user) : programsIn(folder);
    const installation = { home, programs, user, port: await freePort() };
    await (primary === undefined ? initialise(installation) : copy(installation, primary));
    return installation;
  } catch (error) {
    await home.remove();
    throw error;
  }
}

async function initialise({ home, programs, user }: Installation): Promise<void> {
  const passwordFile = join(home.folder, 'password');
  await writeFile(passwordFile, PASSWORD);
  await giveTo(user, passwordFile);
  const options = [
    `--pgdata=${home.dataFolder}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ];
  await run(programs.initdb, options, { cwd: home.folder, env: environment, ...user });
}

/** Copies the primary's data. The connection used for it is the one that the standby follows the primary over. */
async function copy({ home, programs, user }: Installation, primary: PostgresAccess): Promise<void> {
  const { host, port, user: name, password } = primary;
  const options = [
    `--pgdata=${home.dataFolder}`,
    `--dbname=host=${host} port=${port} user=${name} password=${password}`,
    '--write-recovery-conf',
    '--wal-method=stream',
    '--checkpoint=fast',
    '--no-sync',
  ];
  await run(programs.baseBackup, options, { cwd: home.folder, env: environment, ...user });
}

/**
 * A port nobody listens on, below the range that operating systems give to outgoing connections, so that it
 * is still free when a stopped server starts again.
 */
export async function freePort(): Promise<number> {
  const port = randomInt(20_000, 32_000);
  const probe = createServer();
  try {
    await once(probe.listen(port, HOST), 'listening');
    return port;
  } catch {
    return await freePort();
  } finally {
    probe.close();
  }
}
