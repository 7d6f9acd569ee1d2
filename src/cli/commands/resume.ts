import type { Command } from 'commander';
import { namedTarget } from '../../operator/named.js';
import { commandActor } from '../actor.js';
import { printJson, printLines } from '../output.js';
import { withOperator } from '../session.js';
import { addTargetOptions, targetOf, targetText, type TargetOptions } from '../target-options.js';

const notes = `
What is paused is listed by "bnet-sync pause".

Example:
  bnet-sync resume --product 323002000 --reason "corrected" --config bnet-sync.yaml`;

/** Options and action of `resume`. */
export function configure(command: Command): void {
  addTargetOptions(command)
    .addHelpText('after', notes)
    .action(async (options: TargetOptions) => {
      const target = targetOf(options, command);
      if (target === null) command.error('error: --table or --product is needed');
      await withOperator(command, async (operator) => {
        const changed = await operator.resume(commandActor(), target, options.reason ?? null);
        const named = namedTarget(target);
        if (options.json === true) printJson({ target: named, changed });
        else printLines(`${targetText(named)}: ${changed ? 'goes on.' : 'was not paused.'}`);
      });
    });
}
