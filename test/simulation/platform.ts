import { Random } from '../../src/demo/platform/random.js';
import type { Attempt, RowKey } from '../../src/domain/keys.js';
import { emptyContent, rowName, type Content, type PlatformRow } from '../fault/observations.js';
import { correctedContent, type ScheduledRow, type ScheduledTransaction } from '../fault/schedule.js';
import type { EventLoop } from './event-loop.js';
import { dateText } from './middle/dates.js';
import type { RowColumns } from './middle/stored-rows.js';
import type { MiddleTables } from './middle/tables.js';
import type { PutBack } from './scenario.js';
import type { Journalist } from './story.js';

/** No row is put back in a hurry more often: a run ends. */
const mostHurriedVersions = 3;

/** The platform and its DBA, who remember everything they wrote. */
export class SimulatedPlatform {
  readonly rows: PlatformRow[] = [];
  /** Transactions that are still open, or about to begin. */
  open = 0;
  readonly #loop: EventLoop;
  readonly #tables: MiddleTables;
  readonly #clockAheadMs: number;
  readonly #hurry: number;
  readonly #random: Random;
  readonly #tell: Journalist;
  readonly #onWritten: (rows: readonly PlatformRow[]) => void;

  /** @param parts.hurry - the probability with which a failed row comes back at once */
  constructor(parts: {
    loop: EventLoop;
    tables: MiddleTables;
    random: Random;
    clockAheadMs: number;
    hurry: number;
    tell: Journalist;
    onWritten: (rows: readonly PlatformRow[]) => void;
  }) {
    this.#loop = parts.loop;
    this.#tables = parts.tables;
    this.#random = parts.random;
    this.#clockAheadMs = parts.clockAheadMs;
    this.#hurry = parts.hurry;
    this.#tell = parts.tell;
    this.#onWritten = parts.onWritten;
  }

  /** Writes a transaction, which may stay open for a while before it commits. */
  write({ rows: planned, openMs }: ScheduledTransaction): void {
    const rows = planned.map((row) => this.#dated(row));
    this.open += 1;
    this.#loop.schedule(openMs, () => {
      this.open -= 1;
      this.#commit(rows);
    });
  }

  /** Changes a row in State 0, if there is one. */
  edit(pick: number, changed: Partial<Content>): void {
    const candidates = this.rows.filter((row) => this.#tables.row(row)?.state === 0);
    const row = candidates[Math.floor(pick * candidates.length)];
    if (row === undefined) return;
    const content = { ...(row.versions.at(-1) ?? emptyContent), ...changed };
    const remark = `v${row.versions.length}`;
    this.#tables.transaction('platform', (transaction) => transaction.change(row, { ...content, remark }));
    row.versions.push(content);
    this.#tell('the platform', `changes ${rowName(row)}`);
  }

  /** A row is there for a while that others have finished. */
  finishByOthers(planned: ScheduledRow, forMs: number): void {
    const { source, streamingNo, createDate } = this.#dated(planned);
    const key = { source, streamingNo };
    const state = { state: 2, stateDate: this.#tables.now() };
    this.#tables.transaction('others', (transaction) => {
      transaction.insert([{ ...key, createDate, ...planned.content, ...state }]);
    });
    this.#loop.schedule(forMs, () => {
      this.#tables.transaction('others', (transaction) => transaction.remove(key));
    });
  }

  /** Puts a row that ended back to State 0, a failed one if there is any, and corrects it or not. */
  putBack(pick: number, seed: number, exactly?: PutBack): void {
    const random = new Random(seed);
    const from = exactly?.from ?? (random.chance(0.8) ? 3 : 2);
    const candidates = this.rows.filter((row) => mayComeBack(row) && this.#tables.row(row)?.state === from);
    const row = candidates[Math.floor(pick * candidates.length)];
    if (row !== undefined) this.#putBack(row, from, exactly ?? this.#correction(row, random));
  }

  /** A row has failed: a hurried DBA puts it back at once, while workers still have its last attempt in mind. */
  failed(key: RowKey): void {
    if (!this.#random.chance(this.#hurry)) return;
    this.open += 1;
    this.#loop.schedule(this.#random.between(1, 600), () => {
      this.open -= 1;
      const row = this.rows.find((each) => rowName(each) === rowName(key));
      if (row === undefined || !mayComeBack(row) || row.versions.length > mostHurriedVersions) return;
      this.#putBack(row, 3, this.#correction(row, this.#random));
    });
  }

  /** What a row asked for in an attempt, and the Remark that says so. */
  contentOf(attempt: Attempt): Partial<RowColumns> {
    const claim = this.#tables.changes.find(
      ({ to, dateAfter, ...key }) =>
        to === 1 && dateAfter === attempt.attempt && rowName(key) === rowName(attempt),
    );
    const remark = claim?.remark ?? 'v0';
    const row = this.rows.find((each) => rowName(each) === rowName(attempt));
    return { remark, ...row?.versions[Number(remark.slice(1))] };
  }

  /** Right where it was wrong, with the StateDate of now, or the one it has. */
  #correction(row: PlatformRow, random: Random): Correction {
    const content = correctedContent(row, random);
    const hasDate = (this.#tables.row(row)?.stateDate ?? null) !== null;
    return hasDate && random.chance(0.3) ? { content, keepsDate: true } : { content };
  }

  #putBack(row: PlatformRow, from: 2 | 3, { content: corrected, keepsDate = false }: Correction): void {
    const content = { ...(row.versions.at(-1) ?? emptyContent), ...corrected };
    const remark = `v${row.versions.length}`;
    const date = keepsDate ? { stateDate: this.#tables.row(row)?.stateDate ?? null } : {};
    const done = this.#tables.transaction('dba', (transaction) =>
      transaction.putBack(row, from, { ...content, ...date, remark }),
    );
    if (!done) return;
    row.versions.push(content);
    this.#tell('the DBA', `puts ${rowName(row)} back to State 0`);
  }

  #dated({ ageMs, ...planned }: ScheduledRow): PlatformRow {
    const createdAt = ageMs === null ? null : Math.floor((this.#loop.now - ageMs) / 1000) * 1000;
    const createDate = createdAt === null ? null : dateText(createdAt + this.#clockAheadMs);
    const { source, streamingNo, content, attributes, formCode, mark, planted } = planned;
    return {
      ...{ source, streamingNo, createDate, createdAt, committedAt: 0 },
      ...{ versions: [content], attributes, formCode, mark, planted },
    };
  }

  #commit(rows: readonly PlatformRow[]): void {
    this.#tables.transaction('platform', (transaction) => {
      transaction.insert(
        rows.map(({ source, streamingNo, createDate, versions, attributes, planted }) => ({
          ...{ source, streamingNo, createDate, remark: 'v0', attributes },
          ...versions[0],
          ...{ state: planted?.state ?? 0, stateDate: planted?.stateDate ?? null },
        })),
      );
    });
    for (const row of rows) {
      row.committedAt = this.#loop.now;
      this.rows.push(row);
    }
    const names = rows.map(({ source, streamingNo, versions }) => {
      const { opFlag = null, custId = null } = versions[0] ?? {};
      return `${source}:${streamingNo} (${opFlag ?? 'no OPFlag'} of ${custId ?? 'nobody'})`;
    });
    this.#tell('the platform', `writes ${names.join(', ')}`);
    this.#onWritten(rows);
  }
}

type Correction = Omit<PutBack, 'from'>;

/** Rows that are there to be refused or not: others are what troubles, handlers and plants are about. */
function mayComeBack({ mark }: PlatformRow): boolean {
  return mark === 'none' || mark === 'refuse';
}
