import type { Database } from '../database/database.js';
import { attributeTableOf, sources, tableOf, type RowKey, type Source } from '../domain/keys.js';
import { State } from '../domain/states.js';
import { specExamples, specExamplesOutcome } from './platform/spec-examples.js';
import type { DemoRun } from './play.js';

/*
 * What stands in both databases after a demo, read by plain statements, and whether it is what was to be expected.
 */

/** Refused rows with one code. */
interface RefusedByCode {
  readonly code: string;
  readonly rows: number;
  readonly example: string;
}

/** A row that was wrong on purpose, and what became of it. */
export interface CheckedBadRow {
  readonly kind: string;
  readonly table: string;
  readonly streamingNo: string;
  readonly expected: string;
  /** Null: it was not refused. */
  readonly actual: string | null;
  readonly errContent: string | null;
}

/** An attribute as the product store has it. */
interface StoredAttribute {
  readonly attrId: string;
  readonly attrSpecId: string;
  readonly attrValue: string | null;
}

/** Something that must be so, and whether it is. */
export interface Check {
  readonly what: string;
  readonly expected: string | number;
  readonly found: string | number;
  readonly ok: boolean;
}

/** All that a demo found. */
export interface Findings {
  readonly applied: Readonly<Record<string, number>>;
  readonly refused: readonly RefusedByCode[];
  readonly faults: readonly CheckedBadRow[];
  readonly corrections: { readonly newRows: number; readonly putBack: number; readonly accepted: number };
  /** Attributes of product 323002000, from the specification's example. */
  readonly attributes: readonly StoredAttribute[];
  readonly checks: readonly Check[];
}

/** Reads both databases and compares. */
export async function findOut(demoRun: DemoRun, middle: Database, store: Database): Promise<Findings> {
  const { summary } = demoRun;
  const states = await readStates(middle);
  const refusals = await readRefusals(store);
  const faults = summary.faults.map(({ row, kind, expectedCode }): CheckedBadRow => {
    const refusal = refusals.find(({ key }) => key === keyOf(row));
    const { streamingNo, source } = row;
    const actual = { actual: refusal?.code ?? null, errContent: refusal?.errContent ?? null };
    return { kind, table: tableOf[source], streamingNo, expected: expectedCode, ...actual };
  });
  const isAccepted = (row: RowKey): boolean => states.get(keyOf(row))?.state === State.Succeeded;
  const accepted = summary.corrections.filter(({ sent }) => sent.every(isAccepted)).length;
  const putBack = summary.corrections.filter(({ refused, sent }) =>
    sent.some((row) => keyOf(row) === keyOf(refused)),
  );
  const attributes = await readExampleAttributes(store);
  return {
    applied: await readApplied(store),
    refused: byCode(refusals),
    faults,
    corrections: { newRows: summary.corrections.length - putBack.length, putBack: putBack.length, accepted },
    attributes,
    checks: [
      equal('rows without an answer', 0, demoRun.unanswered),
      equal(
        "the specification's examples that succeeded",
        specExamples.length,
        specExamples.filter(isAccepted).length,
      ),
      equal('attributes of product 323002000, exactly as sent', text(exampleAttributes), text(attributes)),
      equal('faults refused with the expected code', faults.length, faults.filter(isAsExpected).length),
      equal('rows refused without being wrong on purpose', 0, countUnexpected(refusals, faults)),
      equal('correctable rows that were corrected', countCorrectable(demoRun), summary.corrections.length),
      equal('corrections that succeeded', summary.corrections.length, accepted),
      ...(await compareWithStore(middle, store)),
    ],
  };
}

/** Whether a row that is wrong on purpose was refused with the right code. */
export function isAsExpected(fault: CheckedBadRow): boolean {
  return fault.actual === fault.expected;
}

const exampleAttributes = specExamplesOutcome.customers[1].attributes;

function text(
  attributes: readonly { attrId?: string; attrSpecId: string | null; attrValue: string | null }[],
): string {
  return attributes
    .map(({ attrId, attrSpecId, attrValue }) => `${attrId ?? ''}:${attrSpecId ?? ''}=${attrValue ?? ''}`)
    .join(' ');
}

function countCorrectable({ summary }: DemoRun): number {
  return summary.faults.filter(({ correctable }) => correctable).length;
}

function countUnexpected(refusals: readonly Refusal[], faults: readonly CheckedBadRow[]): number {
  const expected = new Set(faults.map(({ table, streamingNo }) => `${table}:${streamingNo}`));
  return refusals.filter(({ key }) => !expected.has(key)).length;
}

function equal(what: string, expected: string | number, found: string | number): Check {
  return { what, expected, found, ok: expected === found };
}

/** What the succeeded rows of the middle database must have left in the product store, and what the journal knows. */
async function compareWithStore(middle: Database, store: Database): Promise<Check[]> {
  const succeeded = (opFlag: string, source: Source): Promise<number> =>
    count(
      middle,
      `SELECT count(*) AS count FROM ${tableOf[source]} WHERE State = ${State.Succeeded} AND OPFlag = ?`,
      opFlag,
    );
  const active = (await succeeded('0101', 'CUST')) - (await succeeded('0103', 'CUST'));
  const bound = (await succeeded('0201', 'ACCOUNT')) - (await succeeded('0203', 'ACCOUNT'));
  let rows = 0;
  let strayAttributes = 0;
  for (const source of sources) {
    rows += await count(middle, `SELECT count(*) AS count FROM ${tableOf[source]}`);
    strayAttributes += await count(
      middle,
      `SELECT count(*) AS count FROM ${attributeTableOf[source]} AS x JOIN ${tableOf[source]} AS t
       ON t.StreamingNo = x.StreamingNo WHERE x.State <> t.State`,
    );
  }
  const customers = `SELECT count(*) AS count FROM bnet_customer WHERE status = 'active'`;
  const users = `SELECT count(*) AS count FROM bnet_account WHERE status = 'bound'`;
  const entries = 'SELECT count(*) AS count FROM sync_journal WHERE NOT superseded';
  return [
    equal('active products in the product store', active, await count(store, customers)),
    equal('bound users in the product store', bound, await count(store, users)),
    equal('current journal entries, one for each row', rows, await count(store, entries)),
    equal("attribute rows that do not have their row's State", 0, strayAttributes),
  ];
}

interface Standing {
  readonly state: number;
}

async function readStates(middle: Database): Promise<Map<string, Standing>> {
  const states = new Map<string, Standing>();
  for (const source of sources) {
    const sql = `SELECT StreamingNo AS streaming_no, State AS state FROM ${tableOf[source]}`;
    const { rows } = await middle.execute({ sql, bindings: [] });
    for (const row of rows) {
      const streamingNo = String(row['streaming_no']);
      states.set(keyOf({ source, streamingNo }), { state: Number(row['state']) });
    }
  }
  return states;
}

interface Refusal {
  readonly key: string;
  readonly code: string;
  readonly errContent: string;
}

/** Every refusal that the journal knows, those of rows that were corrected and put back included. */
async function readRefusals(store: Database): Promise<Refusal[]> {
  const { rows } = await store.execute({
    sql: `SELECT source, streaming_no, code, err_content FROM sync_journal WHERE outcome = 'failed'
          ORDER BY code, decided_at, streaming_no`,
    bindings: [],
  });
  return rows.map((row) => {
    const source: Source = row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT';
    const streamingNo = String(row['streaming_no']);
    return {
      key: keyOf({ source, streamingNo }),
      code: String(row['code']),
      errContent: String(row['err_content']),
    };
  });
}

function byCode(refusals: readonly Refusal[]): RefusedByCode[] {
  const codes = [...new Set(refusals.map(({ code }) => code))];
  return codes.map((code) => {
    const ofCode = refusals.filter((refusal) => refusal.code === code);
    return { code, rows: ofCode.length, example: ofCode[0]?.errContent ?? '' };
  });
}

async function readApplied(store: Database): Promise<Record<string, number>> {
  const { rows } = await store.execute({
    sql: `SELECT op_flag, count(*) AS count FROM sync_journal WHERE outcome = 'applied' AND NOT superseded
          GROUP BY op_flag ORDER BY op_flag`,
    bindings: [],
  });
  return Object.fromEntries(rows.map((row) => [String(row['op_flag']), Number(row['count'])]));
}

async function readExampleAttributes(store: Database): Promise<StoredAttribute[]> {
  const { productId, custId, bizId } = specExamplesOutcome.customers[1];
  const { rows } = await store.execute({
    sql: `SELECT attr_id, attr_spec_id, attr_value FROM bnet_customer_attr
          WHERE product_id = ? AND cust_id = ? AND biz_id = ? ORDER BY length(attr_id), attr_id`,
    bindings: [productId, custId, bizId],
  });
  return rows.map((row) => ({
    attrId: String(row['attr_id']),
    attrSpecId: String(row['attr_spec_id']),
    attrValue: typeof row['attr_value'] === 'string' ? row['attr_value'] : null,
  }));
}

async function count(database: Database, sql: string, ...bindings: string[]): Promise<number> {
  const { rows } = await database.execute({ sql, bindings });
  return Number(rows[0]?.['count']);
}

function keyOf({ source, streamingNo }: RowKey): string {
  return `${tableOf[source]}:${streamingNo}`;
}
