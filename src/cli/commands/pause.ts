import type { Command } from 'commander';
import { visibleText } from '../../domain/foreign-text.js';
import { namedTarget } from '../../operator/named.js';
import type { NamedTarget, PauseInForce } from '../../operator/contract/state.js';
import { commandActor } from '../actor.js';
import { tableLines, printJson, printLines } from '../output.js';
import { withOperator } from '../session.js';
import { addTargetOptions, targetOf, targetText, type TargetOptions } from '../target-options.js';

const notes = `
Workers claim no rows of what is paused; those in flight are finished. They apply it within
4 seconds. Without --table and --product it lists what is paused.

Examples:
  bnet-sync pause --product 323002000 --reason "wrong prices, ticket 4711" --config bnet-sync.yaml
  bnet-sync pause`;

/** Options and action of `pause`. */
export function configure(command: Command): void {
  addTargetOptions(command)
    .addHelpText('after', notes)
    .action(async (options: TargetOptions) => {
      const target = targetOf(options, command);
      if (target === null && options.reason !== undefined) {
        command.error('error: --reason needs --table or --product');
      }
      await withOperator(command, async (operator) => {
        if (target === null) {
          printPauses(await operator.pauses(), options);
          return;
        }
        const changed = await operator.pause(commandActor(), target, options.reason ?? null);
        const known = await operator.knowsTarget(target);
        const named = namedTarget(target);
        if (options.json === true) {
          printJson({ target: named, changed, known });
          return;
        }
        printLines(`${targetText(named)}: ${changed ? 'paused.' : 'was paused already.'}`);
        if (!known) warnOfUnknown(named);
      });
    });
}

/** A mistyped number pauses nothing, silently. */
function warnOfUnknown(target: NamedTarget): void {
  const words = `warning: no customer of ${targetText(target)} is in the product store: see that the number is right`;
  process.stderr.write(`${visibleText(words)}\n`);
}

function printPauses(pauses: readonly PauseInForce[], options: TargetOptions): void {
  if (options.json === true) {
    printJson(pauses);
    return;
  }
  const list = tableLines(pauses, [
    { head: 'Paused', of: ({ target }) => targetText(target) },
    { head: 'Since', of: ({ since }) => since },
    { head: 'Who', shorten: 14, of: ({ who }) => who },
    { head: 'Reason', shorten: 20, of: ({ reason }) => reason },
  ]);
  printLines(...(pauses.length === 0 ? ['Nothing is paused.'] : list));
}
