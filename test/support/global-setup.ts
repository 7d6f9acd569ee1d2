import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { accessFromUrl } from './postgres-database.js';
import { removeForgottenHomes } from './postgres-home.js';
import { PostgresServer } from './postgres-server.js';
import type {} from './postgres.js';

let server: PostgresServer | undefined;

/** What the suites send to Oracle is gathered here (oracle/sent-statements.ts). */
const statementsFolder = mkdtempSync(join(tmpdir(), 'bnet-sync-statements-'));
process.env['TEST_ORACLE_STATEMENTS'] = statementsFolder;

/**
 * Starts the PostgreSQL server that all test files share, or uses the one TEST_PG_URL names. Without a server
 * the run goes on: the suites that need one skip, and a full run fails for it (see required-suites.ts).
 */
export async function setup(project: TestProject): Promise<void> {
  const url = process.env['TEST_PG_URL'];
  if (url !== undefined && url !== '') {
    project.provide('postgres', accessFromUrl(url));
    return;
  }
  await removeForgottenHomes();
  try {
    // No test kills the shared server, so its commits need not wait for the log.
    server = new PostgresServer({ synchronous_commit: 'off' });
    await server.start();
    project.provide('postgres', server.access);
  } catch (error) {
    const missing = error instanceof Error ? error.message : String(error);
    console.error(`\nNo PostgreSQL server for this run: ${missing}\n`);
    project.provide('postgres', { missing });
  }
}

export async function teardown(): Promise<void> {
  await server?.remove();
  await rm(statementsFolder, { recursive: true, force: true });
}
