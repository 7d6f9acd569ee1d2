import { counterexamples } from '../../simulation/counterexamples/all.js';
import { guardsNotShown, notShown } from '../../simulation/counterexamples/not-shown.js';
import { code, page, table } from './markdown.js';

/** docs/reference/counterexamples.md */
export async function counterexamplesPage(): Promise<string> {
  return page('Counterexamples', [
    `Each mechanism of the [protocol model](../protocol.md) that is taken away breaks something there. These are the same
schedules on the real code, as scenarios of the [simulation](../simulation.md#counterexamples-of-the-model): what the run of this
name does is said in the tables of the model. Where two guards are switched off, each of them is enough. What breaks is a kind of the
simulation’s checker, or an event of a [trace](../protocol.md#traces-of-the-code) that the model does not explain.`,
    table(
      ['Run', 'Without', 'What breaks', 'What happens, where it is no run of the model'],
      counterexamples.map(({ name, without, breaks, about = '' }) => [
        code(name),
        without.length === 0 ? '(nothing: a known limit)' : without.join('; '),
        'kind' in breaks
          ? breaks.kind
          : Object.entries(breaks)
              .map(([what, of]) => `the ${what} \`${of}\``)
              .join(),
        about,
      ]),
    ),
    '## Runs of the model that no scenario shows',
    reasons('Run', notShown),
    '## Guards of the simulation that no scenario switches off',
    reasons('Guard', guardsNotShown),
  ]);
}

function reasons(what: string, of: Readonly<Record<string, string>>): string {
  return table(
    [what, 'Why'],
    Object.entries(of).map(([name, reason]) => [what === 'Run' ? code(name) : name, reason]),
  );
}
