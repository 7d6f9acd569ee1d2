import { bnetSyncContestant } from '../contestants/bnet-sync.js';
import { createMiddle, createStore } from '../loads/build.js';
import { generateMiddle, generateStore } from '../loads/generate.js';
import { opensMix } from '../loads/mixes.js';
import { median } from '../measure/statistics.js';
import { decimal, whole, type ReportTable } from '../report/tables.js';
import { runOnce, type RunResult, type Templates } from './one-run.js';
import { scenario, type Bench } from './scenario.js';

/** Runs of the worker over tables of one size. */
interface Size {
  readonly finished: number;
  readonly pending: number;
  readonly runs: readonly RunResult[];
}

interface GrowthData {
  readonly finished: readonly Size[];
  readonly backlog: readonly Size[];
}

const manyRows = 1_000_000;
const manyRowsQuick = 5_000;

/** What the goals compare with; a tenth of the many where these are fewer. */
const fewFinished = 10_000;
const fewPending = 1_000;
const newRows = 20_000;

/** The most that a row may cost more in grown tables, and the most memory. */
const limits = { blocks: 1.15, peakMegabytes: 300 };

/** Whether a row costs more when the tables have grown, or when many rows wait. */
export const growthScenario = scenario<GrowthData>({
  name: 'growth',
  about: `blocks per row with ${fewFinished} and ${manyRows} finished rows; a backlog of ${fewPending} and of ${manyRows}; memory`,
  when: 'full',
  run: async (bench) => {
    const many = bench.rows ?? (bench.quick ? manyRowsQuick : manyRows);
    const fresh = Math.min(newRows, many);
    const finished = [
      { finished: Math.min(fewFinished, Math.ceil(many / 10)), pending: fresh },
      { finished: many, pending: fresh },
    ];
    const backlog = [
      { finished: 0, pending: Math.min(fewPending, Math.ceil(many / 10)) },
      { finished: 0, pending: many },
    ];
    return {
      finished: await runSizes(bench, finished, bench.rounds),
      backlog: await runSizes(bench, backlog, 1),
    };
  },
  tables: ({ finished, backlog }) => [finishedTable(finished), backlogTable(backlog)],
});

async function runSizes(
  bench: Bench,
  sizes: readonly { finished: number; pending: number }[],
  rounds: number,
): Promise<Size[]> {
  const { server } = bench;
  const loading = bench.showProgress('growth: loading', sizes.length);
  const prepared = [];
  for (const [index, size] of sizes.entries()) {
    loading.show(index, `${whole(size.finished)} finished, ${whole(size.pending)} pending rows`);
    prepared.push({ ...size, templates: await templatesFor(bench, size), runs: [] as RunResult[] });
  }
  loading.end();
  const total = rounds * sizes.reduce((sum, { pending }) => sum + pending, 0);
  const progress = bench.showProgress('growth', total);
  let before = 0;
  for (let round = 1; round <= rounds; round += 1) {
    for (const { finished, pending, templates, runs } of prepared) {
      const note = `${whole(pending)} rows, ${whole(finished)} finished ones beside them, round ${round}`;
      const { result } = await runOnce(server, bnetSyncContestant(bench.worker), {
        templates,
        mix: opensMix,
        rows: pending,
        readsContent: false,
        onProgress: (done) => progress.show(before + done, note),
      });
      runs.push(result);
      before += pending;
    }
  }
  progress.end();
  for (const { templates } of prepared) await server.drop([templates.middle, templates.store]);
  return prepared.map(({ finished, pending, runs }) => ({ finished, pending, runs }));
}

/** Pending rows come after the finished ones, in every order. */
async function templatesFor(
  { server }: Bench,
  { finished, pending }: { finished: number; pending: number },
): Promise<Templates> {
  const name = `growth_${finished}_${pending}`;
  const done = { from: 1, rows: finished };
  const middle = await server.template(`${name}_middle`, async (access) => {
    await createMiddle(access);
    await generateMiddle(access, done, 'finished');
    await generateMiddle(access, { from: finished + 1, rows: pending }, 'pending');
  });
  const store = await server.template(`${name}_store`, async (access) => {
    await createStore(access);
    await generateStore(access, done);
  });
  return { middle, store, one: '' };
}

function blocksOf({ runs }: Size): number {
  return median(runs.map(({ blocksPerRow }) => sum(blocksPerRow)));
}

function sum(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((total, number) => total + number, 0);
}

function finishedTable(sizes: readonly Size[]): ReportTable {
  const [few, many] = sizes;
  const ratio = few === undefined || many === undefined ? NaN : blocksOf(many) / blocksOf(few);
  return {
    title: `Growth: ${whole(few?.pending ?? 0)} new opens in tables with finished rows`,
    head: ['finished rows', 'blocks per row, middle', 'store', 'both', 'WAL bytes per row', 'rows/s'],
    rows: sizes.map((size) => [
      whole(size.finished),
      decimal(median(size.runs.map(({ blocksPerRow }) => blocksPerRow['middle'] ?? NaN))),
      decimal(median(size.runs.map(({ blocksPerRow }) => blocksPerRow['store'] ?? NaN))),
      decimal(blocksOf(size)),
      whole(median(size.runs.map(({ walBytesPerRow }) => walBytesPerRow))),
      whole(median(size.runs.map(({ rowsPerSecond }) => rowsPerSecond))),
    ]),
    notes: [
      `blocks, many / few: ${decimal(ratio, 2)} (goal: at most ${limits.blocks}): ${judge(ratio <= limits.blocks)}`,
    ],
  };
}

function backlogTable(sizes: readonly Size[]): ReportTable {
  const peak = Math.max(...sizes.flatMap(({ runs }) => runs.map((run) => run.peakRssBytes ?? 0))) / 1024 ** 2;
  return {
    title: 'Growth: a backlog, drained',
    head: [
      'rows pending',
      'blocks per row, middle',
      'store',
      'statements per 1,000 rows',
      'rows/s',
      'peak MB',
    ],
    rows: sizes.map(({ pending, runs }) => [
      whole(pending),
      decimal(median(runs.map(({ blocksPerRow }) => blocksPerRow['middle'] ?? NaN))),
      decimal(median(runs.map(({ blocksPerRow }) => blocksPerRow['store'] ?? NaN))),
      decimal(median(runs.map(({ statementsPer1000 }) => sum(statementsPer1000)))),
      whole(median(runs.map(({ rowsPerSecond }) => rowsPerSecond))),
      decimal(median(runs.map(({ peakRssBytes }) => peakRssBytes ?? NaN)) / 1024 ** 2),
    ]),
    notes: [
      `peak resident set: ${decimal(peak)} MB (goal: under ${limits.peakMegabytes}): ${judge(peak < limits.peakMegabytes)}`,
    ],
  };
}

function judge(reached: boolean): string {
  return reached ? 'reached' : 'NOT reached';
}
