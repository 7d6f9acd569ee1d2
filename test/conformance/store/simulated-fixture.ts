import { identityKey } from '../../../src/domain/customer.js';
import { simulationStart } from '../../simulation/event-loop.js';
import { immediateLink, unreachableLink, type Link } from '../../simulation/link.js';
import { SimulatedProductStore } from '../../simulation/store/product-store.js';
import type { Table } from '../../simulation/store/table.js';
import { StoreTables } from '../../simulation/store/tables.js';
import type { TextRow, Values, WorkerStoreFixture } from '../store.js';
import { shardCount } from './data.js';

/*
 * The simulated product store, for the suite of the port. What it leaves out:
 *
 * - nested transactions as Knex has them (nested.ts): handlers of a simulation get a stand-in without statements,
 *   commit, rollback or savepoints of their own; test/simulation/store/product-store.test.ts has its rules;
 * - migrations, missing tables and servers that were never migrated (`setupRules`, `storeOutageRules`): there is no schema;
 * - what operators count, search, record and delete (activity, audit, customers' records, purge, lists of deferrals): no
 *   worker reads it;
 * - widths, character sets, plans and how the database orders texts: there is no SQL.
 */

type Row = Readonly<Record<string, unknown>>;

/** A fixture whose clock moves on by a millisecond whenever it is read. */
export async function simulatedStoreFixture(): Promise<WorkerStoreFixture> {
  let clock = simulationStart;
  let tables = emptyTables(() => (clock += 1));
  let sent = 0;
  const counting = countingLink(() => (sent += 1));
  const open = (link: Link, leaseTtlMs = 60_000, callTimeoutMs?: number) =>
    new SimulatedProductStore({
      tables,
      link,
      leaseTtlMs,
      ...(callTimeoutMs === undefined ? {} : { callTimeoutMs }),
    });
  const change = (name: string, where: Values, changed: (row: Row) => Row | null) => {
    const table = tableOf(tables, name);
    for (const [key, row] of table.copy()) {
      if (!matches(textOf(row), where)) continue;
      const next = changed(row);
      if (next === null) table.delete(key);
      else table.put(key, next, null);
    }
  };

  return {
    open: ({ leaseTtlMs, callTimeoutMs } = {}) => open(counting, leaseTtlMs, callTimeoutMs),
    openUnreachable: () => open(unreachableLink),
    records: {
      pauses: async () => tables.notes.readPauses(),
      pause: async (target, { who, reason }) => tables.pause(target, who, reason),
      resume: async (target) => tables.resume(target),
      deferrals: async (limit) => tables.notes.deferrals.all().slice(0, limit),
      retry: async (key) => tables.retry(key),
    },
    guard: {
      accept: async (origins) => tables.accept(origins),
      openAlarms: async () => tables.notes.openAlarms(),
      origins: async () => tables.notes.readOrigins(),
    },
    statementsDuring: async (work) => {
      const before = sent;
      await work();
      return sent - before;
    },
    rows: async (name) => inTextOrder(rowsOf(tables, name).map(textOf)),
    leases: async () =>
      tables.leaseTables.shards.all().map(({ shard, owner, term, expiresAt }) => ({
        ...{ shard, owner, term },
        remainingMs: expiresAt === null ? null : Date.parse(expiresAt) - Date.parse(tables.at),
      })),
    update: async (name, values, where = {}) => {
      const columns = Object.entries(values).map(([column, value]) => [camel(column), value] as const);
      change(name, where, (row) => ({ ...row, ...Object.fromEntries(columns) }));
    },
    remove: async (name, where = {}) => {
      change(name, where, () => null);
    },
    shift: async (name, column, milliseconds, where = {}) => {
      change(name, where, (row) => {
        const time = row[camel(column)];
        if (typeof time !== 'string') return row;
        return { ...row, [camel(column)]: new Date(Date.parse(time) + milliseconds).toISOString() };
      });
    },
    now: async () => tables.at,
    clear: async () => {
      tables = emptyTables(() => (clock += 1));
    },
    close: async () => undefined,
  };
}

function emptyTables(now: () => number): StoreTables {
  return new StoreTables({ now, shards: shardCount });
}

/** Everything arrives at once, and is counted. */
function countingLink(count: () => void): Link {
  return {
    send: (statement, effect) => {
      count();
      return immediateLink.send(statement, effect);
    },
    session: (ended) => {
      const session = immediateLink.session(ended);
      return {
        ...session,
        send: (statement, effect) => {
          count();
          return session.send(statement, effect);
        },
      };
    },
  };
}

function tableOf({ product, journalTable, leaseTables, notes }: StoreTables, name: string): Table<Row> {
  const named: Readonly<Record<string, unknown>> = {
    bnet_customer: product.customers,
    bnet_account: product.accounts,
    sync_journal: journalTable.entries,
    sync_shard: leaseTables.shards,
    sync_worker: leaseTables.workers,
    sync_crash: notes.crashes,
    sync_deferral: notes.deferrals,
    sync_pause: notes.pauses,
    sync_guard: notes.alarms,
    sync_origin: notes.origins,
  };
  const table = named[name];
  if (table === undefined) throw new Error(`the simulated store has no table ${name}`);
  return table as Table<Row>;
}

/** Attributes stand as one list for each customer or user. */
function rowsOf(tables: StoreTables, name: string): readonly Row[] {
  const { customers, accounts, customerAttributes, accountAttributes } = tables.product;
  switch (name) {
    case 'bnet_customer_attr':
      return customers
        .all()
        .flatMap((owner) => customerAttributes.get(identityKey(owner), null) ?? [])
        .map((attribute) => ({ ...attribute }));
    case 'bnet_account_attr':
      return accounts
        .all()
        .flatMap((owner) => accountAttributes.get(`${identityKey(owner)}/${owner.userId}`, null) ?? [])
        .map((attribute) => ({ ...attribute }));
    default:
      return tableOf(tables, name).all();
  }
}

function textOf(row: Row): TextRow {
  return Object.fromEntries(
    Object.entries(row).map(([field, value]) => [snake(field), value === null ? null : String(value)]),
  );
}

function matches(row: TextRow, where: Values): boolean {
  return Object.entries(where).every(([column, value]) => row[column] === String(value));
}

function snake(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camel(column: string): string {
  return column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function inTextOrder(rows: readonly TextRow[]): readonly TextRow[] {
  return rows
    .map((row) => [JSON.stringify(row), row] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row);
}
