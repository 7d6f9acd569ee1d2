import type { Command } from 'commander';
import type { Source } from '../domain/keys.js';
import type { PauseTarget } from '../store/port.js';
import type { NamedTarget } from '../operator/contract/state.js';
import { numberArgument, reasonArgument, tableArgument } from './arguments.js';

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
    .option('--reason <text>', 'why, for the audit', reasonArgument)
    .option('--json', 'print JSON');
}

/** The target that they name; null: none. Both at once is wrong usage. */
export function targetOf({ table, product }: TargetOptions, command: Command): PauseTarget | null {
  if (table !== undefined && product !== undefined) {
    command.error('error: --table and --product cannot be used together: pause one, then the other');
  }
  if (table !== undefined) return { source: table };
  return product === undefined ? null : { productId: product };
}

/** A target in words. */
export function targetText(target: NamedTarget): string {
  return 'table' in target ? target.table : `ProductID ${target.productId}`;
}
