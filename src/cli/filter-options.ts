import type { Command } from 'commander';
import type { RowFilter } from '../middle/admin-port.js';
import { commandFilter, type commandConditions } from '../operator/inputs.js';
import { conditionArgument } from './arguments.js';

/*
 * Which failed rows a command is about: the same options wherever rows are chosen by conditions.
 */

type Condition = keyof typeof commandConditions;

/** The options as they are given. */
export type FilterOptions = { readonly [Name in Condition]?: string };

const options: Readonly<Record<Condition, readonly [flags: string, description: string]>> = {
  table: ['--table <table>', 'only IF_BNET_CUST or IF_BNET_ACCOUNT'],
  code: ['--code <code>', 'only this result code, such as 00402; none: without a code'],
  product: ['--product <id>', 'only this ProductID'],
  customer: ['--customer <id>', 'only this CustID'],
  user: ['--user <id>', 'only this UserID'],
  opFlag: ['--op-flag <flag>', 'only this OPFlag, such as 0101'],
  since: [
    '--since <when>',
    'failed since a date by the database\'s clock (2026-11-21, "2026-11-21 08:00:00") or 30m, 24h, 7d ago',
  ],
  until: ['--until <when>', 'failed before it, given in the same way'],
  text: ['--text <text>', 'this text stands in ErrContent, CustName or AccName'],
};

const names = Object.keys(options) as Condition[];

/** Adds the options to a command. */
export function addFilterOptions(command: Command): Command {
  for (const name of names) command.option(...options[name], conditionArgument(name));
  return command;
}

/** Whether any of the options is given. */
export function isFiltered(given: FilterOptions): boolean {
  return names.some((name) => given[name] !== undefined);
}

/** The filter that they name. */
export function filterGiven(given: FilterOptions): RowFilter {
  return commandFilter.parse(Object.fromEntries(names.map((name) => [name, given[name]])));
}
