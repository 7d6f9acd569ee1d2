import { compareNumbers, type RowKey } from '../../../src/domain/keys.js';
import { immediateLink, unreachableLink, type Link } from '../../simulation/link.js';
import { SimulatedMiddleDatabase } from '../../simulation/middle/middle-database.js';
import type { NewRow } from '../../simulation/middle/platform-transaction.js';
import type { StoredRow } from '../../simulation/middle/stored-rows.js';
import { MiddleTables } from '../../simulation/middle/tables.js';
import type { MiddleSettings, WorkerFixture } from '../middle.js';
import type { OtherSession, Triggers } from './locks.js';
import { sortedRows, type PlantedColumns, type PlantedRow, type StandingRow } from './rows.js';

/*
 * The simulated middle database passes the rules of the worker's port. What differs from PostgreSQL, and so is not tried:
 *
 * - The operators' port (search, pages of finished rows, requeuing): no simulated worker calls it.
 * - Indexes and plans: there are no statements that could be planned. The rules of the order hold without any index.
 * - Widths and types of columns, decimal places, fractions of seconds, character sets and encodings: values are the texts
 *   that a driver would return. A CreateDate is a date of whole seconds, or missing.
 * - Sessions that overlap: a statement takes effect at one moment, so that two claims never meet at a row. Claim and mark
 *   are one statement also where rows are locked, and a poll cannot be held up half-way.
 * - `BEGIN` and `COMMIT`: a statement that dies has changed nothing, whatever part of it has been done. Whether its answer
 *   is lost is the network's business.
 */

/** A simulated database for the worker's rules, with other people at it. */
export class SimulatedMiddleFixture implements WorkerFixture {
  readonly #options: { readonly hasPrimaryKey: boolean };
  #tables: MiddleTables;
  #sent = 0;

  constructor(options: { hasPrimaryKey?: boolean } = {}) {
    this.#options = { hasPrimaryKey: options.hasPrimaryKey ?? true };
    this.#tables = this.#newTables();
  }

  open(settings?: MiddleSettings): SimulatedMiddleDatabase {
    return this.#adapter(this.#tables, this.#countingLink(), settings);
  }

  openUnreachable(): SimulatedMiddleDatabase {
    return this.#adapter(this.#tables, unreachableLink);
  }

  openWithoutTables(): SimulatedMiddleDatabase {
    const tables = this.#newTables();
    tables.drop();
    return this.#adapter(tables, immediateLink);
  }

  async statementsDuring(work: () => Promise<unknown>): Promise<number> {
    const before = this.#sent;
    await work();
    return this.#sent - before;
  }

  async now(): Promise<string> {
    return this.#tables.now();
  }

  async plant(rows: readonly PlantedRow[]): Promise<void> {
    this.#tables.transaction('platform', (transaction) => transaction.insert(rows.map(newRow)));
  }

  async change(key: RowKey, columns: PlantedColumns): Promise<void> {
    this.#tables.transaction('platform', (transaction) => transaction.change(key, columns));
  }

  async remove(key: RowKey): Promise<void> {
    this.#tables.transaction('platform', (transaction) => transaction.remove(key, { attributesStay: true }));
  }

  async rows(): Promise<readonly StandingRow[]> {
    return sortedRows(this.#tables.rows.map((row) => standingRow(row, this.#tables)));
  }

  async clear(): Promise<void> {
    this.#tables = this.#newTables();
  }

  async close(): Promise<void> {
    // There is nothing to close.
  }

  /** A person at the tables. */
  readonly otherSession: OtherSession = {
    holding: async ({ source, locks, number }, work) => {
      const targets = this.#tables.rows
        .filter((row) => row.source === source)
        .flatMap((row) => {
          const key = { source, streamingNo: String(row.streamingNo) };
          if (locks === 'rows') return number === null || number === row.streamingNo ? [key] : [];
          const attributes = this.#tables.attributesOf(row);
          return attributes
            .filter(({ attrId }) => number === null || number === attrId)
            .map(({ attrId }) => ({ ...key, attrId }));
        });
      const lifts = targets.map((target) => this.#tables.lock(target, 'wang'));
      try {
        return await work();
      } finally {
        for (const lift of lifts) lift();
      }
    },
  };

  readonly triggers: Triggers = {
    undoing: async (how, state, work) => {
      const step = state === 1 ? 'claim' : state === 2 ? 'mark 2' : 'mark 3';
      const way = how === 'restore' ? 'restore' : 'swallow';
      const lift = this.#tables.rule({ steps: [step], way }, { source: 'CUST', streamingNo: '2' });
      try {
        return await work();
      } finally {
        lift();
      }
    },
  };

  #newTables(): MiddleTables {
    return new MiddleTables({ now: () => Date.now(), ...this.#options });
  }

  #adapter(tables: MiddleTables, link: Link, settings: MiddleSettings = {}): SimulatedMiddleDatabase {
    const { productIds = [], markAttributes = true, maxAttributes = 10_000 } = settings;
    return new SimulatedMiddleDatabase(tables, {
      ...{ productIds, markAttributes, maxAttributes },
      ...{ link, actor: 'worker' },
    });
  }

  #countingLink(): Link {
    return {
      ...immediateLink,
      send: (statement, effect) => {
        this.#sent += 1;
        return immediateLink.send(statement, effect);
      },
    };
  }
}

function newRow({ attributes = [], ...row }: PlantedRow): NewRow {
  return {
    ...row,
    state: row.state ?? null,
    attributes: attributes.map((attribute) => ({ attrSpecId: '1', ...attribute })),
  };
}

function standingRow({ place: _place, id: _id, ...row }: StoredRow, tables: MiddleTables): StandingRow {
  const attributes = tables
    .attributesOf(row)
    .map(({ attrId, attrSpecId, attrValue, state, stateDate }) => {
      return { attrId, attrSpecId, attrValue, state, stateDate };
    })
    .sort((a, b) => compareNumbers(a.attrId, b.attrId));
  return { ...row, attributes };
}
