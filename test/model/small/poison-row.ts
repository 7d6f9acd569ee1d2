/*
 * A row that ends its process: where its tries are counted (P8). Row p of customer x ends the process; q is a later row of
 * the same customer, r a row of customer y.
 */
import { explore, type Step } from './explore.js';
import type { RunResult } from '../run.js';

export interface PoisonSettings {
  /**
   * Where tries are counted: in the process, which they do not survive; for every row of a batch that was taken over; or
   * for one row that is tried alone, committed before the try.
   */
  readonly counted: 'in memory' | 'for the batch' | 'alone';
  readonly fewestFirst: boolean;
  /** A try that the process survives is taken back, whatever came of the row. */
  readonly takenBack: boolean;
  /** How often a person ends the process, and the store goes away. */
  readonly crashes: number;
  readonly outages: number;
}

const maxTries = 3;
const names = 'pqr';
const customers = 'xxy';

type RowState = 'open' | 'claimed' | 'done' | 'refused';

interface State {
  readonly rows: readonly RowState[];
  readonly tries: readonly number[];
  /** Null: idle; a list: the rows in flight; 'ended': no process. */
  readonly batch: readonly number[] | 'ended' | null;
  readonly crashes: number;
  readonly outages: number;
  /** How many processes p has ended while r was open. */
  readonly endedBesideR: number;
}

export function explorePoisonRow(settings: PoisonSettings): RunResult {
  return explore<State>({
    initial: {
      rows: ['open', 'open', 'open'],
      tries: [0, 0, 0],
      batch: null,
      crashes: settings.crashes,
      outages: settings.outages,
      endedBesideR: 0,
    },
    steps: function* (state) {
      for (const step of steps(settings, state)) yield { ...step, violation: judge(settings, step.next) };
    },
    isGoal: ({ rows }) => rows.every(isEnded),
  });
}

const isEnded = (row: RowState): boolean => row === 'done' || row === 'refused';

function judge({ crashes }: PoisonSettings, { rows, endedBesideR }: State): string | undefined {
  if (rows[1] === 'refused' || rows[2] === 'refused')
    return 'INNOCENT: a row that ends no process ends in 00205';
  if (endedBesideR > maxTries - 1 + crashes)
    return `OTHERS BLOCKED: p ended ${endedBesideR} processes while r waited`;
  return undefined;
}

function steps(settings: PoisonSettings, state: State): Step<State>[] {
  if (state.batch === 'ended') return [{ label: 'restart', next: { ...state, batch: null } }];
  return state.batch === null ? begin(settings, state) : end(settings, state, state.batch);
}

function begin({ counted, fewestFirst }: PoisonSettings, state: State): Step<State>[] {
  const { rows, tries } = state;
  const takenOver = indexes(rows, (row) => row === 'claimed');
  if (counted === 'alone' && takenOver.length > 0) {
    const first = takenOver.filter(
      (i) =>
        !rows.some((row, earlier) => earlier < i && customers[earlier] === customers[i] && !isEnded(row)),
    );
    const [row] = first.sort((a, b) => (fewestFirst ? tries[a]! - tries[b]! : 0) || a - b);
    return [tryAlone(state, row!)];
  }
  const batch = indexes(rows, (row) => !isEnded(row));
  if (batch.length === 0) return [];
  const isRefused = (i: number): boolean =>
    counted === 'for the batch' && rows[i] === 'claimed' && tries[i]! >= maxTries;
  const tried = batch.filter((i) => !isRefused(i));
  return [
    {
      label: `claims or takes over ${namesOf(tried)} as one batch`,
      next: {
        ...state,
        rows: rows.map((row, i) => (isRefused(i) ? 'refused' : tried.includes(i) ? 'claimed' : row)),
        tries: tries.map((n, i) =>
          counted === 'for the batch' && tried.includes(i) && rows[i] === 'claimed' ? n + 1 : n,
        ),
        batch: tried,
      },
    },
  ];
}

function tryAlone(state: State, row: number): Step<State> {
  const tries = state.tries[row]!;
  if (tries >= maxTries)
    return {
      label: `row ${names[row]!} ends in 3 with 00205`,
      next: { ...state, rows: state.rows.with(row, 'refused') },
    };
  return {
    label: `commits that ${names[row]!} is tried alone, try ${tries + 1}`,
    next: { ...state, tries: state.tries.with(row, tries + 1), batch: [row] },
  };
}

function end({ counted, takenBack }: PoisonSettings, state: State, batch: readonly number[]): Step<State>[] {
  const { rows, tries } = state;
  const found: Step<State>[] = [];
  if (batch.includes(0)) {
    const endedBesideR = state.endedBesideR + (isEnded(rows[2]!) ? 0 : 1);
    found.push({
      label: `row p ends the process that tries ${namesOf(batch)}`,
      next: { ...state, batch: 'ended', endedBesideR },
    });
  } else {
    const done = rows.map((row, i) => (batch.includes(i) ? 'done' : row));
    found.push({
      label: `${namesOf(batch)} applied and marked 2`,
      next: { ...state, rows: done, batch: null },
    });
  }
  if (state.crashes > 0)
    found.push({
      label: `a person ends the process that tries ${namesOf(batch)}`,
      next: { ...state, batch: 'ended', crashes: state.crashes - 1 },
      isFault: true,
    });
  if (state.outages > 0) {
    const isTakenBack = (i: number): boolean => takenBack && counted !== 'in memory' && batch.includes(i);
    found.push({
      label: `the store goes away during ${namesOf(batch)} and comes back`,
      next: {
        ...state,
        tries: tries.map((n, i) => (isTakenBack(i) ? Math.max(0, n - 1) : n)),
        batch: null,
        outages: state.outages - 1,
      },
      isFault: true,
    });
  }
  return found;
}

function indexes(rows: readonly RowState[], matches: (row: RowState) => boolean): number[] {
  return rows.flatMap((row, i) => (matches(row) ? [i] : []));
}

function namesOf(batch: readonly number[]): string {
  return batch.map((i) => names[i]!).join('');
}
