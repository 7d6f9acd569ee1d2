import type { Comparison } from '../scenarios/compare.js';
import type { RunResult } from '../scenarios/one-run.js';
import { median, spread } from '../measure/statistics.js';

/** A table of a report. */
export interface ReportTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

/** The tables of a comparison: speed and what it cost. */
export function comparisonTables(comparison: Comparison): readonly ReportTable[] {
  return [speedTable(comparison), costTable(comparison)];
}

function speedTable(comparison: Comparison): ReportTable {
  return {
    title: headingOf(comparison),
    head: ['contestant', 'rows/s', 'least … most', 'seconds', 'process s', 'peak MB'],
    rows: comparison.contestants.map(({ title, runs }) => {
      const speed = spread(runs.map(({ rowsPerSecond }) => rowsPerSecond));
      return [
        title,
        whole(speed.median),
        `${whole(speed.least)} … ${whole(speed.most)}`,
        decimal(middleOf(runs, ({ seconds }) => seconds)),
        decimal(middleOf(runs, ({ processSeconds }) => processSeconds)),
        decimal(middleOf(runs, ({ peakRssBytes }) => peakRssBytes) / 1024 ** 2),
      ];
    }),
    notes: ratios(comparison),
  };
}

/** What the rows of a comparison cost the databases. */
export function costTable(comparison: Comparison): ReportTable {
  return {
    title: `What it cost: ${headingOf(comparison)}`,
    head: ['contestant', 'statements per 1,000 rows', 'blocks per row', 'WAL bytes per row', 'claims'],
    rows: comparison.contestants.map(({ title, runs }) => [
      title,
      byName(runs, ({ statementsPer1000 }) => statementsPer1000),
      byName(runs, ({ blocksPerRow }) => blocksPerRow),
      whole(middleOf(runs, ({ walBytesPerRow }) => walBytesPerRow)),
      claimsOf(runs),
    ]),
    notes: [],
  };
}

function headingOf({ title, rows, rounds }: Comparison): string {
  return `${title}, ${whole(rows)} rows, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`;
}

/** The ratios that the goals are about: the median of those of each round, because the machine is not the same all along. */
function ratios({ contestants }: Comparison): string[] {
  const runsOf = (name: string) => contestants.find((contestant) => contestant.name === name);
  const ours = runsOf('bnet-sync');
  if (ours === undefined) return [];
  const queues = [runsOf('graphile-worker'), runsOf('pg-boss')].filter((queue) => queue !== undefined);
  const speedOf = ({ runs }: Contestants[number]) => median(runs.map(({ rowsPerSecond }) => rowsPerSecond));
  const peers: [string, Contestants[number] | undefined, digits: number][] = [
    ['the set-based loop', runsOf('set-loop'), 2],
    ['the lean set-based loop', runsOf('set-loop-lean'), 2],
    ['the better of the job queues', queues.sort((a, b) => speedOf(b) - speedOf(a))[0], 1],
  ];
  return peers.flatMap(([name, peer, digits]) =>
    peer === undefined ? [] : [`bnet-sync / ${name}: ${decimal(median(ratiosByRound(ours, peer)), digits)}`],
  );
}

type Contestants = Comparison['contestants'];

function ratiosByRound(ours: Contestants[number], peer: Contestants[number]): number[] {
  return ours.runs.flatMap(({ rowsPerSecond }, round) => {
    const theirs = peer.runs[round];
    return theirs === undefined ? [] : [rowsPerSecond / theirs.rowsPerSecond];
  });
}

function middleOf(runs: readonly RunResult[], pick: (run: RunResult) => number | null): number {
  return median(runs.map(pick).filter((value) => value !== null));
}

function byName(
  runs: readonly RunResult[],
  pick: (run: RunResult) => Readonly<Record<string, number>>,
): string {
  const names = Object.keys(runs.map(pick)[0] ?? {});
  return names
    .map((name) => `${name} ${decimal(middleOf(runs, (run) => pick(run)[name] ?? null))}`)
    .join(', ');
}

function claimsOf(runs: readonly RunResult[]): string {
  const claims = runs.map((run) => run.claims).filter((each) => each !== null);
  if (claims.length === 0) return '–';
  const of = (key: keyof (typeof claims)[number]) => whole(median(claims.map((each) => each[key])));
  return `${of('claims')} of ${of('polls')} polls; changed nothing: ${of('emptyClaims')}, ${of('rowsNotClaimed')} rows`;
}

/** A whole number with commas. */
export function whole(number: number): string {
  return Number.isFinite(number) ? Math.round(number).toLocaleString('en-US') : '–';
}

/** A number with decimals. */
export function decimal(number: number, digits = 1): string {
  return Number.isFinite(number) ? number.toFixed(digits) : '–';
}
