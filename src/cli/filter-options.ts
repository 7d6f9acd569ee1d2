import type { Command } from 'commander';
import type { Source } from '../domain/keys.js';
import type { MiddleAdmin, RowFilter } from '../middle/admin-port.js';
import { noCode } from '../operator/failure-code.js';
import { dateOf, type Since } from '../operator/since.js';
import { codeArgument, numberArgument, sinceArgument, tableArgument, textArgument } from './arguments.js';

/*
 * Which failed rows a command is about: the same options wherever rows are chosen so.
 */

/** The options as they are read. */
export interface FilterOptions {
  readonly table?: Source;
  readonly code?: string;
  readonly product?: string;
  readonly customer?: string;
  readonly user?: string;
  readonly opFlag?: string;
  readonly since?: Since;
  readonly until?: Since;
  readonly text?: string;
}

/** Adds the options to a command. */
export function addFilterOptions(command: Command): Command {
  const when = 'a date by the database\'s clock (2026-11-21, "2026-11-21 08:00:00") or 30m, 24h, 7d ago';
  return command
    .option('--table <table>', 'only IF_BNET_CUST or IF_BNET_ACCOUNT', tableArgument)
    .option('--code <code>', 'only this result code, such as 00402; none: without a code', codeArgument)
    .option('--product <id>', 'only this ProductID', numberArgument)
    .option('--customer <id>', 'only this CustID', numberArgument)
    .option('--user <id>', 'only this UserID', textArgument)
    .option('--op-flag <flag>', 'only this OPFlag, such as 0101', textArgument)
    .option('--since <when>', `failed since ${when}`, sinceArgument)
    .option('--until <when>', 'failed before it, given in the same way', sinceArgument)
    .option('--text <text>', 'this text stands in ErrContent, CustName or AccName', textArgument);
}

/** Whether any of the options was given. */
export function isFiltered(options: FilterOptions): boolean {
  const { table, code, product, customer, user, opFlag, since, until, text } = options;
  return [table, code, product, customer, user, opFlag, since, until, text].some(
    (each) => each !== undefined,
  );
}

/** The filter that they name. */
export async function filterOf(options: FilterOptions, middle: Pick<MiddleAdmin, 'now'>): Promise<RowFilter> {
  const { table, code, product, customer, user, opFlag, since, until, text } = options;
  return {
    ...(table === undefined ? {} : { source: table }),
    ...(code === undefined ? {} : { code: code === noCode ? null : code }),
    ...(product === undefined ? {} : { productId: product }),
    ...(customer === undefined ? {} : { custId: customer }),
    ...(user === undefined ? {} : { userId: user }),
    ...(opFlag === undefined ? {} : { opFlag }),
    ...(since === undefined ? {} : { since: await dateOf(middle, since) }),
    ...(until === undefined ? {} : { until: await dateOf(middle, until) }),
    ...(text === undefined ? {} : { text }),
  };
}
