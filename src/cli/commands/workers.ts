import type { Command } from 'commander';
import { workerLines, rangesText } from '../workers-text.js';
import { printJson, printLines } from '../output.js';
import { withOperator } from '../session.js';

const notes = `
One that is not alive has missed its heartbeats; what it held is taken by the others.

Example:
  bnet-sync workers --config bnet-sync.yaml`;

/** Options and action of `workers`. */
export function configure(command: Command): void {
  command
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (options: { json?: true }) => {
      await withOperator(command, async (operator) => {
        const workers = await operator.workers();
        if (options.json === true) printJson(workers);
        else
          printLines(
            ...(workers.length === 0 ? ['No worker is running.'] : workerLines(workers, rangesText)),
          );
      });
    });
}
