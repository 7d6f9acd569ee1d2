import { expect, it } from 'vitest';
import { latestStatement } from '../../../../src/middle/oracle/finished-rows.js';
import { pollStatement } from '../../../../src/middle/oracle/poll.js';
import { failedStatement, processingStatement } from '../../../../src/middle/oracle/search-statements.js';
import { nothingPaused } from '../../../../src/middle/port.js';

const tables = { schema: 'ISMP', productIds: [], markAttributes: true, maxAttributes: 10_000 };
const ascending = '/*+ INDEX_RS_ASC(t (State CreateDate StreamingNo)) */';
const descending = '/*+ INDEX_RS_DESC(t (State CreateDate StreamingNo)) */';

/** How often a text stands in a statement. */
function times(sql: string, text: string): number {
  return sql.split(text).length - 1;
}

const everything = {
  limit: 10,
  settleMs: 0,
  shards: { count: 8, held: 'all' },
  excluded: [],
  waits: [],
  paused: nothingPaused,
} as const;

it('a poll of certain products on Oracle may go by the index that holds them, too', () => {
  const { sql } = pollStatement({ ...tables, productIds: ['42'] }, everything);
  const either = '(State CreateDate StreamingNo) (ProductID State CreateDate StreamingNo)';
  expect(times(sql, `SELECT /*+ INDEX_RS_ASC(t ${either}) */ `)).toBe(8);
});

it('each branch of a poll on Oracle names its index, and asks for the whole of its order, dated or not', () => {
  const { sql } = pollStatement(tables, everything);
  expect(times(sql, `SELECT ${ascending} `)).toBe(8);
  expect(times(sql, 'ORDER BY t.CreateDate, t.StreamingNo\n')).toBe(8);
  expect(times(sql, 'ORDER BY t.')).toBe(8);
  expect(sql).toMatch(/^SELECT \/\*\+ CURSOR_SHARING_EXACT \*\/ /);
});

it('what else reads a State in order on Oracle names that index, from its start or its end', () => {
  const shards = { count: 8, of: 'all' } as const;
  for (const createDate of ['missing', 'present'] as const) {
    const { sql } = latestStatement(tables, { shards, after: null, scan: 10, limit: 10 }, 'CUST', createDate);
    expect(sql).toContain(`SELECT ${descending} `);
    expect(sql).toContain('ORDER BY t.CreateDate DESC, t.StreamingNo DESC');
  }
  expect(processingStatement(tables, 'CUST', 10).sql).toContain(`SELECT ${ascending} `);
});

it('failed rows on Oracle are asked for by the expressions of their index, with States as they are written', () => {
  const stretch = { kind: 'dated', before: null, since: null } as const;
  const { sql } = failedStatement(tables, { source: 'CUST', filter: {}, limit: 10, scan: 10, stretch });
  expect(sql).toMatch(/^SELECT \/\*\+ CURSOR_SHARING_EXACT \*\/ /);
  expect(sql).toContain(
    'ORDER BY CASE t.State WHEN 3 THEN t.StateDate END DESC, CASE t.State WHEN 3 THEN t.StreamingNo END DESC',
  );
  expect(sql).not.toContain('CASE WHEN t.State =');
});
