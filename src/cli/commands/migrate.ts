import type { Command } from 'commander';
import type { Config } from '../../config/schema.js';
import { DatabaseError } from '../../database/errors.js';
import { missingOrigins } from '../../guard/origin.js';
import { acceptStore } from '../../operator/accept.js';
import type { Databases } from '../../operator/databases.js';
import type { StoreAdmin } from '../../store/admin-port.js';
import { ShardsDifferError } from '../../store/port.js';
import { packageVersion } from '../../package-version.js';
import { openMiddle, openStore } from '../../app/open-databases.js';
import { commandActor } from '../actor.js';
import { ExitCode, explain } from '../exit-codes.js';
import { printJson, printLines } from '../output.js';
import { applicationNameOf, configOf } from '../session.js';

interface MigrateOptions {
  readonly newStore?: true;
  readonly json?: true;
}

const notes = `
A store remembers from when on its workers finish the rows of each product, so that a store
that was wiped or restored is noticed. Where no row is finished yet that moment is recorded
without a word. Beside rows that others have finished, going live after another program,
say that the store is new: --new-store. Workers do not start without.

Examples:
  bnet-sync migrate --config bnet-sync.yaml
  bnet-sync migrate --new-store --config bnet-sync.yaml`;

/** Options and action of `migrate`. */
export function configure(command: Command): void {
  command
    .option('--new-store', 'the store begins now, beside rows that others have finished')
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (options: MigrateOptions) => {
      const config = await configOf(command);
      const { shards } = config.worker;
      const applicationName = applicationNameOf(command);
      const store = openStore(config, { applicationName, createFile: true, migrates: true });
      try {
        const migrations = await store.admin.migrate(shards, {
          version: packageVersion(),
          onWait: (what) => process.stderr.write(`${what}\n`),
        });
        const present = await store.admin.shards();
        if (present !== shards) throw new ShardsDifferError(present, shards);
        const origin = await recordOrigin(config, store.admin, {
          applicationName,
          isNew: options.newStore === true,
        });
        if (options.json === true) printJson({ migrations, origin: origin.kind });
        else printLines(...migrationLines(migrations), ...origin.lines);
        if (origin.kind === 'needed' || origin.kind === 'refused') process.exitCode = ExitCode.Failed;
      } finally {
        await store.close();
      }
    });
}

function migrationLines(migrations: readonly string[]): string[] {
  if (migrations.length === 0) return ['Nothing to do: all migrations have run.'];
  return migrations.map((name) => `Migrated: ${name}`);
}

/** What became of the store's origin: `unknown` where the middle database could not be asked. */
interface OriginReport {
  readonly kind: 'present' | 'recorded' | 'needed' | 'refused' | 'unknown';
  readonly lines: readonly string[];
}

async function recordOrigin(
  config: Config,
  store: StoreAdmin,
  { applicationName, isNew }: { readonly applicationName: string; readonly isNew: boolean },
): Promise<OriginReport> {
  if ((await store.guard.origins()).length > 0) return isNew ? notNew : { kind: 'present', lines: [] };
  try {
    const middle = await openMiddle(config, { applicationName });
    try {
      return await recordBeside({ middle: middle.admin, store }, { config, isNew });
    } finally {
      await middle.close();
    }
  } catch (error) {
    if (isNew || !(error instanceof DatabaseError)) throw error;
    return { kind: 'unknown', lines: [`${explain(error) ?? ''}.`, unknownWords] };
  }
}

async function recordBeside(
  databases: Databases,
  { config, isNew }: { readonly config: Config; readonly isNew: boolean },
): Promise<OriginReport> {
  const { middle, store } = databases;
  const { productIds } = config.middle;
  const origins = await missingOrigins({ middle: middle.finished, store: store.guard }, productIds);
  if (origins !== null) {
    await store.guard.addOrigins(origins);
    return { kind: 'recorded', lines: [] };
  }
  if (!isNew) return needed;
  const { shards } = config.worker;
  const request = { action: 'new-store', productIds, shards, reason: null } as const;
  const { finishedUntil } = await acceptStore(databases, commandActor(), request);
  const line = `The store begins now: rows finished until ${finishedUntil} (the middle database's clock) are not its own.`;
  return { kind: 'recorded', lines: [line] };
}

const notNew: OriginReport = {
  kind: 'refused',
  lines: [
    'The store is not new: it has an origin already, and nothing was changed. After a loss "bnet-sync repair --accept" takes it as it is.',
  ],
};

const needed: OriginReport = {
  kind: 'needed',
  lines: [
    'The middle database holds finished rows that this store does not know, and no worker will process a row until it is clear why:',
    '  the store is new, going live after another program: run "bnet-sync migrate --new-store";',
    '  it was in use before: restore it (docs/operations.md, "When the product store has lost something").',
  ],
};

const unknownWords =
  'So it was not recorded from when on rows are finished by this store. Workers do it when they start, if no row is finished yet; or run "bnet-sync migrate" again.';
