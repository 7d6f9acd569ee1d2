/*
 * The poll in detail: settling, the cut of a page, and customers that wait for a row they depend on. One worker, a clock,
 * and rows whose transactions commit some time after their CreateDate.
 */
import { explore, type Step } from './explore.js';
import type { RunResult } from '../run.js';

export interface PolledRow {
  readonly createDate: number;
  readonly table: 'CUST' | 'ACCOUNT';
  readonly customer: string;
  readonly kind: 'open' | 'bind';
}

export interface PollSettings {
  /** In the order of (CreateDate, StreamingNo). */
  readonly rows: readonly PolledRow[];
  /** Rows read of each table. */
  readonly page: number;
  /** Rows younger than this are left alone. */
  readonly settle: number;
  /** A row commits at most this long after its CreateDate, by the clock that writes CreateDates. */
  readonly commitDelay: number;
  /** How far that clock is behind the database's. */
  readonly clockBehind: number;
  /** From when settle and grace count: the CreateDate, or the worker's first sight of the row where that is later. */
  readonly countsFrom: 'CreateDate' | 'first sight';
  /** How often the worker starts again, with nothing remembered. */
  readonly restarts: number;
  /** How long a bind waits for its customer's open. */
  readonly grace: number;
  /** When the clock stops. */
  readonly end: number;
  /** One statement over both tables, or two: with one cutoff for both, or a cutoff of each one's own time. */
  readonly statements: 'one' | 'two' | 'two, each with its cutoff';
  /** Rows behind the last row of a full page of either table are left for the next poll. */
  readonly watermark: boolean;
  /** An open overtakes the rows of its customer that wait for it. */
  readonly openOvertakes: boolean;
  /** Customers that wait are left out of the page, and looked at beside it. */
  readonly waitingAside: boolean;
}

export const usualPoll: Omit<PollSettings, 'rows'> = {
  page: 9,
  settle: 2,
  commitDelay: 1,
  clockBehind: 0,
  countsFrom: 'first sight',
  restarts: 0,
  grace: 3,
  end: 9,
  statements: 'one',
  watermark: true,
  openOvertakes: false,
  waitingAside: false,
};

type RowState = 0 | 2 | 3;

interface State {
  readonly now: number;
  /** When each row was committed. */
  readonly visible: readonly (number | null)[];
  /** When the worker first saw each row. */
  readonly seen: readonly (number | null)[];
  readonly restarts: number;
  readonly rows: readonly RowState[];
  /** What the first of two statements has read. */
  readonly polled: Page | null;
  /** Customers that are open in the store. */
  readonly opened: readonly string[];
  /** Customers that wait, in the worker's memory. */
  readonly waiting: readonly string[];
}

interface Page {
  readonly ids: readonly number[];
  /** The last row of a full page; null: none was full. */
  readonly full: number | null;
  readonly at: number;
}

export function explorePoll(settings: PollSettings): RunResult {
  const none = settings.rows.map(() => null);
  const initial: State = {
    ...{ now: 0, visible: none, seen: none, restarts: 0, rows: none.map(() => 0) },
    ...{ polled: null, opened: [], waiting: [] },
  };
  return explore<State>({
    initial,
    steps: (state) => steps(settings, state),
  });
}

const nameOf = (index: number): string => 'abcdef'.charAt(index);

function* steps(settings: PollSettings, state: State): Generator<Step<State>> {
  const { rows, commitDelay, clockBehind, end } = settings;
  const { now, visible } = state;
  for (const [i, row] of rows.entries()) {
    if (visible[i] !== null || row.createDate + clockBehind > now) continue;
    const label = `t=${now} row ${nameOf(i)} commits (CreateDate ${row.createDate}, ${row.table}, ${row.kind})`;
    yield { label, next: { ...state, visible: visible.with(i, now) } };
  }
  const allInTime = rows.every(
    (row, i) => visible[i] !== null || now < row.createDate + clockBehind + commitDelay,
  );
  if (now < end && allInTime) yield { label: `t=${now + 1}`, next: { ...state, now: now + 1 } };
  if (state.restarts < settings.restarts) {
    const next = { ...state, seen: rows.map(() => null), waiting: [], restarts: state.restarts + 1 };
    yield { label: `t=${now} the worker starts again`, next };
  }
  yield poll(settings, state);
}

function poll(settings: PollSettings, state: State): Step<State> {
  const { now, polled } = state;
  if (settings.statements === 'one') {
    const page = fetch(settings, state, ['CUST', 'ACCOUNT'], now);
    return processPage(settings, state, page, 'polls');
  }
  if (polled === null) {
    const page = fetch(settings, state, ['CUST'], now);
    return { label: `t=${now} polls CUST: ${namesOf(page.ids)}`, next: { ...state, polled: page } };
  }
  const page = fetch(settings, state, ['ACCOUNT'], settings.statements === 'two' ? polled.at : now);
  const full = [page.full, polled.full].filter((row) => row !== null);
  const both = {
    ids: [...polled.ids, ...page.ids],
    full: full.length === 0 ? null : Math.min(...full),
    at: now,
  };
  return processPage(settings, { ...state, polled: null }, both, 'polls ACCOUNT, page now');
}

function isOpenFor({ rows }: PollSettings, state: State, index: number, cutoffAt: number): boolean {
  return state.visible[index] !== null && state.rows[index] === 0 && rows[index]!.createDate <= cutoffAt;
}

/** What a poll returns: with the first sight, rows that are still to settle as well. */
function isPolled(settings: PollSettings, state: State, index: number, cutoffAt: number): boolean {
  const { settle, countsFrom } = settings;
  return isOpenFor(settings, state, index, countsFrom === 'CreateDate' ? cutoffAt - settle : cutoffAt);
}

function isThere(settings: PollSettings, state: State, index: number): boolean {
  const { settle, countsFrom } = settings;
  if (countsFrom === 'CreateDate') return isOpenFor(settings, state, index, state.now - settle);
  const seen = state.seen[index] ?? null;
  return isOpenFor(settings, state, index, state.now) && seen !== null && state.now - seen >= settle;
}

function fetch(settings: PollSettings, state: State, tables: readonly string[], at: number): Page {
  const excluded = settings.waitingAside ? state.waiting : [];
  const ids: number[] = [];
  let full: number | null = null;
  for (const table of tables) {
    const found = settings.rows.flatMap((row, i) =>
      row.table === table && isPolled(settings, state, i, at) && !excluded.includes(row.customer) ? [i] : [],
    );
    const read = found.slice(0, settings.page);
    ids.push(...read);
    if (read.length === settings.page) full = Math.min(full ?? Infinity, read.at(-1)!);
  }
  return { ids, full, at };
}

function processPage(settings: PollSettings, before: State, page: Page, what: string): Step<State> {
  const { now } = before;
  const state = {
    ...before,
    seen: before.seen.map((seen, i) => seen ?? (page.ids.includes(i) ? now : null)),
  };
  const work = new PageWork(settings, state);
  const ids = work.rowsOf(page);
  for (const customer of new Set(ids.map((i) => settings.rows[i]!.customer)))
    work.processCustomer(customer, ids);
  const label = `t=${state.now} ${what} ${namesOf(page.ids)} -> States ${work.rows.join(' ')}`;
  return { label, next: work.result(), violation: work.violation ?? work.starved() };
}

/** Decides one page. */
class PageWork {
  readonly rows: RowState[];
  violation: string | undefined;
  readonly #settings: PollSettings;
  readonly #state: State;
  readonly #opened: Set<string>;
  readonly #waiting = new Set<string>();
  #moved = false;
  #byDate = true;

  constructor(settings: PollSettings, state: State) {
    this.#settings = settings;
    this.#state = state;
    this.rows = [...state.rows];
    this.#opened = new Set(state.opened);
  }

  rowsOf({ ids, full }: Page): number[] {
    const { rows, settle, countsFrom, watermark, waitingAside } = this.#settings;
    const last = full === null ? null : rows[full]!.createDate;
    this.#byDate = countsFrom === 'CreateDate' || (last !== null && this.#state.now - last >= settle);
    const cut = watermark && full !== null ? ids.filter((i) => i <= full) : [...ids];
    if (!waitingAside) return cut.sort(byNumber);
    const lacking = cut
      .map((i) => rows[i]!)
      .filter(({ kind, customer }) => kind === 'bind' && !this.#isOpen(customer));
    const aside = new Set([...this.#state.waiting, ...lacking.map(({ customer }) => customer)]);
    const beside = rows.flatMap((row, i) => (aside.has(row.customer) && this.#isPolled(i) ? [i] : []));
    return [...new Set([...cut, ...beside])].sort(byNumber);
  }

  processCustomer(customer: string, ids: readonly number[]): void {
    const { rows, grace, openOvertakes } = this.#settings;
    let mine = this.#settled(ids.filter((i) => rows[i]!.customer === customer));
    if (openOvertakes && !this.#isOpen(customer) && mine.length > 0 && rows[mine[0]!]!.kind !== 'open') {
      const open = mine.find((i) => rows[i]!.kind === 'open');
      if (open !== undefined) {
        this.#decide(open);
        mine = mine.filter((i) => i !== open);
      }
    }
    for (const i of mine) {
      if (rows[i]!.kind !== 'open' && !this.#isOpen(customer) && this.#waited(i) < grace) {
        this.#waiting.add(customer);
        return;
      }
      this.#decide(i);
    }
  }

  /** The rows of a customer before the first that is still to settle; in a backlog CreateDate alone counts. */
  #settled(mine: readonly number[]): number[] {
    if (this.#byDate) return [...mine];
    const first = mine.findIndex((i) => !this.#isThere(i));
    return first < 0 ? [...mine] : mine.slice(0, first);
  }

  #waited(index: number): number {
    const from = this.#settings.rows[index]!.createDate;
    const seen = this.#settings.countsFrom === 'first sight' ? (this.#state.seen[index] ?? from) : from;
    return this.#state.now - Math.max(from, seen);
  }

  /** A poll that moves nothing, although the first open row of some customer could be decided. */
  starved(): string | undefined {
    const { rows, statements, waitingAside } = this.#settings;
    const learned = waitingAside && sorted(this.#waiting).join() !== this.#state.waiting.join();
    if (this.#moved || statements !== 'one' || learned) return undefined;
    const could = rows.findIndex(
      ({ customer, kind }, i) =>
        this.#isThere(i) &&
        !rows.some((earlier, a) => a < i && earlier.customer === customer && this.rows[a] === 0) &&
        (kind === 'open' || this.#isOpen(customer)),
    );
    return could < 0 ? undefined : `STARVED: nothing moved although row ${nameOf(could)} could`;
  }

  result(): State {
    return {
      ...this.#state,
      rows: this.rows,
      polled: null,
      opened: sorted(this.#opened),
      waiting: this.#settings.waitingAside ? sorted(this.#waiting) : [],
    };
  }

  #decide(index: number): void {
    const { rows, openOvertakes } = this.#settings;
    const { customer, kind } = rows[index]!;
    for (const [a, earlier] of rows.slice(0, index).entries()) {
      const overtaken = openOvertakes && kind === 'open' && earlier.kind !== 'open';
      if (earlier.customer === customer && this.rows[a] === 0 && !overtaken)
        this.violation = `ORDER: row ${nameOf(index)} decided before the earlier row ${nameOf(a)}`;
    }
    this.#moved = true;
    if (kind === 'open') this.#opened.add(customer);
    this.rows[index] = this.#isOpen(customer) ? 2 : 3;
    if (this.rows[index] === 2) return;
    const { now, visible } = this.#state;
    const isWaiting = now - (visible[index] ?? now) < this.#settings.grace;
    for (const [i, row] of rows.entries()) {
      if (row.customer !== customer || row.kind !== 'open') continue;
      if (this.#isThere(i)) this.violation ??= `REFUSED 00402: although the open ${nameOf(i)} is there`;
      if (visible[i] === null && isWaiting)
        this.violation ??= `TOO EARLY: row ${nameOf(index)} is refused before its open ${nameOf(i)} had its time to come`;
    }
  }

  #isOpen(customer: string): boolean {
    return this.#opened.has(customer);
  }

  #isPolled(index: number): boolean {
    return isPolled(this.#settings, this.#state, index, this.#state.now);
  }

  #isThere(index: number): boolean {
    return this.rows[index] === 0 && isThere(this.#settings, this.#state, index);
  }
}

const byNumber = (a: number, b: number): number => a - b;

function sorted(customers: ReadonlySet<string>): string[] {
  return [...customers].sort();
}

function namesOf(ids: readonly number[]): string {
  return `{${ids.map(nameOf).join(',')}}`;
}
