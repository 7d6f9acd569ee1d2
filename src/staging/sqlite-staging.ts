import Sqlite from 'better-sqlite3';
import type { Account, Customer } from '../domain/customer.js';
import { rowDigest } from '../domain/digest.js';
import { isCanonicalNumber, type RowKey, type Source } from '../domain/keys.js';
import type { InterfaceRow } from '../domain/rows.js';
import { State } from '../domain/states.js';
import type { CandidateRow, Evidence } from '../operator/verify/check-customer.js';
import type { Records } from '../operator/verify/compare.js';
import {
  nobody,
  type AppliedLater,
  type JournalledRow,
  type RefusedEntry,
  type StagingDatabase,
} from '../operator/verify/staging.js';
import type { ScannedEntry } from '../store/admin-port.js';
import {
  candidateRows,
  journalledRows,
  lostRows,
  notApplied,
  notAppliedRows,
  unjournalledRows,
} from './queries.js';
import { stagingTables } from './tables.js';

/*
 * A temporary database of SQLite's own, which holds no more in memory than its cache (16 MB). It has no name and is gone
 * with the process, however that ends; SQLite puts its file where SQLITE_TMPDIR or TMPDIR say, or into /var/tmp or /tmp.
 */

interface StagedDecision {
  readonly content: string;
  readonly requeued: number;
  readonly repaired: number;
  readonly attempt: string;
  readonly decidedAt: string;
}

/** The staging database of a verification, on SQLite. */
export class SqliteStagingDatabase implements StagingDatabase {
  readonly #database = new Sqlite('');
  readonly #statements = new Map<string, Sqlite.Statement>();

  constructor() {
    this.#database.pragma('journal_mode = OFF');
    this.#database.pragma('synchronous = OFF');
    this.#database.exec(stagingTables);
  }

  close(): void {
    this.#database.close();
  }

  putRows(rows: readonly InterfaceRow[]): void {
    this.#together(() => {
      for (const row of rows) {
        const cust = this.#customer(row.custId);
        const { source, streamingNo, state, createDate, stateDate } = row;
        this.#product(row.productId);
        this.#run(
          `INSERT OR REPLACE INTO row (source, streaming_no, cust, state, create_date, state_date, digest, content)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          ...[source, streamingNo, cust, state, createDate, stateDate, rowDigest(row), JSON.stringify(row)],
        );
      }
    });
  }

  replaceRows(keys: readonly RowKey[], rows: readonly InterfaceRow[]): void {
    this.#together(() => {
      for (const { source, streamingNo } of keys) {
        this.#run('DELETE FROM row WHERE source = ? AND streaming_no = ?', source, streamingNo);
        this.#run('UPDATE entry SET looked = 1 WHERE source = ? AND streaming_no = ?', source, streamingNo);
      }
    });
    this.putRows(rows);
  }

  putEntries(entries: readonly ScannedEntry[], into: 'entry' | 'again'): void {
    this.#together(() => {
      for (const entry of entries) {
        this.#run(
          `INSERT OR REPLACE INTO ${into}
             (source, streaming_no, attempt, cust, superseded, requeued, repaired, outcome, said, digest, decided_at, looked)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
          ...[entry.source, entry.streamingNo, entry.attempt, this.#customer(entry.custId)],
          ...[Number(entry.superseded), Number(entry.requeued), Number(entry.repaired), entry.outcome],
          ...[entry.errContent, entry.digest, entry.decidedAt],
        );
      }
    });
  }

  putRecords({ customers, accounts }: Partial<Records>): void {
    this.#together(() => {
      for (const record of [...(customers ?? []), ...(accounts ?? [])]) {
        this.#product(record.productId);
        this.#run(
          'INSERT INTO record (cust, what, content) VALUES (?, ?, ?)',
          ...[
            this.#customer(record.custId),
            'userId' in record ? 'user' : 'customer',
            JSON.stringify(record),
          ],
        );
      }
    });
  }

  customerCount(): number {
    return Number(this.#rows<{ number: number }>('SELECT count(*) AS number FROM customer')[0]?.number);
  }

  customersAfter(cust: string | null, limit: number): string[] {
    return this.#names('customer', cust, limit);
  }

  candidatesAfter(cust: string | null, limit: number): string[] {
    return this.#names('candidate', cust, limit);
  }

  candidate(cust: string): void {
    this.#run('INSERT OR IGNORE INTO candidate (cust) VALUES (?)', cust);
  }

  productIds(): string[] {
    return this.#rows<{ product: string }>('SELECT product FROM product').map(({ product }) => product);
  }

  unresolved(custs: readonly string[], limit: number): RowKey[] {
    return this.#rows<{ source: Source; streamingNo: string }>(
      `SELECT e.source, e.streaming_no AS streamingNo FROM entry AS e LEFT JOIN row AS r USING (source, streaming_no)
       WHERE e.cust IN (SELECT value FROM json_each(?)) AND NOT e.superseded AND e.outcome = 'applied'
         AND NOT e.looked AND r.digest IS NOT e.digest LIMIT ?`,
      ...[JSON.stringify(custs), limit],
    );
  }

  forget(custs: readonly string[]): void {
    for (const table of ['row', 'entry', 'again', 'record'])
      this.#run(`DELETE FROM ${table} WHERE cust IN (SELECT value FROM json_each(?))`, JSON.stringify(custs));
  }

  moved(custs: readonly string[]): Set<string> {
    const columns = 'cust, source, streaming_no, attempt, superseded';
    const of = (table: string) =>
      `SELECT ${columns} FROM ${table} WHERE cust IN (SELECT value FROM json_each(?))`;
    const given = JSON.stringify(custs);
    const rows = this.#rows<{ cust: string }>(
      `SELECT cust FROM (${of('entry')} EXCEPT ${of('again')})
       UNION SELECT cust FROM (${of('again')} EXCEPT ${of('entry')})`,
      ...[given, given, given, given],
    );
    return new Set(rows.map(({ cust }) => cust));
  }

  evidence(cust: string): Evidence {
    return {
      custId: cust === nobody ? null : cust,
      journalled: this.decided(cust),
      unjournalled: { [Symbol.iterator]: () => this.#unjournalled(cust) },
      row: ({ source, streamingNo }) => this.#row(source, streamingNo),
      candidateRows: this.#rows<CandidateRow>(candidateRows, cust),
      lost: this.#rows<{ lost: Evidence['lost'] }>(lostRows, cust, cust)[0]?.lost ?? null,
      stored: {
        customers: this.#records<Customer>(cust, 'customer'),
        accounts: this.#records<Account>(cust, 'user'),
      },
    };
  }

  withNotApplied(custs: readonly string[]): string[] {
    const found = this.#rows<{ cust: string }>(
      `SELECT DISTINCT r.cust FROM row AS r WHERE r.cust IN (SELECT value FROM json_each(?)) AND ${notApplied}`,
      JSON.stringify(custs),
    );
    const has = new Set(found.map(({ cust }) => cust));
    return custs.filter((cust) => has.has(cust));
  }

  *notApplied(cust: string): Generator<InterfaceRow> {
    for (const each of this.#prepared(notAppliedRows).iterate(cust))
      yield JSON.parse((each as { content: string }).content) as InterfaceRow;
  }

  newestClaims(custs: readonly string[]): { readonly custId: string; readonly attempt: string }[] {
    const sql = `SELECT cust AS custId, max(attempt) AS attempt FROM entry
                 WHERE cust IN (SELECT value FROM json_each(?)) AND NOT superseded AND outcome = 'applied' AND NOT repaired
                 GROUP BY cust`;
    return this.#rows(sql, JSON.stringify(custs));
  }

  newestDecision(cust: string): string | null {
    const sql = 'SELECT max(decided_at) AS at FROM entry WHERE cust = ? AND NOT superseded';
    return this.#rows<{ at: string | null }>(sql, cust)[0]?.at ?? null;
  }

  appliedFrom(
    cust: string,
    { stateDate, since }: { stateDate: string; since: string | null },
  ): AppliedLater[] {
    const sql = `SELECT e.source, e.streaming_no AS streamingNo, e.attempt,
        CASE WHEN NOT e.repaired THEN e.decided_at END AS decidedAt, r.create_date AS createDate,
        CASE WHEN r.state = ${State.Succeeded} THEN r.state_date END AS stateDate
      FROM entry AS e LEFT JOIN row AS r USING (source, streaming_no)
      WHERE e.cust = ? AND NOT e.superseded AND e.outcome = 'applied'
        AND (e.attempt >= ? OR decidedAt >= ?)`;
    return this.#rows<AppliedLater>(sql, cust, stateDate, since);
  }

  refused(cust: string, codes: readonly string[]): RefusedEntry[] {
    const sql = `SELECT source, streaming_no AS streamingNo, attempt, digest, decided_at AS decidedAt FROM entry
                 WHERE cust = ? AND NOT superseded AND outcome = 'failed'
                   AND substr(said, 1, 5) IN (SELECT value FROM json_each(?)) ORDER BY decided_at, attempt`;
    return this.#rows<RefusedEntry>(sql, cust, JSON.stringify(codes));
  }

  #records<T>(cust: string, what: 'customer' | 'user'): T[] {
    const sql = 'SELECT content FROM record WHERE cust = ? AND what = ?';
    return this.#rows<{ content: string }>(sql, cust, what).map(({ content }) => JSON.parse(content) as T);
  }

  decided(cust: string): Iterable<JournalledRow> {
    return { [Symbol.iterator]: () => this.#decided(cust) };
  }

  *#decided(cust: string): Generator<JournalledRow> {
    for (const each of this.#prepared(journalledRows).iterate(cust)) {
      const { content, requeued, repaired, ...entry } = each as StagedDecision;
      yield {
        ...entry,
        row: JSON.parse(content) as InterfaceRow,
        requeued: requeued === 1,
        repaired: repaired === 1,
      };
    }
  }

  *#unjournalled(cust: string): Generator<InterfaceRow> {
    for (const each of this.#prepared(unjournalledRows).iterate(cust))
      yield JSON.parse((each as { content: string }).content) as InterfaceRow;
  }

  #row(source: Source, streamingNo: string): InterfaceRow {
    const sql = 'SELECT content FROM row WHERE source = ? AND streaming_no = ?';
    const [row] = this.#rows<{ content: string }>(sql, source, streamingNo);
    if (row === undefined) throw new Error(`not in the staging database: ${source} ${streamingNo}`);
    return JSON.parse(row.content) as InterfaceRow;
  }

  /** Notes the customer. */
  #customer(custId: string | null): string {
    const cust = custId ?? nobody;
    this.#run('INSERT OR IGNORE INTO customer (cust) VALUES (?)', cust);
    return cust;
  }

  /** Notes the product. */
  #product(productId: string | null): void {
    if (productId === null || !isCanonicalNumber(productId)) return;
    this.#run('INSERT OR IGNORE INTO product (product) VALUES (?)', productId);
  }

  #names(table: 'customer' | 'candidate', after: string | null, limit: number): string[] {
    const name = after ?? nobody;
    const later = `(length(cust), cust) ${after === null ? '>=' : '>'} (?, ?)`;
    return this.#rows<{ cust: string }>(
      `SELECT cust FROM ${table} WHERE ${later} ORDER BY length(cust), cust LIMIT ?`,
      ...[name.length, name, limit],
    ).map(({ cust }) => cust);
  }

  #together(work: () => void): void {
    this.#database.transaction(work)();
  }

  #run(sql: string, ...values: unknown[]): void {
    this.#prepared(sql).run(...values);
  }

  #rows<T>(sql: string, ...values: unknown[]): T[] {
    return this.#prepared(sql).all(...values) as T[];
  }

  #prepared(sql: string): Sqlite.Statement {
    const present = this.#statements.get(sql);
    if (present !== undefined) return present;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
