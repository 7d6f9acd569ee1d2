import pg from 'pg';
import { startProcess } from '../contestants/bnet-sync.js';
import { opensMix } from '../loads/mixes.js';
import { median, spread } from '../measure/statistics.js';
import { decimal, whole } from '../report/tables.js';
import { until } from '../../support/until.js';
import { templatesOf, type Templates } from './one-run.js';
import { scenario, type Bench } from './scenario.js';

/** Rows per second of each run. */
interface IsolationData {
  readonly rows: number;
  readonly alone: readonly number[];
  readonly troubled: readonly number[];
}

const fullRows = 30_000;
const quickRows = 1000;
const waitLimitMs = 600_000;

/** The least that two bad rows may leave of the throughput. */
const goal = 0.9;

/** What one row that is always refused and one that somebody has locked cost all the others. */
export const isolationScenario = scenario<IsolationData>({
  name: 'isolation',
  about: `opens with one row whose mark is refused and one that is locked among them, beside none (${fullRows} rows)`,
  when: 'full',
  run: async (bench) => {
    const rows = bench.rows ?? (bench.quick ? quickRows : fullRows);
    const templates = await templatesOf(bench.server, opensMix, { rows, onProgress: () => undefined });
    const [alone, troubled]: [number[], number[]] = [[], []];
    for (let round = 1; round <= bench.rounds; round += 1) {
      alone.push(await rowsPerSecond(bench, templates, rows, false));
      troubled.push(await rowsPerSecond(bench, templates, rows, true));
    }
    return { rows, alone, troubled };
  },
  tables: ({ rows, alone, troubled }) => [
    {
      title: `One refused and one locked row among ${whole(rows)} opens, bnet-sync alone`,
      head: ['', 'rows/s', 'least … most'],
      rows: [
        ['none', ...figures(alone)],
        ['one mark refused, one row locked', ...figures(troubled)],
      ],
      notes: [conclusion(median(troubled) / median(alone))],
    },
  ],
});

function figures(runs: readonly number[]): string[] {
  const { median: middle, least, most } = spread(runs);
  return [whole(middle), `${whole(least)} … ${whole(most)}`];
}

function conclusion(ratio: number): string {
  return `with / without: ${decimal(ratio, 2)} (goal: at least ${goal}): ${ratio >= goal ? 'reached' : 'NOT reached'}`;
}

/** One run: how many rows a second end, the two bad ones not counted. */
async function rowsPerSecond(
  { server, worker, showProgress }: Bench,
  templates: Templates,
  rows: number,
  isTroubled: boolean,
): Promise<number> {
  const middle = await server.copyOf(templates.middle);
  const store = await server.copyOf(templates.store);
  const person = new pg.Client({ ...server.access(middle) });
  await person.connect();
  if (isTroubled) await makeTrouble(person, rows);
  const due = isTroubled ? rows - 2 : rows;
  const progress = showProgress(`isolation${isTroubled ? ', two bad rows' : ''}`, rows);
  const started = await startProcess({
    middle: { client: 'pg', connection: { ...server.access(middle) } },
    store: { client: 'pg', connection: { ...server.access(store) } },
    worker,
    onProgress: (done) => progress.show(done, ''),
  });
  const { diary } = started;
  try {
    await until(
      'all good rows have ended',
      () => Promise.resolve(diary.rows >= due ? true : null),
      waitLimitMs,
    );
    return due / ((diary.markedAt - diary.startedAt) / 1000);
  } finally {
    progress.end();
    await person.end();
    started.child.kill('SIGTERM');
    await started.child;
    await started.remove();
    await server.drop([middle, store]);
  }
}

/** The mark of a row in the first half is refused; one in the second half is locked by a person. */
async function makeTrouble(person: pg.Client, rows: number): Promise<void> {
  const at = async (place: number): Promise<string> => {
    const sql = 'SELECT streamingno FROM if_bnet_cust ORDER BY createdate, streamingno OFFSET $1 LIMIT 1';
    return String((await person.query<{ streamingno: string }>(sql, [place])).rows[0]?.streamingno);
  };
  const [refused, locked] = [await at(Math.floor(rows / 4)), await at(Math.floor((3 * rows) / 4))];
  await person.query(
    `ALTER TABLE if_bnet_cust ADD CONSTRAINT trouble CHECK (NOT (streamingno = ${refused} AND state = 2))`,
  );
  await person.query('BEGIN');
  await person.query(`UPDATE if_bnet_cust SET remark = 'checking' WHERE streamingno = ${locked}`);
}
