import { compareRows, sources, type RowKey, type Source } from '../../../src/domain/keys.js';
import type { FinishedRow } from '../../../src/domain/loss.js';
import { claimRows, markRows, type ChangeResult, type RowChange } from '../../../src/middle/changes.js';
import { readClaimed, readLatestFinished } from '../../../src/middle/finished.js';
import type {
  ClaimRequest,
  ClaimResult,
  ClaimedRequest,
  ClaimedRow,
  CreatedAhead,
  LatestFinishedRequest,
  Mark,
  MarkResult,
  MiddleDatabase,
  OpenRowsExcept,
  PolledBatch,
  PollRequest,
} from '../../../src/middle/port.js';
import { readRows, readStanding } from '../../../src/middle/read-rows.js';
import type { DriverRow } from '../../../src/middle/rows.js';
import type { Link } from '../link.js';
import { branches } from './poll.js';
import type { MiddleScope } from './scope.js';
import type { MiddleClient, MiddleTables } from './tables.js';

/** How a worker reaches a simulated middle database, and as whom. */
export interface SimulatedMiddleOptions extends MiddleScope {
  readonly link: Link;
  readonly actor: string;
}

/**
 * The middle database of a simulated worker: the statements that KnexMiddleDatabase sends, each as one message over the
 * link. It holds no rows and knows no time.
 */
export class SimulatedMiddleDatabase implements MiddleDatabase {
  readonly #tables: MiddleTables;
  readonly #link: Link;
  readonly #client: MiddleClient;

  constructor(tables: MiddleTables, { link, actor, ...scope }: SimulatedMiddleOptions) {
    this.#tables = tables;
    this.#link = link;
    this.#client = { actor, scope };
  }

  async poll(request: PollRequest): Promise<PolledBatch> {
    if (this.#tables.without.has('poll is one snapshot')) return this.#pollInParts(request);
    return this.#link.send('poll', () => this.#tables.poll(request, this.#client));
  }

  async claim(requests: readonly ClaimRequest[]): Promise<ClaimResult> {
    return claimRows(requests, this.#client.scope.maxAttributes, {
      start: (change) => this.#link.send('claim', () => this.#tables.claim(change, this.#client)),
      read: (keys, bare) =>
        readRows(keys, bare, {
          rows: (source, nos) => this.#rows('read', source, nos),
          attributes: (source, nos) =>
            this.#link.send('readAttributes', () => this.#tables.readAttributes(source, nos)),
        }),
    });
  }

  async mark(marks: readonly Mark[]): Promise<MarkResult> {
    return markRows(marks, {
      write: (change) => this.#mark(change),
      standing: (keys) => readStanding(keys, (source, nos) => this.#rows('standing', source, nos)),
    });
  }

  async createdAhead(): Promise<CreatedAhead> {
    return this.#link.send('createdAhead', () => this.#tables.createdAhead(this.#client));
  }

  async hasOpenRows(except: OpenRowsExcept = {}): Promise<boolean> {
    return this.#link.send('hasOpenRows', () => this.#tables.hasOpenRows(except, this.#client));
  }

  async lockHolders(keys: readonly RowKey[]): Promise<ReadonlyMap<string, string>> {
    return this.#link.send('lockHolders', () => this.#tables.lockHolders(keys, this.#client));
  }

  async now(): Promise<string> {
    return this.#link.send('now', () => this.#tables.now());
  }

  async latestFinished(request: LatestFinishedRequest): Promise<readonly FinishedRow[]> {
    return readLatestFinished(request, (source, createDate) =>
      this.#link.send('latestFinished', () =>
        this.#tables.latestFinished(request, { source, createDate }, this.#client),
      ),
    );
  }

  async claimedUntil(request: ClaimedRequest): Promise<readonly ClaimedRow[]> {
    return readClaimed(request, (source) =>
      this.#link.send('claimedUntil', () => this.#tables.claimedUntil(request, source, this.#client)),
    );
  }

  async ping(): Promise<void> {
    await this.#link.send('ping', () => undefined);
  }

  async close(): Promise<void> {
    // Each statement has a connection of its own.
  }

  async #mark(change: RowChange<Mark>): Promise<ChangeResult> {
    const { without } = this.#tables;
    const write = (part: RowChange<Mark>) =>
      this.#link.send('mark', () => this.#tables.mark(part, this.#client));
    if (!without.has('marks land together')) return write(change);
    const results: ChangeResult[] = [];
    for (const source of sources) {
      const rows = change.rows.filter((row) => row.source === source);
      if (rows.length > 0) results.push(await write({ ...change, rows }));
    }
    const all = (of: (result: ChangeResult) => ReadonlySet<string>) =>
      new Set(results.flatMap((result) => [...of(result)]));
    return {
      changed: results.flatMap(({ changed }) => changed),
      locked: all(({ locked }) => locked),
      heldBack: all(({ heldBack }) => heldBack),
    };
  }

  async #pollInParts(request: PollRequest): Promise<PolledBatch> {
    const parts: PolledBatch[] = [];
    for (const branch of branches)
      parts.push(await this.#link.send('poll', () => this.#tables.poll(request, this.#client, branch)));
    const rows = parts.flatMap((part) => part.rows).sort(compareRows);
    const now = parts.map((part) => part.now).sort();
    return { rows: rows.slice(0, request.limit), now: now.at(-1) ?? '' };
  }

  async #rows(
    statement: string,
    source: Source,
    streamingNos: readonly string[],
  ): Promise<readonly DriverRow[]> {
    return this.#link.send(statement, () => this.#tables.read(source, streamingNos, this.#client));
  }
}
