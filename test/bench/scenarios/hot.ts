import { bnetSyncContestant } from '../contestants/bnet-sync.js';
import { firstOrdinaryCustId, hotMix, spreadMix, type Mix } from '../loads/mixes.js';
import { spread, type Spread } from '../measure/statistics.js';
import { decimal } from '../report/tables.js';
import { compare } from './compare.js';
import { scenario, type Bench } from './scenario.js';

/** When the rows of a mix were decided, in seconds from the worker's start. */
interface Finish {
  readonly mix: string;
  readonly title: string;
  readonly ordinary: readonly number[];
  readonly all: readonly number[];
}

interface HotData {
  readonly rows: number;
  readonly finishes: readonly Finish[];
}

const fullRows = 15_000;
const quickRows = 600;

/** The most that a hot customer may delay the others, as a ratio. */
const limit = 1.1;

/** One customer with two thirds of the rows: does it delay the others? */
export const hotScenario = scenario<HotData>({
  name: 'hot',
  about: `one customer with 10,000 rows beside 5,000 ordinary ones: when these are done (${fullRows} rows)`,
  when: 'full',
  run: async (bench) => {
    const rows = bench.rows ?? (bench.quick ? quickRows : fullRows);
    const finishes = [];
    for (const mix of [hotMix, spreadMix]) finishes.push(await finishOf(bench, mix, rows));
    return { rows, finishes };
  },
  tables: ({ rows, finishes }) => [
    {
      title: `One hot customer, ${rows} rows, a third of them ordinary; bnet-sync alone`,
      head: ['rows', 'ordinary ones done after s', 'least … most', 'all done after s'],
      rows: finishes.map(({ title, ordinary, all }) => {
        const done = spread(ordinary);
        return [title, decimal(done.median, 2), range(done), decimal(spread(all).median, 2)];
      }),
      notes: [verdict(finishes)],
    },
  ],
});

async function finishOf(bench: Bench, mix: Mix, rows: number): Promise<Finish> {
  const ordinary: number[] = [];
  const all: number[] = [];
  await compare(bench.server, {
    mix,
    rows,
    rounds: bench.rounds,
    contestants: [bnetSyncContestant(bench.worker)],
    showProgress: bench.showProgress,
    look: async ({ middle }, startedAt) => {
      const { rows: found } = await bench.server.inDatabase(middle, (client) =>
        client.query<{ ordinary: string; all: string }>(
          `SELECT extract(epoch FROM max(at) FILTER (WHERE CustID >= ${firstOrdinaryCustId})) AS ordinary,
                  extract(epoch FROM max(at)) AS all
           FROM (SELECT CustID, pg_xact_commit_timestamp(xmin) AS at FROM IF_BNET_CUST) AS marked`,
        ),
      );
      ordinary.push(Number(found[0]?.ordinary) - startedAt / 1000);
      all.push(Number(found[0]?.all) - startedAt / 1000);
    },
  });
  return { mix: mix.name, title: mix.title, ordinary, all };
}

function range({ least, most }: Spread): string {
  return `${decimal(least, 2)} … ${decimal(most, 2)}`;
}

function verdict(finishes: readonly Finish[]): string {
  const doneAfter = (mix: string): number =>
    spread(finishes.find((finish) => finish.mix === mix)?.ordinary ?? []).median;
  const ratio = doneAfter('hot') / doneAfter('spread');
  return `ordinary ones, hot / spread: ${decimal(ratio, 2)} (goal: at most ${limit}): ${ratio <= limit ? 'reached' : 'NOT reached'}`;
}
