/*
 * The statements of an application that applies one row in one transaction, named so that the server prepares each of
 * them once per session.
 */

/** A prepared statement. */
export interface NamedStatement {
  readonly name: string;
  readonly text: string;
}

const named = (name: string, text: string): NamedStatement => ({ name, text });

const attributesOf = (table: string, id: string): string =>
  `(SELECT json_agg(json_build_object('AttrID', x.${id}::text, 'AttrSpecID', x.AttrSpecID::text, 'AttrValue', x.AttrValue))
    FROM ${table} AS x WHERE x.StreamingNo = t.StreamingNo) AS attributes`;

const readColumns = (columns: readonly string[]): string =>
  [
    ...['StreamingNo', 'ProductID', 'BizID', 'AreaCode', 'CustID', 'OPFlag', ...columns].map(
      (column) => `CAST(t.${column} AS TEXT) AS "${column}"`,
    ),
    `to_char(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "CreateDate", t.State AS "State"`,
    `to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at`,
  ].join(', ');

/** Reads a row in State 0 with its attribute rows, and locks it. $1: StreamingNo. */
export const readRow = {
  CUST: named(
    'read-cust',
    `SELECT ${readColumns(['CustAccount', 'CustName'])}, ${attributesOf('IF_BNET_CUST_ATTR', 'CustAttrID')}
     FROM IF_BNET_CUST AS t WHERE t.StreamingNo = $1 AND t.State = 0 FOR UPDATE OF t`,
  ),
  ACCOUNT: named(
    'read-account',
    `SELECT ${readColumns(['UserID', 'AccType', 'AccName'])}, ${attributesOf('IF_BNET_ACCOUNT_ATTR', 'AccAttrID')}
     FROM IF_BNET_ACCOUNT AS t WHERE t.StreamingNo = $1 AND t.State = 0 FOR UPDATE OF t`,
  ),
} as const;

const instant = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const stored = `json_build_object('attrSpecId', x.attr_spec_id::text, 'attrId', x.attr_id::text, 'attrValue', x.attr_value)
  ORDER BY x.attr_id`;

/** Reads a customer's product. $1 to $3: its identity. */
export const readCustomer = named(
  'read-customer',
  `SELECT t.area_code AS "areaCode", t.cust_account AS "custAccount", t.cust_name AS "custName", t.status,
          ${instant('t.opened_at')} AS "openedAt", ${instant('t.changed_at')} AS "changedAt",
          ${instant('t.cancelled_at')} AS "cancelledAt", t.last_streaming_no::text AS "lastStreamingNo",
          COALESCE((SELECT json_agg(${stored}) FROM bnet_customer_attr AS x
                    WHERE x.product_id = t.product_id AND x.cust_id = t.cust_id AND x.biz_id = t.biz_id), '[]') AS attributes
   FROM bnet_customer AS t WHERE t.product_id = $1 AND t.cust_id = $2 AND t.biz_id = $3`,
);

/** Reads a user. $1 to $4: its identity. */
export const readAccount = named(
  'read-account-stored',
  `SELECT t.area_code AS "areaCode", t.acc_type AS "accType", t.acc_name AS "accName", t.status,
          ${instant('t.bound_at')} AS "boundAt", ${instant('t.changed_at')} AS "changedAt",
          ${instant('t.unbound_at')} AS "unboundAt", t.last_streaming_no::text AS "lastStreamingNo",
          COALESCE((SELECT json_agg(${stored}) FROM bnet_account_attr AS x WHERE x.product_id = t.product_id
                    AND x.cust_id = t.cust_id AND x.biz_id = t.biz_id AND x.user_id = t.user_id), '[]') AS attributes
   FROM bnet_account AS t WHERE t.product_id = $1 AND t.cust_id = $2 AND t.biz_id = $3 AND t.user_id = $4`,
);

/** Counts the bound users of a customer's product. $1 to $3: its identity. */
export const countBound = named(
  'count-bound',
  `SELECT count(*)::int AS users FROM bnet_account
   WHERE product_id = $1 AND cust_id = $2 AND biz_id = $3 AND status = 'bound'`,
);

/** Writes a customer's product. */
export const writeCustomer = named(
  'write-customer',
  `INSERT INTO bnet_customer (product_id, cust_id, biz_id, area_code, cust_account, cust_name, status, opened_at,
                              changed_at, cancelled_at, last_streaming_no)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
   ON CONFLICT (product_id, cust_id, biz_id) DO UPDATE SET area_code = excluded.area_code,
     cust_account = excluded.cust_account, cust_name = excluded.cust_name, status = excluded.status,
     opened_at = excluded.opened_at, changed_at = excluded.changed_at, cancelled_at = excluded.cancelled_at,
     last_streaming_no = excluded.last_streaming_no`,
);

/** Writes a user. */
export const writeAccount = named(
  'write-account',
  `INSERT INTO bnet_account (product_id, cust_id, biz_id, user_id, area_code, acc_type, acc_name, status, bound_at,
                             changed_at, unbound_at, last_streaming_no)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
   ON CONFLICT (product_id, cust_id, biz_id, user_id) DO UPDATE SET area_code = excluded.area_code,
     acc_type = excluded.acc_type, acc_name = excluded.acc_name, status = excluded.status,
     bound_at = excluded.bound_at, changed_at = excluded.changed_at, unbound_at = excluded.unbound_at,
     last_streaming_no = excluded.last_streaming_no`,
);

/** Deletes a customer's attributes. */
export const deleteCustomerAttributes = named(
  'delete-customer-attributes',
  'DELETE FROM bnet_customer_attr WHERE product_id = $1 AND cust_id = $2 AND biz_id = $3',
);

/** Deletes a user's attributes. */
export const deleteAccountAttributes = named(
  'delete-account-attributes',
  'DELETE FROM bnet_account_attr WHERE product_id = $1 AND cust_id = $2 AND biz_id = $3 AND user_id = $4',
);

/** Inserts a customer's attributes, all in one statement. */
export const insertCustomerAttributes = named(
  'insert-customer-attributes',
  `INSERT INTO bnet_customer_attr (product_id, cust_id, biz_id, attr_spec_id, attr_id, attr_value)
   SELECT $1::numeric, $2::numeric, $3, spec, id, value
   FROM unnest($4::numeric[], $5::numeric[], $6::text[]) AS given (spec, id, value)`,
);

/** Inserts a user's attributes, all in one statement. */
export const insertAccountAttributes = named(
  'insert-account-attributes',
  `INSERT INTO bnet_account_attr (product_id, cust_id, biz_id, user_id, attr_spec_id, attr_id, attr_value)
   SELECT $1::numeric, $2::numeric, $3, $4, spec, id, value
   FROM unnest($5::numeric[], $6::numeric[], $7::text[]) AS given (spec, id, value)`,
);

/** Writes the journal's entry. */
export const insertJournal = named(
  'insert-journal',
  `INSERT INTO sync_journal (source, streaming_no, attempt, superseded, op_flag, product_id, cust_id, biz_id, user_id,
                             outcome, code, err_content, digest, worker, decided_at)
   VALUES ($1, $2, to_char(localtimestamp(0), 'YYYY-MM-DD HH24:MI:SS'), FALSE, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, now())`,
);

const markRowOf = (source: string, main: string, attributes: string): NamedStatement =>
  named(
    `mark-${source}`,
    `WITH main AS (
       UPDATE ${main} SET State = $2, ErrContent = $3, StateDate = localtimestamp(0)
       WHERE StreamingNo = $1 AND State = 0 RETURNING StreamingNo, State, StateDate)
     UPDATE ${attributes} AS x SET State = main.State, StateDate = main.StateDate
     FROM main WHERE x.StreamingNo = main.StreamingNo`,
  );

/** Marks a row with its attribute rows. $1: StreamingNo, $2: State, $3: ErrContent. */
export const markRow = {
  CUST: markRowOf('cust', 'IF_BNET_CUST', 'IF_BNET_CUST_ATTR'),
  ACCOUNT: markRowOf('account', 'IF_BNET_ACCOUNT', 'IF_BNET_ACCOUNT_ATTR'),
} as const;
