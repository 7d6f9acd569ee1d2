import { contestantsFor } from '../contestants/all.js';
import { opensMix, realisticMix, smallMix, type Mix } from '../loads/mixes.js';
import { comparisonTables, costTable } from '../report/tables.js';
import { compare } from './compare.js';
import { scenario, type Scenario } from './scenario.js';

function comparisonOf(mix: Mix, rows: { full: number; quick: number }): Scenario {
  return scenario({
    name: mix.name,
    about: `${mix.title}: rows per second of all contestants, ${rows.full} rows`,
    when: 'quick',
    run: ({ server, showProgress, ...options }) =>
      compare(server, {
        mix,
        rows: options.rows ?? (options.quick ? rows.quick : rows.full),
        rounds: options.rounds,
        contestants: contestantsFor(mix.name, options),
        showProgress,
      }),
    tables: comparisonTables,
  });
}

/** New customers only. */
export const opensScenario = comparisonOf(opensMix, { full: 40_000, quick: 600 });

/** All six operations. */
export const mixScenario = comparisonOf(realisticMix, { full: 20_000, quick: 600 });

/** 5,000 customers of 2 rows. */
export const smallScenario = comparisonOf(smallMix, { full: 10_000, quick: 300 });

/** What opens cost the databases, for the worker and for the loop. */
export const wasteScenario = scenario({
  name: 'waste',
  about:
    'statements, blocks and WAL per row, claims that changed nothing: bnet-sync and the loop, 20000 opens',
  when: 'asked',
  run: ({ server, showProgress, ...options }) =>
    compare(server, {
      mix: opensMix,
      rows: options.rows ?? (options.quick ? 600 : 20_000),
      rounds: options.rounds,
      contestants: contestantsFor('opens', {
        contestants: ['bnet-sync', 'set-loop'],
        worker: options.worker,
      }),
      showProgress,
    }),
  tables: (data) => [costTable(data)],
});
