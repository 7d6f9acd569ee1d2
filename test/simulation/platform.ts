import { Random } from '../../src/demo/platform/random.js';
import type { PlatformRow } from '../fault/observations.js';
import { correctedContent, type ScheduledRow, type ScheduledTransaction } from '../fault/schedule.js';
import type { EventLoop } from './event-loop.js';
import { dateText } from './middle/dates.js';
import type { MiddleTables } from './middle/tables.js';
import type { Journalist } from './story.js';

/** The platform and its DBA, who remember everything they wrote. */
export class SimulatedPlatform {
  readonly rows: PlatformRow[] = [];
  /** Transactions that are still open. */
  open = 0;
  readonly #loop: EventLoop;
  readonly #tables: MiddleTables;
  readonly #clockAheadMs: number;
  readonly #tell: Journalist;

  constructor(parts: { loop: EventLoop; tables: MiddleTables; clockAheadMs: number; tell: Journalist }) {
    this.#loop = parts.loop;
    this.#tables = parts.tables;
    this.#clockAheadMs = parts.clockAheadMs;
    this.#tell = parts.tell;
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

  /** Puts a row that ended back to State 0, a failed one if there is any, and corrects it or not. */
  putBack(pick: number, seed: number): void {
    const random = new Random(seed);
    const isFailed = random.chance(0.8);
    const candidates = this.rows.filter((row) => {
      const state = this.#tables.row(row)?.state;
      return (row.mark === 'none' || row.mark === 'refuse') && state === (isFailed ? 3 : 2);
    });
    const row = candidates[Math.floor(pick * candidates.length)];
    if (row === undefined) return;
    const content = correctedContent(row, random);
    const remark = `v${row.versions.length}`;
    const done = this.#tables.transaction('dba', (transaction) =>
      transaction.putBack(row, isFailed ? 3 : 2, { ...content, remark }),
    );
    if (!done) return;
    row.versions.push(content);
    this.#tell('the DBA', `puts ${row.source}:${row.streamingNo} back to State 0`);
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
  }
}
