import { attributeTableOf, rowId, sources, tableOf, type RowKey, type Source } from '../../domain/keys.js';
import type { OtherStateRow, StrayCounts } from '../../middle/admin-port.js';
import type { Finding } from '../contract/checks.js';
import { fine } from './finding.js';

/** Rows that a worker cannot take, or not as they are: those it cannot name, and those that no rule covers. */
export interface OddRows {
  readonly duplicates: readonly (RowKey & { readonly count: number })[];
  readonly withoutStreamingNo: Readonly<Record<Source, number>>;
  readonly otherStates: readonly OtherStateRow[];
  readonly tooManyAttributes: readonly (RowKey & { readonly count: number })[];
  /** Null: not known. */
  readonly strays: Readonly<Record<Source, StrayCounts>> | null;
}

export function rowFindings(rows: OddRows): Finding[] {
  const findings = [
    ...misnamed(rows),
    ...otherStateFindings(rows.otherStates),
    ...attributeFindings(rows.tooManyAttributes),
    ...sources.flatMap((source) => strayFindings(source, rows.strays?.[source] ?? null)),
  ];
  return findings.length > 0
    ? findings
    : [fine('rows', 'every StreamingNo names one row, and no row is left aside')];
}

/** Rows with an ambiguous or no StreamingNo. */
function misnamed({ duplicates, withoutStreamingNo }: OddRows): Finding[] {
  const findings: Finding[] = [];
  if (duplicates.length > 0) {
    const named = duplicates.map((key) => `${rowId(key)} (${key.count} rows)`).join(', ');
    findings.push({
      area: 'rows',
      level: 'error',
      finding: `a StreamingNo stands more than once: ${named}`,
      whatToDo:
        'the platform must remove all rows but one of each: none of them is applied, they end in State 3 with 00404; ' +
        'a primary key on StreamingNo keeps this from happening',
    });
  }
  for (const source of sources) {
    if (withoutStreamingNo[source] === 0) continue;
    findings.push({
      area: 'rows',
      level: 'error',
      finding: `${withoutStreamingNo[source]} open rows of ${tableOf[source]} have no StreamingNo`,
      whatToDo:
        'the platform must give them one or remove them: nobody can process or answer a row without a name',
    });
  }
  return findings;
}

function otherStateFindings(rows: readonly OtherStateRow[]): Finding[] {
  if (rows.length === 0) return [];
  const named = rows.map((row) => `${rowId(row)} (State ${row.state ?? 'NULL'})`).join(', ');
  return [
    {
      area: 'rows',
      level: 'error',
      finding: `rows stand in a State that is none of 0 to 3, so that no worker takes them: ${named}`,
      whatToDo:
        'the platform sets them to State 0 if they are still to be processed, to 2 or 3 if not; "bnet-sync status" counts them as other',
    },
  ];
}

function attributeFindings(rows: readonly (RowKey & { readonly count: number })[]): Finding[] {
  if (rows.length === 0) return [];
  const named = rows.map((row) => `${rowId(row)} (${row.count})`).join(', ');
  return [
    {
      area: 'rows',
      level: 'warning',
      finding: `rows have more attribute rows than worker.maxAttributes: ${named}`,
      whatToDo:
        'such a row ends in State 3 with 00403, and its attribute rows stay as they are: raise worker.maxAttributes if the platform really sends as many, else have it send them anew with fewer',
    },
  ];
}

function strayFindings(source: Source, strays: StrayCounts | null): Finding[] {
  if (strays === null) return [];
  const { late, orphaned } = strays;
  const table = attributeTableOf[source];
  const finding = (rows: number, examples: readonly string[], what: string, whatToDo: string): Finding[] =>
    rows === 0
      ? []
      : [
          {
            area: 'rows',
            level: 'warning',
            finding: `${rows} rows of ${table} ${what}, StreamingNo ${examples.join(', ')}`,
            whatToDo,
          },
        ];
  return [
    ...finding(
      late.rows,
      late.examples,
      'came after their row was taken, which was applied without them',
      `the platform sends a change (${source === 'CUST' ? '0102' : '0202'}) with all attributes, and sets these rows to State 2; it should write a row and its attributes in one transaction`,
    ),
    ...finding(
      orphaned.rows,
      orphaned.examples,
      `belong to no row of ${tableOf[source]}`,
      'the platform sends the row that is missing, or deletes them',
    ),
  ];
}
