import type { Command } from 'commander';
import type { Source } from '../domain/keys.js';
import type { PauseTarget } from '../store/port.js';
import { namedTarget } from '../operator/pauses.js';
import { numberArgument, tableArgument, textArgument } from './arguments.js';

/** The options that name what is paused or resumed, as they are read. */
export interface TargetOptions {
  readonly table?: Source;
  readonly product?: string;
  readonly reason?: string;
  readonly json?: true;
}

/** Adds the options to a command. */
export function addTargetOptions(command: Command): Command {
  return command
    .option('--table <table>', 'the rows of IF_BNET_CUST or IF_BNET_ACCOUNT', tableArgument)
    .option('--product <id>', 'the rows of this ProductID', numberArgument)
    .option('--reason <text>', 'why, for the audit', textArgument)
    .option('--json', 'print JSON');
}

/** What they name; null where they name nothing. Both at once is wrong usage. */
export function targetOf({ table, product }: TargetOptions, command: Command): PauseTarget | null {
  if (table !== undefined && product !== undefined) {
    command.error('error: --table and --product cannot be used together: pause one, then the other');
  }
  if (table !== undefined) return { source: table };
  return product === undefined ? null : { productId: product };
}

/** A target in words. */
export function targetText(target: PauseTarget): string {
  const named = namedTarget(target);
  return 'table' in named ? named.table : `ProductID ${named.productId}`;
}
