import type pg from 'pg';

/*
 * What a run left behind, so that a contestant that did less, or something else, is found out. Times, attempts and the
 * worker's name differ from run to run and are left out; whether a time is set is not.
 */

/** A table's rows: how many, and one hash of all in order. */
export type Content = Readonly<Record<string, { readonly rows: number; readonly md5: string }>>;

interface Look {
  readonly table: string;
  readonly columns: string;
  readonly order: string;
}

const states = 'State, ErrContent, StateDate IS NULL';
const attributeStates = 'State, StateDate IS NULL';
const owner = 'product_id, cust_id, biz_id';

const middleLooks: readonly Look[] = [
  { table: 'IF_BNET_CUST', columns: `StreamingNo, ${states}`, order: 'StreamingNo' },
  { table: 'IF_BNET_CUST_ATTR', columns: `CustAttrID, ${attributeStates}`, order: 'CustAttrID' },
  { table: 'IF_BNET_ACCOUNT', columns: `StreamingNo, ${states}`, order: 'StreamingNo' },
  { table: 'IF_BNET_ACCOUNT_ATTR', columns: `AccAttrID, ${attributeStates}`, order: 'AccAttrID' },
];

const storeLooks: readonly Look[] = [
  {
    table: 'bnet_customer',
    columns: `${owner}, area_code, cust_account, cust_name, status, changed_at IS NULL, cancelled_at IS NULL, last_streaming_no`,
    order: owner,
  },
  {
    table: 'bnet_customer_attr',
    columns: `${owner}, attr_spec_id, attr_id, attr_value`,
    order: `${owner}, attr_id`,
  },
  {
    table: 'bnet_account',
    columns: `${owner}, user_id, area_code, acc_type, acc_name, status, changed_at IS NULL, unbound_at IS NULL, last_streaming_no`,
    order: `${owner}, user_id`,
  },
  {
    table: 'bnet_account_attr',
    columns: `${owner}, user_id, attr_spec_id, attr_id, attr_value`,
    order: `${owner}, user_id, attr_id`,
  },
  {
    table: 'sync_journal',
    columns: `source, streaming_no, superseded, op_flag, ${owner}, user_id, outcome, code, err_content, digest`,
    order: 'source, streaming_no, superseded',
  },
];

/** Reads the interface tables' States. */
export const middleContent = (client: pg.Client): Promise<Content> => read(client, middleLooks);

/** Reads the product store and its journal. */
export const storeContent = (client: pg.Client): Promise<Content> => read(client, storeLooks);

async function read(client: pg.Client, looks: readonly Look[]): Promise<Content> {
  const content: Record<string, { rows: number; md5: string }> = {};
  for (const { table, columns, order } of looks) {
    const { rows } = await client.query<{ rows: string; md5: string }>(
      `SELECT count(*) AS rows, md5(COALESCE(string_agg(md5(ROW(${columns})::text), '' ORDER BY ${order}), '')) AS md5
       FROM ${table}`,
    );
    content[table] = { rows: Number(rows[0]!.rows), md5: rows[0]!.md5 };
  }
  return content;
}

/** In which tables two contents differ, in words; empty where they are the same. */
export function differences(expected: Content, found: Content): readonly string[] {
  return Object.entries(expected).flatMap(([table, { rows, md5 }]) => {
    const other = found[table];
    if (other?.rows !== rows) return [`${table}: ${other?.rows ?? 0} rows instead of ${rows}`];
    return other.md5 === md5 ? [] : [`${table}: ${rows} rows, but other content`];
  });
}
