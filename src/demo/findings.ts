import { openDatabases, openMiddleDatabase } from '../app/open-databases.js';
import type { Account, Attribute, Customer } from '../domain/customer.js';
import { compareNumbers, sources, tableOf, type RowKey } from '../domain/keys.js';
import { State } from '../domain/states.js';
import type { FinishedPage, FinishedPosition, FinishedRows } from '../middle/admin-port.js';
import type { JournalLine, JournalPart, StoreAdmin, StoreRecords } from '../store/admin-port.js';
import type { Databases } from '../operator/databases.js';
import type { DemoFolder } from './demo-folder.js';
import { Platform } from './platform/platform.js';
import { specExamples, specExamplesOutcome } from './platform/spec-examples.js';
import type { DemoRun } from './play.js';

/*
 * What both databases hold after a demo, read through the operators' ports, and whether it is as expected.
 */

/** The databases of a demo, as operators read them, and the platform on them. */
interface DemoDatabases extends Databases {
  readonly platform: Platform;
}

/** Refused rows with one code. */
interface RefusedByCode {
  readonly code: string;
  readonly rows: number;
  readonly example: string;
}

/** A row that was wrong on purpose, and its outcome. */
export interface CheckedBadRow {
  readonly kind: string;
  readonly table: string;
  readonly streamingNo: string;
  readonly expected: string;
  /** Null: it was not refused. */
  readonly actual: string | null;
  readonly errContent: string | null;
}

/** A check, and whether it holds. */
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
  readonly attributes: readonly Attribute[];
  readonly checks: readonly Check[];
}

/** Reads both databases and compares. */
export async function findOut({ config }: DemoFolder, demoRun: DemoRun): Promise<Findings> {
  const options = { applicationName: 'bnet-sync demo' };
  const databases = await openDatabases(config, options);
  const sent = openMiddleDatabase(config, options);
  try {
    return await findingsOf(demoRun, { ...databases.admin, platform: new Platform(sent) });
  } finally {
    await Promise.all([databases.close(), sent.close()]);
  }
}

async function findingsOf(demoRun: DemoRun, databases: DemoDatabases): Promise<Findings> {
  const { summary } = demoRun;
  const succeeded = await readSucceeded(databases.middle.finished);
  const journal = await readJournal(databases.store.records);
  const refusals = await readRefusals(
    databases.store,
    journal,
    summary.faults.map(({ row }) => row),
  );
  const faults = summary.faults.map(({ row, kind, expectedCode }): CheckedBadRow => {
    const refusal = refusals.find(({ key }) => key === keyOf(row));
    const { streamingNo, source } = row;
    const actual = { actual: refusal?.code ?? null, errContent: refusal?.errContent ?? null };
    return { kind, table: tableOf[source], streamingNo, expected: expectedCode, ...actual };
  });
  const isAccepted = (row: RowKey): boolean => succeeded.has(keyOf(row));
  const accepted = summary.corrections.filter(({ sent }) => sent.every(isAccepted)).length;
  const putBack = summary.corrections.filter(({ refused, sent }) =>
    sent.some((row) => keyOf(row) === keyOf(refused)),
  );
  const attributes = await readExampleAttributes(databases.store);
  return {
    applied: countBy(
      journal.filter(({ outcome }) => outcome === 'applied').map(({ opFlag }) => opFlag ?? ''),
    ),
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
      ...(await compareWithStore(databases, succeeded, journal)),
    ],
  };
}

/** Whether a row that is wrong on purpose was refused with the right code. */
export function isAsExpected(fault: CheckedBadRow): boolean {
  return fault.actual === fault.expected;
}

const exampleAttributes = specExamplesOutcome.customers[1].attributes;

function text(
  attributes: readonly { attrId?: string | null; attrSpecId: string | null; attrValue: string | null }[],
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
async function compareWithStore(
  { middle, store: { scan }, platform }: DemoDatabases,
  succeeded: ReadonlyMap<string, string>,
  journal: readonly JournalLine[],
): Promise<Check[]> {
  const byOpFlag = countBy([...succeeded.values()]);
  const more = (opFlag: string, than: string) => (byOpFlag[opFlag] ?? 0) - (byOpFlag[than] ?? 0);
  const counts = await middle.queries.countCapped(mostRows);
  const customers = await allOf<Customer>((after) => scan.customersPage(everything, after, pageRows));
  const users = await allOf<Account>((after) => scan.accountsPage(everything, after, pageRows));
  const active = customers.filter(({ status }) => status === 'active').length;
  const bound = users.filter(({ status }) => status === 'bound').length;
  const rows = sources.flatMap((source) => Object.values(State).map((state) => counts[source][`${state}`]));
  return [
    equal('active products in the product store', more('0101', '0103'), active),
    equal('bound users in the product store', more('0201', '0203'), bound),
    equal('current journal entries, one for each row', sum(rows), journal.length),
    equal("attribute rows that do not have their row's State", 0, await platform.countAttributesApart()),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

const pageRows = 500;
/** More rows than a demonstration has. */
const mostRows = 1_000_000;
const everything = { productIds: [] };

/** Every record, page by page. */
async function allOf<T>(page: (after: T | null) => Promise<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = [];
  for (;;) {
    const next = await page(all.at(-1) ?? null);
    if (next.length === 0) return all;
    all.push(...next);
  }
}

/** The OPFlag of each row in State 2. */
async function readSucceeded(finished: FinishedRows): Promise<ReadonlyMap<string, string>> {
  const succeeded = new Map<string, string>();
  for (const source of sources) {
    let after: FinishedPosition | null = null;
    do {
      const page: FinishedPage = await finished.page({ source, after, limit: pageRows });
      for (const row of page.rows) succeeded.set(keyOf(row), row.opFlag ?? '');
      after = page.next;
    } while (after !== null);
  }
  return succeeded;
}

/** All current entries of the journal. */
async function readJournal(records: StoreRecords): Promise<readonly JournalLine[]> {
  const lines: JournalLine[] = [];
  let after: RowKey | null = null;
  do {
    const part: JournalPart = await records.currentBefore(endOfTime, { after, scan: pageRows });
    lines.push(...part.lines);
    after = part.next;
  } while (after !== null);
  return lines;
}

const endOfTime = '9999-12-31T00:00:00Z';

interface Refusal {
  readonly key: string;
  readonly code: string;
  readonly errContent: string;
}

/** Every refusal in the journal, including rows since corrected and requeued; by code and time. */
async function readRefusals(
  store: StoreAdmin,
  journal: readonly JournalLine[],
  faults: readonly RowKey[],
): Promise<Refusal[]> {
  const refused = journal.filter(({ outcome }) => outcome === 'failed');
  const current = new Set(refused.map(keyOf));
  for (const row of faults.filter((each) => !current.has(keyOf(each))))
    refused.push(...(await store.history(row)).filter(({ outcome }) => outcome === 'failed'));
  const placeOf = ({ code, decidedAt, streamingNo }: JournalLine) => [code, decidedAt, streamingNo].join(' ');
  return refused
    .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
    .map((line) => ({ key: keyOf(line), code: line.code ?? '', errContent: line.errContent ?? '' }));
}

function byCode(refusals: readonly Refusal[]): RefusedByCode[] {
  const codes = [...new Set(refusals.map(({ code }) => code))];
  return codes.map((code) => {
    const ofCode = refusals.filter((refusal) => refusal.code === code);
    return { code, rows: ofCode.length, example: ofCode[0]?.errContent ?? '' };
  });
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

async function readExampleAttributes(store: StoreAdmin): Promise<readonly Attribute[]> {
  const { productId, custId, bizId } = specExamplesOutcome.customers[1];
  const products = [{ productId, custId, bizId }];
  const { customers } = await store.snapshot({ products, users: [], counted: [] });
  const attributes = customers.flatMap((customer) => customer.attributes);
  return attributes.sort((a, b) => compareNumbers(a.attrId ?? '', b.attrId ?? ''));
}

function keyOf({ source, streamingNo }: RowKey): string {
  return `${tableOf[source]}:${streamingNo}`;
}
