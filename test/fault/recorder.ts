import type { Connection, DriverRow } from './connection.js';
import type { Observations, StoredEntry, Table } from './observations.js';
import { ruleTriggers } from './trouble-rules.js';

/* Triggers that see what happens in both databases, and the reading of what they saw. */

/** Columns of the transaction and of the worker's process, which names itself in a setting of its sessions. */
const origin = `xid text DEFAULT pg_current_xact_id()::text, process text DEFAULT nullif(current_setting('fault.process', true), '')`;

const middleTriggers = `
  CREATE TABLE fault_change (
    seq bigserial PRIMARY KEY, ${origin}, source text, streaming_no numeric,
    actor text, "from" integer, "to" integer, date_before text, date_after text, err_content text, remark text, at timestamptz DEFAULT clock_timestamp());
  CREATE FUNCTION fault_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO fault_change (source, streaming_no, actor, "from", "to", date_before, date_after, err_content, remark)
    VALUES (TG_ARGV[0], NEW.StreamingNo, current_setting('application_name'), OLD.State, NEW.State,
      to_char(OLD.StateDate, 'YYYY-MM-DD HH24:MI:SS'), to_char(NEW.StateDate, 'YYYY-MM-DD HH24:MI:SS'),
      NEW.ErrContent, NEW.Remark);
    RETURN NULL; END $$;
  CREATE TRIGGER fault_note AFTER INSERT OR UPDATE ON IF_BNET_CUST FOR EACH ROW EXECUTE FUNCTION fault_note('CUST');
  CREATE TRIGGER fault_note AFTER INSERT OR UPDATE ON IF_BNET_ACCOUNT FOR EACH ROW EXECUTE FUNCTION fault_note('ACCOUNT');`;

const storeTriggers = `
  CREATE SEQUENCE fault_order;
  CREATE TABLE fault_call (
    seq bigint DEFAULT nextval('fault_order'), xid text DEFAULT pg_current_xact_id()::text, source text, streaming_no numeric);
  CREATE TABLE fault_decision (
    seq bigint DEFAULT nextval('fault_order'), ${origin}, source text,
    streaming_no numeric, attempt text, outcome text, code text, err_content text, worker text, decided_at timestamptz,
    at timestamptz DEFAULT clock_timestamp());
  CREATE TABLE fault_lease (
    seq bigint DEFAULT nextval('fault_order'), ${origin}, shard integer, owner text, term integer,
    at timestamptz DEFAULT clock_timestamp());
  CREATE FUNCTION fault_decision() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO fault_decision (source, streaming_no, attempt, outcome, code, err_content, worker, decided_at)
    VALUES (NEW.source, NEW.streaming_no, NEW.attempt, NEW.outcome, NEW.code, NEW.err_content, NEW.worker, NEW.decided_at);
    RETURN NULL; END $$;
  CREATE FUNCTION fault_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO fault_lease (shard, owner, term) VALUES (NEW.shard, NEW.owner, NEW.term);
    RETURN NULL; END $$;
  CREATE TRIGGER fault_decision AFTER INSERT ON sync_journal FOR EACH ROW EXECUTE FUNCTION fault_decision();
  CREATE TRIGGER fault_lease AFTER UPDATE ON sync_shard FOR EACH ROW
    WHEN (OLD.owner IS DISTINCT FROM NEW.owner OR OLD.term <> NEW.term) EXECUTE FUNCTION fault_lease();`;

/** Puts the triggers in place, in databases whose tables are there. */
export async function installRecorder(middle: Connection, store: Connection): Promise<void> {
  await middle.run((query) => query(middleTriggers + ruleTriggers));
  await store.run((query) => query(storeTriggers));
}

type Recorded = Omit<Observations, 'settings' | 'rows' | 'troubles' | 'disturbances' | 'poisonCalls'>;

const epoch = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;
const date = (column: string) => `to_char(${column}, 'YYYY-MM-DD HH24:MI:SS')`;

/** Reads everything that the two databases know. */
export async function readObservations(middle: Connection, store: Connection): Promise<Recorded> {
  const ofMiddle = await middle.retry(async (query) => ({
    changes:
      await query(`SELECT seq::float8 AS seq, xid, source, streaming_no::text AS "streamingNo", actor, "from", "to",
      date_before AS "dateBefore", date_after AS "dateAfter", err_content AS "errContent", remark, ${epoch('at')} AS at
      FROM fault_change ORDER BY seq`),
    finalRows: await query(
      bothTables(
        (source, table) => `SELECT '${source}' AS source, StreamingNo::text AS "streamingNo",
      State::int AS state, ${date('StateDate')} AS "stateDate", ErrContent AS "errContent" FROM ${table}`,
      ),
    ),
    finalAttributes: await query(
      bothTables(
        (source, table, id) => `SELECT '${source}' AS source,
      StreamingNo::text AS "streamingNo", ${id}::text AS "attrId", State::int AS state, ${date('StateDate')} AS "stateDate"
      FROM ${table}_ATTR`,
      ),
    ),
  }));
  const ofStore = await store.retry(async (query) => ({
    decisions:
      await query(`SELECT seq::float8 AS seq, xid, source, streaming_no::text AS "streamingNo", attempt, outcome,
      code, err_content AS "errContent", worker, ${epoch('decided_at')} AS "decidedAt", ${epoch('at')} AS at
      FROM fault_decision ORDER BY seq`),
    lines: await query(
      `SELECT seq::float8 AS seq, xid, source, streaming_no::text AS "streamingNo" FROM fault_call`,
    ),
    leases: await query(
      `SELECT seq::float8 AS seq, shard, owner, ${epoch('at')} AS at FROM fault_lease ORDER BY seq`,
    ),
    journal: await query(`SELECT source, streaming_no::text AS "streamingNo", attempt, superseded, outcome,
      err_content AS "errContent" FROM sync_journal`),
    customers:
      await query(`SELECT product_id || '/' || cust_id || '/' || biz_id AS key, area_code AS "areaCode",
      cust_account AS account, cust_name AS name, status, last_streaming_no::text AS last FROM bnet_customer`),
    accounts: await query(`SELECT product_id || '/' || cust_id || '/' || biz_id || '/' || user_id AS key,
      area_code AS "areaCode", acc_type AS account, acc_name AS name, status, last_streaming_no::text AS last FROM bnet_account`),
    attributes:
      await query(`SELECT product_id || '/' || cust_id || '/' || biz_id AS key, ${attributeText} FROM bnet_customer_attr
      UNION ALL SELECT product_id || '/' || cust_id || '/' || biz_id || '/' || user_id, ${attributeText} FROM bnet_account_attr`),
  }));
  const { customers, accounts, attributes, ...told } = ofStore;
  return {
    ...ofMiddle,
    ...told,
    stored: storedEntries([...customers, ...accounts], attributes),
  } as unknown as Recorded;
}

const attributeText = `attr_spec_id || '/' || attr_id || '/' || COALESCE(attr_value, 'NULL') AS text`;

function bothTables(select: (source: Table, table: string, id: string) => string): string {
  return `${select('CUST', 'IF_BNET_CUST', 'CustAttrID')} UNION ALL ${select('ACCOUNT', 'IF_BNET_ACCOUNT', 'AccAttrID')}`;
}

function storedEntries(rows: readonly DriverRow[], attributes: readonly DriverRow[]): StoredEntry[] {
  const texts = new Map<string, string[]>();
  for (const { key, text } of attributes)
    texts.set(String(key), [...(texts.get(String(key)) ?? []), String(text)]);
  return rows.map(({ key, ...values }) => ({
    key: String(key),
    values: values as Record<string, string | null>,
    attributes: (texts.get(String(key)) ?? []).sort(),
  }));
}
