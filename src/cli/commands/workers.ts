import type { Command } from 'commander';
import { workerLines, rangesText } from '../workers-text.js';
import { addReport } from '../session.js';

const notes = `
One that is not alive has missed its heartbeats; what it held is taken by the others.

Example:
  bnet-sync workers --config bnet-sync.yaml`;

/** Options and action of `workers`. */
export function configure(command: Command): void {
  command.addHelpText('after', notes);
  addReport(
    command,
    (operator) => operator.workers(),
    (workers) => (workers.length === 0 ? ['No worker is running.'] : workerLines(workers, rangesText)),
  );
}
