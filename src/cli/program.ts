import { Command, Help } from 'commander';
import { packageVersion } from '../package-version.js';
import { commandList, type ListedCommand } from './command-list.js';
import { linesText } from './output.js';

/**
 * The command line. A command has its name and description until it is called; its file is loaded then, so that neither
 * `--help` nor a command waits for what another one needs. Errors are thrown, see exit-codes.ts.
 */
export function createProgram(): Command {
  const program = new Command('bnet-sync')
    .description(
      'Brings the rows of IF_BNET_CUST and IF_BNET_ACCOUNT (ISMP-B) to the product store, once and in order.',
    )
    .version(packageVersion())
    .option('-c, --config <file>', 'configuration, YAML or JSON; default: the variable BNET_SYNC_CONFIG')
    .configureHelp({ showGlobalOptions: true, subcommandTerm: termOf })
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(linesText(text.replace(/\n$/, '').split('\n'))) })
    .showHelpAfterError('(--help shows how it is used)')
    .hook('preSubcommand', (_program, command) => configureCommand(command));
  for (const { name, description } of commandList) program.command(name).description(description);
  return program;
}

/** Loads the file of a command of the program, and gives it its arguments, options and action. */
export async function configureCommand(command: Command): Promise<void> {
  const listed = listedOf(command);
  // `help` is Commander's own.
  if (listed === undefined) return;
  const { configure } = await listed.load();
  configure(command);
}

function listedOf(command: Command): ListedCommand | undefined {
  return commandList.find(({ name }) => name === command.name());
}

const help = new Help();

function termOf(command: Command): string {
  const listed = command.parent?.parent === null ? listedOf(command) : undefined;
  return listed === undefined ? help.subcommandTerm(command) : (listed.term ?? `${listed.name} [options]`);
}
