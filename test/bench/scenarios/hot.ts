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
    const finishes = [hotMix, spreadMix].map(({ name, title }) => ({ mix: name, title, ...noTimes() }));
    for (let round = 1; round <= bench.rounds; round += 1) {
      for (const [index, mix] of [hotMix, spreadMix].entries()) {
        const { ordinary, all } = await finishOf(bench, mix, rows);
        finishes[index]?.ordinary.push(ordinary);
        finishes[index]?.all.push(all);
      }
    }
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
      notes: [conclusion(finishes)],
    },
  ],
});

function noTimes(): { ordinary: number[]; all: number[] } {
  return { ordinary: [], all: [] };
}

/** One run: when the ordinary rows were done, and all, in seconds from the worker's start. */
async function finishOf(bench: Bench, mix: Mix, rows: number): Promise<{ ordinary: number; all: number }> {
  const done = { ordinary: NaN, all: NaN };
  await compare(bench.server, {
    mix,
    rows,
    rounds: 1,
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
      done.ordinary = Number(found[0]?.ordinary) - startedAt / 1000;
      done.all = Number(found[0]?.all) - startedAt / 1000;
    },
  });
  return done;
}

function range({ least, most }: Spread): string {
  return `${decimal(least, 2)} … ${decimal(most, 2)}`;
}

function conclusion(finishes: readonly Finish[]): string {
  const doneAfter = (mix: string): number =>
    spread(finishes.find((finish) => finish.mix === mix)?.ordinary ?? []).median;
  const ratio = doneAfter('hot') / doneAfter('spread');
  return `ordinary ones, hot / spread: ${decimal(ratio, 2)} (goal: at most ${limit}): ${ratio <= limit ? 'reached' : 'NOT reached'}`;
}
