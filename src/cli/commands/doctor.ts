import type { Command } from 'commander';
import type { Config } from '../../config/schema.js';
import { runChecks, type DoctorReport, type DoctorSettings } from '../../operator/doctor/doctor.js';
import type { Finding } from '../../operator/contract/checks.js';
import { loadHandlers, loadLimitMs } from '../../app/load-handlers.js';
import { openMiddle, openStore } from '../../app/open-databases.js';
import { requireDriver } from '../../app/require-driver.js';
import { ExitCode, exitCodeOf } from '../exit-codes.js';
import { printJson, printLines, shown } from '../output.js';
import { applicationNameOf, configOf } from '../session.js';

const notes = `
Nothing is changed: privileges are tried with statements over no row, and a row that is written to the
product store is rolled back. The module of store.handlers is loaded. Ends with 1 where there is a fault, and with 3 where a database cannot be reached.

Example:
  bnet-sync doctor --config bnet-sync.yaml`;

/** Options and action of `doctor`. */
export function configure(command: Command): void {
  command
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (options: { json?: true }) => {
      const report = await examineConfigured(await configOf(command), applicationNameOf(command));
      if (options.json === true) printJson(report.findings);
      else printLines(...report.findings.flatMap(findingLines));
      process.exitCode = codeOf(report);
    });
}

async function examineConfigured(config: Config, applicationName: string): Promise<DoctorReport> {
  // A database whose driver is missing is not one that cannot be reached.
  requireDriver(config.middle.client, 'middle.client');
  requireDriver(config.store.client, 'store.client');
  const opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(database: T): T => {
    opened.push(database);
    return database;
  };
  try {
    return await runChecks({
      middle: async () => keep(await openMiddle(config, { applicationName })).admin,
      store: async () => keep(openStore(config, { applicationName })).admin,
      ...(config.store.handlers !== undefined && {
        handlers: () => loadHandlers(config.store.handlers, loadLimitMs(config.worker)),
      }),
      clock: () => new Date(),
      settings: settingsOf(config),
    });
  } finally {
    for (const database of opened) await database.close();
  }
}

function settingsOf({ middle, worker: { settleMs, shards } }: Config): DoctorSettings {
  const { schema, productIds, othersFinishRows } = middle;
  return { settleMs, shards, productIds, othersFinishRows, ...(schema === undefined ? {} : { schema }) };
}

function codeOf({ findings, unreached }: DoctorReport): ExitCode {
  const [error] = unreached;
  if (error !== undefined) return exitCodeOf(error);
  return findings.some(({ level }) => level === 'error') ? ExitCode.Failed : ExitCode.Fine;
}

const levelWidth = 'warning'.length + 2;
const areaWidth = 'middle database'.length + 2;

function findingLines({ level, area, finding, whatToDo }: Finding): string[] {
  const first = `${level.padEnd(levelWidth)}${area.padEnd(areaWidth)}${shown(finding)}`;
  return whatToDo === null ? [first] : [first, `${' '.repeat(levelWidth + areaWidth)}→ ${shown(whatToDo)}`];
}
