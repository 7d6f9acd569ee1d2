import { attributeTableOf, sources, tableOf } from '../../src/domain/keys.js';
import { badRowRemark } from '../../src/demo/platform/bad-row.js';
import {
  attributeIdColumn,
  contentColumns,
  contentValues,
  type Message,
} from '../../src/demo/platform/message.js';
import { Platform } from '../../src/demo/platform/platform.js';
import type { NumberedMessage } from '../../src/demo/platform/knex/statements.js';
import type { KnexPair, OraclePair, Pair } from './databases.js';
import type { PlainOracle } from './test-oracle.js';
import { sqlOf } from './plain-access.js';

/** A message with everything that the platform would give it. */
export interface CompleteMessage extends NumberedMessage {
  readonly createDate: string | null;
}

const perSecond = 10;

/** Gives messages the numbers and dates they lack: numbers of 30 digits, and dates some of which several share. */
export function completed(messages: Iterable<Message>): CompleteMessage[] {
  const start = Date.parse('2026-11-01T08:00:00Z');
  let attributes = 0;
  return [...messages].map((message, index) => ({
    createDate: new Date(start + Math.floor(index / perSecond) * 1000)
      .toISOString()
      .slice(0, 19)
      .replace('T', ' '),
    streamingNo: String(202611010000000000000000000001n + BigInt(index)),
    ...message,
    attributes: message.attributes.map((attribute) => ({
      attrId: String(300000000000000000000000000001n + BigInt((attributes += 1))),
      ...attribute,
    })),
  }));
}

/** Inserts messages as rows in State 0 with their attributes. */
export async function send(pair: Pair, messages: readonly CompleteMessage[]): Promise<void> {
  if (pair.kind === 'Oracle') await insert((pair as OraclePair).middle, messages);
  else await new Platform((pair as KnexPair).middle).send(messages);
}

async function insert(middle: PlainOracle, messages: readonly CompleteMessage[]): Promise<void> {
  for (const source of sources) {
    const ofTable = messages.filter((message) => message.source === source);
    const columns = ['StreamingNo', ...contentColumns[source].map(({ column }) => column)];
    const rows = ofTable.map((message) => [
      message.streamingNo,
      ...contentValues(message),
      message.fault === undefined ? message.remark : badRowRemark(message.fault),
      message.createDate,
    ]);
    const attributes = ofTable.flatMap(({ streamingNo, custId, createDate, attributes: given }) =>
      given.map(({ attrId, attrSpecId, attrValue }) => {
        return [attrId, streamingNo, custId, attrSpecId, attrValue, createDate];
      }),
    );
    const attributeColumns = [attributeIdColumn[source], 'StreamingNo', 'CustID', 'AttrSpecID', 'AttrValue'];
    await middle.insert([
      { sql: insertInto(middle, attributeTableOf[source], attributeColumns), rows: attributes },
      { sql: insertInto(middle, tableOf[source], [...columns, 'Remark']), rows },
    ]);
  }
}

/** CreateDate comes last of the values. */
function insertInto(middle: PlainOracle, table: string, columns: readonly string[]): string {
  const values = [...columns.map(() => '?'), sqlOf(middle).date, '0'];
  return `INSERT INTO ${table} (${[...columns, 'CreateDate', 'State'].join(', ')}) VALUES (${values.join(', ')})`;
}
