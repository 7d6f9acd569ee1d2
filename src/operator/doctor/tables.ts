import { attributeTableOf, tableOf } from '../../domain/keys.js';
import type { ColumnDescription, MiddleKind } from '../../middle/admin-port.js';
import type { Finding, Level } from '../contract/checks.js';
import { fine } from './finding.js';
import { qualified, readyName } from './names.js';

/** The specification of a column (5.2.2.1 to 5.2.2.4): a number of digits, a text of characters, or a date. */
type Specified = { readonly digits: number } | { readonly characters: number } | 'date';

const number30: Specified = { digits: 30 };
const state: Specified = { digits: 2 };
const text = (characters: number): Specified => ({ characters });

const main = {
  StreamingNo: number30,
  ProductID: number30,
  BizID: text(20),
  AreaCode: text(5),
  CustID: number30,
  OPFlag: text(4),
  CreateDate: 'date',
  State: state,
  ErrContent: text(1024),
  StateDate: 'date',
  Remark: text(1024),
} as const;

const attribute = {
  StreamingNo: number30,
  CustID: number30,
  AttrSpecID: number30,
  AttrValue: text(100),
  CreateDate: 'date',
  State: state,
  StateDate: 'date',
} as const;

const specification: Readonly<Record<string, Readonly<Record<string, Specified>>>> = {
  [tableOf.CUST]: { ...main, CustAccount: text(100), CustName: text(128) },
  [attributeTableOf.CUST]: { CustAttrID: number30, ...attribute },
  [tableOf.ACCOUNT]: { ...main, UserID: text(100), AccType: state, AccName: text(100) },
  [attributeTableOf.ACCOUNT]: { AccAttrID: number30, ...attribute },
};

/** Where to look for the tables. */
export interface TablesContext {
  readonly kind: MiddleKind;
  /** `middle.schema`; absent: wherever unqualified names lead. */
  readonly schema?: string;
  /** The connected user. */
  readonly user?: string;
  /** Schemas where this user sees such tables. */
  readonly schemas?: readonly string[];
}

/** Compares the four tables with the specification. Wider columns and further ones are fine. */
export function tableFindings(context: TablesContext, columns: readonly ColumnDescription[]): Finding[] {
  const types = new Map(columns.map(({ table, column, type }) => [`${table}.${column}`.toLowerCase(), type]));
  const missing = missingTables(columns);
  const findings = Object.entries(specification).flatMap(([table, specified]) => {
    if (missing.includes(table)) return [missingTable(context, table)];
    return Object.entries(specified).flatMap(([column, expected]) => {
      const type = types.get(`${table}.${column}`.toLowerCase());
      const assessment = type === undefined ? missingColumn : judge[context.kind](expected, type);
      return assessment === null ? [] : [columnFinding(`${table}.${column}`, type, assessment)];
    });
  });
  return findings.length > 0
    ? findings
    : [fine('tables', 'columns, types and lengths are those of the specification')];
}

/** Those of the four tables without a known column. */
export function missingTables(columns: readonly ColumnDescription[]): string[] {
  const present = new Set(columns.map(({ table }) => table.toLowerCase()));
  return Object.keys(specification).filter((table) => !present.has(table.toLowerCase()));
}

function missingTable(context: TablesContext, table: string): Finding {
  const { kind, schema } = context;
  const places: Readonly<Record<MiddleKind, string>> = {
    oracle:
      schema === undefined
        ? `${wayToTables(context, table)}; ask for the grants of sql/oracle/grants.sql; ${trial}`
        : `see that middle.schema (${schema}) is the owner of the tables, ask for the grants of sql/oracle/grants.sql; ${trial}`,
    postgresql: anywhere,
    sqlite: anywhere,
  };
  return {
    area: 'tables',
    level: 'error',
    finding: `${table} is missing, or this user may not see it`,
    whatToDo: places[kind] + elsewhere(context),
  };
}

const trial = 'or make trial tables with "bnet-sync init-middle"';
const anywhere = `set middle.schema to the schema (owner) of the tables, ask for the grants of grants.sql, ${trial}`;

/** Schemas where such tables are seen, if none is named yet. */
function elsewhere({ kind, schema, schemas = [] }: TablesContext): string {
  const others = schemas.filter((each) => schema === undefined || each !== bareName(kind, schema));
  const isNamed = kind === 'oracle' && schema === undefined && others.length === 1;
  return others.length === 0 || isNamed ? '' : `. This user sees such tables in ${others.join(', ')}`;
}

function bareName(kind: MiddleKind, schema: string): string {
  return kind === 'oracle' ? readyName(kind, schema).replaceAll('"', '') : schema;
}

/** How a name without a schema can lead to its table on Oracle. */
export function wayToTables({ kind, user, schemas = [] }: TablesContext, table: string): string {
  const [only, ...others] = schemas;
  const isKnown = only !== undefined && others.length === 0;
  const owner = isKnown ? readyName(kind, only) : 'ISMP';
  const synonym = `${qualified(kind, user ?? 'bnet_sync', table)} FOR ${owner}.${table}`;
  const named = isKnown ? owner : `the owner of the tables (ISMP, for instance)`;
  return `set middle.schema to ${named}, or let a DBA run CREATE SYNONYM ${synonym}`;
}

/** What is wrong with a column. */
interface Assessment {
  readonly level: Level;
  readonly problem: string;
  readonly whatToDo: string;
}

const missingColumn: Assessment = {
  level: 'error',
  problem: 'is missing',
  whatToDo: 'ask the platform for the tables of the specification, section 5.2.2',
};

function columnFinding(
  name: string,
  type: string | undefined,
  { level, problem, whatToDo }: Assessment,
): Finding {
  const finding =
    type === undefined ? `${name} ${problem}` : `${name} (${type.trim() || 'no type'}) ${problem}`;
  return { area: 'tables', level, finding, whatToDo };
}

const fault = (problem: string, whatToDo: string): Assessment => ({ level: 'error', problem, whatToDo });
const warning = (problem: string, whatToDo: string): Assessment => ({ level: 'warning', problem, whatToDo });

/** Null: the column is as specified, or wider. */
type Judge = (expected: Specified, type: string) => Assessment | null;

const judge: Readonly<Record<MiddleKind, Judge>> = {
  oracle: (expected, type) =>
    judgeLob(expected, type) ?? judgeDeclared(expected, type, { number: /^number\b/i, date: /^date$/i }),
  postgresql: (expected, type) =>
    judgeDeclared(expected, type, { number: /^numeric\b/i, date: /^timestamp(\(\d\))? without time zone$/i }),
  sqlite: judgeAffinity,
};

/** A database that keeps to declared types. */
function judgeDeclared(
  expected: Specified,
  type: string,
  names: { number: RegExp; date: RegExp },
): Assessment | null {
  if (expected === 'date') return names.date.test(type) ? null : judgeDate(type);
  if ('digits' in expected) return judgeNumber(expected.digits, type, names.number);
  if (!/^(n?varchar2?|character varying|n?char|character|text|n?clob)\b/i.test(type)) {
    return fault('is no text', `it must be a text of ${expected.characters} characters`);
  }
  if (/^(n?char|character)\b(?! varying)/i.test(type)) {
    return warning('pads its values with blanks', 'make it a text of variable length');
  }
  return judgeLength(expected.characters, type);
}

/** Oracle statements neither compare nor read large objects like texts. */
function judgeLob(expected: Specified, type: string): Assessment | null {
  if (expected === 'date' || 'digits' in expected || !/^n?clob$/i.test(type)) return null;
  return fault('is a large object', `the specification says Varchar2(${expected.characters})`);
}

function judgeDate(type: string): Assessment {
  if (/^date$/i.test(type))
    return fault('has no time of day', 'it must hold seconds: timestamp(0) without time zone');
  if (/^timestamp/i.test(type)) {
    return warning(
      'is not the plain date of the specification',
      'dates without zone, in seconds, are what is expected',
    );
  }
  return fault('is no date', 'it must be a date with seconds and without zone');
}

function judgeNumber(digits: number, type: string, name: RegExp): Assessment | null {
  if (/^(big|small)?int(eger)?\b/i.test(type)) {
    const integerDigits = /^big/i.test(type) ? 18 : /^small/i.test(type) ? 4 : 9;
    return integerDigits >= digits ? null : narrower(digits);
  }
  if (!name.test(type)) return fault('is no exact number', `it must be a number of ${digits} digits`);
  const [, precision, scale] = /\((\d+)(?:,\s*(-?\d+))?\)/.exec(type) ?? [];
  if (precision === undefined) return null;
  if (Number(precision) - Number(scale ?? 0) < digits) return narrower(digits);
  return Number(scale ?? 0) > 0 ? withDecimals(digits) : null;
}

function withDecimals(digits: number): Assessment {
  const refused = digits > 2 ? '; a row with a number that is no integer is refused with 00403' : '';
  return warning('has decimal places', `the specification says Number(${digits},0)${refused}`);
}

function narrower(digits: number): Assessment {
  return warning(`holds less than ${digits} digits`, `the specification says Number(${digits},0)`);
}

function judgeLength(characters: number, type: string): Assessment | null {
  const length = /\((\d+)/.exec(type)?.[1];
  if (length === undefined || Number(length) >= characters) return null;
  const whatToDo = `the specification says Varchar2(${characters})`;
  // The only text we write: a mark that does not fit would be refused again and again.
  if (characters === 1024)
    return fault(`is shorter than ${characters}`, `${whatToDo}; an error text may be that long`);
  return warning(`is shorter than ${characters}`, whatToDo);
}

/** SQLite converts values by the affinity of a column's declared type (its documentation, section 3.1). */
function judgeAffinity(expected: Specified, type: string): Assessment | null {
  const isInteger = /int/i.test(type);
  const isText = !isInteger && /char|clob|text/i.test(type);
  if (expected === 'date') {
    return isText || /date|time/i.test(type)
      ? null
      : fault('does not keep text', 'declare it TEXT: dates are text here');
  }
  if ('digits' in expected && expected.digits <= 2) {
    return isInteger ? null : fault('does not keep whole numbers as they are', 'declare it INTEGER');
  }
  return isText
    ? null
    : fault('would change what it is given: 30 digits are rounded, 0101 becomes 101', 'declare it TEXT');
}
