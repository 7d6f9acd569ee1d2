import { Database } from '../../../src/database/database.js';
import { sources } from '../../../src/domain/keys.js';
import { initMiddle } from '../../../src/middle/knex/init.js';
import { KnexStoreAdmin } from '../../../src/store/knex/store-admin.js';
import { badRowRemark } from '../../../src/demo/platform/bad-row.js';
import type { Message } from '../../../src/demo/platform/message.js';
import { TableStatements, type NumberedMessage } from '../../../src/demo/platform/knex/statements.js';
import type { PostgresAccess } from '../../support/postgres-database.js';

/** Opens a database for filling it; nothing here is measured. */
export function openForLoading(access: PostgresAccess): Database {
  return new Database({
    client: 'pg',
    connection: { ...access },
    applicationName: 'bench loading',
    maxConnections: 2,
    callTimeoutMs: 600_000,
    serverTimeoutMs: 600_000,
  });
}

/** Creates the interface tables with the recommended indexes. */
export async function createMiddle(access: PostgresAccess): Promise<void> {
  await closing(openForLoading(access), (database) => initMiddle(database));
}

/** `worker.shards`. */
const defaultShards = 64;

/** Creates the product store's tables. */
export async function createStore(access: PostgresAccess): Promise<void> {
  await closing(openForLoading(access), migrate);
}

/** Creates the product store's tables in an open database. */
export async function migrate(database: Database): Promise<void> {
  await new KnexStoreAdmin(database).migrate(defaultShards);
}

const rowsPerInsert = 2000;
const rowsPerSecond = 20;
const firstSecond = Date.UTC(2026, 0, 1);

/** Numbers of 30 digits, as the platform gives them. */
const firstStreamingNo = 202601010000000000000000000001n;
const firstAttributeId = { CUST: 300000000000000000000000000001n, ACCOUNT: 400000000000000000000000000001n };

/**
 * Inserts messages as rows in State 0 with ascending StreamingNos and CreateDates that are long past, so that no row is
 * too young to be taken. The same messages always make the same rows.
 */
export async function loadMessages(
  database: Database,
  messages: Iterable<Message>,
  { schema, onProgress }: { schema?: string; onProgress?: (rows: number) => void } = {},
): Promise<number> {
  let loaded = 0;
  const attributeIds = { ...firstAttributeId };
  const numbered = (message: Message): NumberedMessage => ({
    ...message,
    streamingNo: String(firstStreamingNo + BigInt(loaded)),
    createDate: dateOf(loaded++),
    attributes: message.attributes.map((attribute) => ({
      ...attribute,
      attrId: String(attributeIds[message.source]++),
    })),
  });
  let page: NumberedMessage[] = [];
  for (const message of messages) {
    page.push(numbered(message));
    if (page.length < rowsPerInsert) continue;
    await insert(database, page, schema);
    onProgress?.(loaded);
    page = [];
  }
  await insert(database, page, schema);
  return loaded;
}

async function insert(
  database: Database,
  page: readonly NumberedMessage[],
  schema: string | undefined,
): Promise<void> {
  for (const source of sources) {
    const ofTable = page.filter((message) => message.source === source);
    if (ofTable.length === 0) continue;
    const tables = new TableStatements(source, database.dialect, schema);
    await database.execute(tables.insertRows(ofTable, remarkOf, ''));
    const attributes = tables.insertAttributes(ofTable, '');
    if (attributes !== null) await database.execute(attributes);
  }
}

function remarkOf(message: Message): string {
  return message.fault === undefined ? message.remark : badRowRemark(message.fault);
}

function dateOf(index: number): string {
  const at = new Date(firstSecond + Math.floor(index / rowsPerSecond) * 1000);
  return at.toISOString().slice(0, 19).replace('T', ' ');
}

/** Does something with a database and closes it. */
export async function closing<T>(database: Database, work: (database: Database) => Promise<T>): Promise<T> {
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
