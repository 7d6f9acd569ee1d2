import type { PostgresAccess } from '../../support/postgres-database.js';
import { closing, openForLoading } from './build.js';

/*
 * Opens with three attributes each, made by the server itself: for tables of a million rows, where sending them would
 * take too long. Row number n is the same everywhere.
 */

/** Which rows to make. */
export interface Generated {
  /** Number of the first row. */
  readonly from: number;
  readonly rows: number;
}

const numbers = ({ from, rows }: Generated): string => `generate_series(${from}, ${from + rows - 1}) AS n`;

const streamingNo = '202601010000000000000000000000::numeric + n';
const custId = '100000000000000000000000000000::numeric + n';
const bizId = `'B' || lpad(n::text, 14, '0')`;
const attributeId = '300000000000000000000000000000::numeric + 3 * n + k';
const specs = `(VALUES (0, 11002001000000000000::numeric), (1, 11002004000000000000), (2, 11002009000000000000)) AS s (k, spec)`;
const account = `'qy' || lpad(n::text, 12, '0')`;
const name = `'企业' || n || '有限公司'`;
const created = `timestamp '2026-01-01' + n * interval '50 milliseconds'`;

/** Inserts rows in State 0, or as a worker leaves them that finished them. */
export async function generateMiddle(
  access: PostgresAccess,
  rows: Generated,
  state: 'pending' | 'finished',
): Promise<void> {
  const [number, date] = state === 'pending' ? ['0', 'NULL::timestamp'] : ['2', created];
  await run(access, [
    `INSERT INTO IF_BNET_CUST (StreamingNo, ProductID, BizID, AreaCode, CustID, CustAccount, CustName, OPFlag, CreateDate,
                               State, StateDate, Remark)
     SELECT ${streamingNo}, 323002000, ${bizId}, '0571', ${custId}, ${account}, ${name}, '0101', ${created}, ${number}, ${date},
            '客户开通产品'
     FROM ${numbers(rows)}`,
    `INSERT INTO IF_BNET_CUST_ATTR (CustAttrID, StreamingNo, CustID, AttrSpecID, AttrValue, CreateDate, State, StateDate)
     SELECT ${attributeId}, ${streamingNo}, ${custId}, spec, (n % 200)::text, ${created}, ${number}, ${date}
     FROM ${numbers(rows)} CROSS JOIN ${specs}`,
  ]);
}

/** Inserts what finished rows left in the product store: customers, attributes and the journal. */
export async function generateStore(access: PostgresAccess, rows: Generated): Promise<void> {
  await run(access, [
    `INSERT INTO bnet_customer (product_id, cust_id, biz_id, area_code, cust_account, cust_name, status, opened_at,
                                last_streaming_no)
     SELECT 323002000, ${custId}, ${bizId}, '0571', ${account}, ${name}, 'active', ${created}, ${streamingNo}
     FROM ${numbers(rows)}`,
    `INSERT INTO bnet_customer_attr (product_id, cust_id, biz_id, attr_spec_id, attr_id, attr_value)
     SELECT 323002000, ${custId}, ${bizId}, spec, ${attributeId}, (n % 200)::text
     FROM ${numbers(rows)} CROSS JOIN ${specs}`,
    `INSERT INTO sync_journal (source, streaming_no, attempt, superseded, op_flag, product_id, cust_id, biz_id, outcome,
                               digest, worker, decided_at)
     SELECT 'CUST', ${streamingNo}, to_char(${created}, 'YYYY-MM-DD HH24:MI:SS'), FALSE, '0101', 323002000, ${custId},
            ${bizId}, 'applied', left(encode(sha256(n::text::bytea), 'base64'), 43),
            '00000000-0000-4000-8000-000000000000', ${created}
     FROM ${numbers(rows)}`,
  ]);
}

async function run(access: PostgresAccess, statements: readonly string[]): Promise<void> {
  await closing(openForLoading(access), async (database) => {
    for (const sql of statements) await database.execute({ sql, bindings: [] });
  });
}
