import type { Executor } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import type { JournalLine } from '../admin-port.js';

type DriverRow = Readonly<Record<string, unknown>>;

/** Reads whole journal entries; the condition is over `j`, and may order and limit them. */
export async function readLines(executor: Executor, condition: Fragment): Promise<readonly JournalLine[]> {
  const { rows } = await executor.execute({
    sql: `SELECT j.source, CAST(j.streaming_no AS TEXT) AS streaming_no, j.attempt,
                 CASE WHEN j.superseded THEN 1 ELSE 0 END AS superseded, j.outcome, j.code, j.err_content, j.op_flag,
                 CAST(j.product_id AS TEXT) AS product_id, CAST(j.cust_id AS TEXT) AS cust_id, j.biz_id, j.user_id,
                 j.digest, j.worker, ${executor.dialect.instantText('j.decided_at')} AS decided_at_text
          FROM sync_journal AS j WHERE ${condition.sql}`,
    bindings: condition.bindings,
  });
  return rows.map(lineOf);
}

function lineOf(row: DriverRow): JournalLine {
  return {
    source: row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT',
    streamingNo: String(row['streaming_no']),
    attempt: String(row['attempt']),
    superseded: Number(row['superseded']) === 1,
    outcome: row['outcome'] === 'applied' ? 'applied' : 'failed',
    code: text(row['code']),
    errContent: text(row['err_content']),
    opFlag: text(row['op_flag']),
    productId: text(row['product_id']),
    custId: text(row['cust_id']),
    bizId: text(row['biz_id']),
    userId: text(row['user_id']),
    digest: String(row['digest']),
    worker: String(row['worker']),
    decidedAt: String(row['decided_at_text']),
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
