import { RAISED_HERE } from './errors.js';
import { ruleTriggersSql } from './table-rules-sql.js';

/*
 * The interface tables (specification 5.2.2.1 to 5.2.2.4) in the database behind the stand-in, with what Oracle
 * enforces of their types: the empty text is NULL, lengths count bytes, NUMBER has its precision, DATE whole seconds.
 */

type Column = readonly [name: string, type: string, constraint?: 'NOT NULL'];

/** A table as Oracle describes it. */
export interface OracleTable {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Whether the first column is the primary key. Default true. */
  readonly keyed?: boolean;
}

const NUMBER = 'NUMBER(30)';

const head: readonly Column[] = [
  ['STREAMINGNO', NUMBER],
  ['PRODUCTID', NUMBER],
  ['BIZID', 'VARCHAR2(20)'],
  ['AREACODE', 'VARCHAR2(5)'],
  ['CUSTID', NUMBER],
];

const tail: readonly Column[] = [
  ['OPFLAG', 'VARCHAR2(4)'],
  ['CREATEDATE', 'DATE'],
  ['STATE', 'NUMBER(2)'],
  ['ERRCONTENT', 'VARCHAR2(1024)'],
  ['STATEDATE', 'DATE'],
  ['REMARK', 'VARCHAR2(1024)'],
];

const attributes: readonly Column[] = [
  ['STREAMINGNO', NUMBER],
  ['CUSTID', NUMBER],
  ['ATTRSPECID', NUMBER],
  ['ATTRVALUE', 'VARCHAR2(100)'],
  ['CREATEDATE', 'DATE'],
  ['STATE', 'NUMBER(2)'],
  ['STATEDATE', 'DATE'],
];

export const interfaceTables: readonly OracleTable[] = [
  {
    name: 'IF_BNET_CUST',
    columns: [...head, ['CUSTACCOUNT', 'VARCHAR2(100)'], ['CUSTNAME', 'VARCHAR2(128)'], ...tail],
  },
  { name: 'IF_BNET_CUST_ATTR', columns: [['CUSTATTRID', NUMBER], ...attributes] },
  {
    name: 'IF_BNET_ACCOUNT',
    columns: [
      ...head,
      ['USERID', 'VARCHAR2(100)'],
      ['ACCTYPE', 'NUMBER(2)'],
      ['ACCNAME', 'VARCHAR2(100)'],
      ...tail,
    ],
  },
  { name: 'IF_BNET_ACCOUNT_ATTR', columns: [['ACCATTRID', NUMBER], ...attributes] },
];

/** The interface tables with other types of columns, by the columns' names, as those of a platform may be. */
export function interfaceTablesWith(types: Readonly<Record<string, string>>): readonly OracleTable[] {
  return interfaceTables.map((table) => ({
    ...table,
    columns: table.columns.map(([name, type, ...rest]): Column => [name, types[name] ?? type, ...rest]),
  }));
}

/** What creates a table in a schema, both by their names in Oracle. */
export function tableSql(schema: string, { name, columns, keyed = true }: OracleTable): string {
  const table = `"${schema.toLowerCase()}"."${name.toLowerCase()}"`;
  const definitions = columns.map(
    ([column, type, constraint = '']) => `${column} ${postgresType(type)} ${constraint}`,
  );
  const key = keyed ? [`CONSTRAINT ${name}_pk PRIMARY KEY (${columns[0]![0]})`] : [];
  const guards = columns.flatMap(([column, type]) => {
    const { base, size } = parseType(type);
    return base === 'VARCHAR2' ? [textGuard([schema, name, column], column.toLowerCase(), size!)] : [];
  });
  const guardName = `"${schema.toLowerCase()}"."${name.toLowerCase()}_guard"`;
  return `
CREATE TABLE ${table} (${[...definitions, ...key].join(', ')});
CREATE OR REPLACE FUNCTION ${guardName}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
${guards.join('\n')}
  RETURN new;
END $$;
CREATE TRIGGER oracle_guard BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${guardName}();
${ruleTriggersSql(
  table,
  columns.map(([column]) => column),
)}
DELETE FROM oracle.column_types WHERE table_name = '${name}';
INSERT INTO oracle.column_types VALUES ${columns.map((column) => catalogEntry(name, column)).join(', ')};
`;
}

/** `NUMBER(30)`, `NUMBER(10,2)`, `VARCHAR2(20)`, `DATE` in parts. */
function parseType(type: string): { base: string; size: string | undefined; scale: string } {
  const [, base = type, size, scale = '0'] = /^(\w+)(?:\((\d+)(?:,(\d+))?\))?$/.exec(type) ?? [];
  return { base, size, scale };
}

function postgresType(type: string): string {
  const { base, size, scale } = parseType(type);
  if (base === 'DATE') return 'timestamp(0)';
  if (base === 'TIMESTAMP') return `timestamp(${size ?? '6'})`;
  // The guard knows the length in bytes; PostgreSQL's own would count characters.
  if (base === 'VARCHAR2') return 'varchar';
  return size === undefined ? 'numeric' : `numeric(${size}, ${scale})`;
}

/** What the catalog says of a column: its type, length in bytes, precision and scale. */
function catalogEntry(table: string, [column, type]: Column): string {
  const { base, size, scale } = parseType(type);
  const isNumber = base === 'NUMBER';
  const length = base === 'VARCHAR2' ? size! : isNumber ? '22' : '7';
  const digits = isNumber && size !== undefined ? [size, scale] : ['NULL', 'NULL'];
  const name = base === 'TIMESTAMP' ? type : base;
  return `('${table}', '${column}', '${name}', ${[length, ...digits].join(', ')})`;
}

function textGuard(path: readonly string[], column: string, length: string): string {
  const name = path.map((part) => `"${part}"`).join('.');
  return `  IF new.${column} = '' THEN new.${column} := NULL; END IF;
  IF octet_length(new.${column}) > ${length} THEN
    RAISE EXCEPTION 'ORA-12899: value too large for column ${name} (actual: %, maximum: ${length})',
      octet_length(new.${column}) USING ERRCODE = '${RAISED_HERE}';
  END IF;`;
}
