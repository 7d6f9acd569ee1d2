import { describe, expect, it } from 'vitest';
import type { ColumnDescription, MiddleKind } from '../../../../src/middle/admin-port.js';
import { tableFindings } from '../../../../src/operator/doctor/tables.js';

type Types = Readonly<Record<'number' | 'state' | 'date', string>> & {
  readonly text: (length: number) => string;
};

const typesOf: Readonly<Record<MiddleKind, Types>> = {
  oracle: { number: 'NUMBER(30,0)', state: 'NUMBER(2)', date: 'DATE', text: (n) => `VARCHAR2(${n} BYTE)` },
  postgresql: {
    number: 'numeric(30,0)',
    state: 'numeric(2,0)',
    date: 'timestamp(0) without time zone',
    text: (n) => `character varying(${n})`,
  },
  sqlite: { number: 'TEXT', state: 'INTEGER', date: 'TEXT', text: () => 'TEXT' },
};

function specified(kind: MiddleKind): ColumnDescription[] {
  const { number, state, date, text } = typesOf[kind];
  const main = {
    ...{ StreamingNo: number, ProductID: number, BizID: text(20), AreaCode: text(5), CustID: number },
    ...{
      OPFlag: text(4),
      CreateDate: date,
      State: state,
      ErrContent: text(1024),
      StateDate: date,
      Remark: text(1024),
    },
  };
  const attribute = {
    ...{ StreamingNo: number, CustID: number, AttrSpecID: number, AttrValue: text(100) },
    ...{ CreateDate: date, State: state, StateDate: date },
  };
  const tables = {
    IF_BNET_CUST: { ...main, CustAccount: text(100), CustName: text(128) },
    IF_BNET_CUST_ATTR: { CustAttrID: number, ...attribute },
    IF_BNET_ACCOUNT: { ...main, UserID: text(100), AccType: state, AccName: text(100) },
    IF_BNET_ACCOUNT_ATTR: { AccAttrID: number, ...attribute },
  };
  return Object.entries(tables).flatMap(([table, columns]) =>
    Object.entries(columns).map(([column, type]) => ({ table, column, type })),
  );
}

/** Level and words of what is found when one column has another type; null: it is missing. */
function foundWith(kind: MiddleKind, column: string, type: string | null): string[] {
  const columns = specified(kind).flatMap((each) => {
    if (each.table !== 'IF_BNET_CUST' || each.column !== column) return [each];
    return type === null ? [] : [{ ...each, type }];
  });
  return tableFindings({ kind }, columns)
    .filter(({ level }) => level !== 'ok')
    .map(({ level, finding }) => `${level}: ${finding}`);
}

describe.each(['oracle', 'postgresql', 'sqlite'] as const)('tables on %s', (kind) => {
  it('are fine as specified, whatever the case of their names, and with further columns', () => {
    const columns = specified(kind).map((each) => ({
      ...each,
      table: each.table.toLowerCase(),
      column: each.column.toLowerCase(),
    }));
    const more = { table: 'if_bnet_cust', column: 'loaded_by', type: 'whatever' };
    expect(tableFindings({ kind }, [...columns, more])).toEqual([
      {
        area: 'tables',
        level: 'ok',
        finding: 'columns, types and lengths are those of the specification',
        whatToDo: null,
      },
    ]);
  });

  it('are an error where one is missing, or a column is', () => {
    const withoutTable = specified(kind).filter(({ table }) => table !== 'IF_BNET_ACCOUNT_ATTR');
    expect(tableFindings({ kind }, withoutTable)).toMatchObject([
      { level: 'error', finding: 'IF_BNET_ACCOUNT_ATTR is missing, or this user may not see it' },
    ]);
    expect(foundWith(kind, 'BizID', null)).toEqual(['error: IF_BNET_CUST.BizID is missing']);
  });
});

describe('columns', () => {
  it.each([
    ['postgresql', 'StreamingNo', 'numeric'],
    ['postgresql', 'StreamingNo', 'numeric(38,0)'],
    ['postgresql', 'State', 'smallint'],
    ['postgresql', 'CreateDate', 'timestamp without time zone'],
    ['postgresql', 'BizID', 'character varying(64)'],
    ['postgresql', 'BizID', 'text'],
    ['oracle', 'StreamingNo', 'NUMBER'],
    ['oracle', 'StreamingNo', 'NUMBER(38)'],
    ['oracle', 'CustName', 'NVARCHAR2(128)'],
    ['oracle', 'CustName', 'VARCHAR2(256 CHAR)'],
    ['sqlite', 'StreamingNo', 'VARCHAR(30)'],
    ['sqlite', 'CreateDate', 'DATETIME'],
  ] as const)('may be wider: %s %s %s', (kind, column, type) => {
    expect(foundWith(kind, column, type)).toEqual([]);
  });

  it.each([
    ['postgresql', 'StreamingNo', 'numeric(20,0)', 'warning', 'holds less than 30 digits'],
    ['postgresql', 'StreamingNo', 'numeric(30,2)', 'warning', 'holds less than 30 digits'],
    ['postgresql', 'StreamingNo', 'numeric(32,2)', 'warning', 'has decimal places'],
    ['postgresql', 'State', 'numeric(4,2)', 'warning', 'has decimal places'],
    ['postgresql', 'StreamingNo', 'bigint', 'warning', 'holds less than 30 digits'],
    ['postgresql', 'StreamingNo', 'double precision', 'error', 'is no exact number'],
    ['postgresql', 'StreamingNo', 'character varying(30)', 'error', 'is no exact number'],
    ['postgresql', 'CustName', 'character varying(64)', 'warning', 'is shorter than 128'],
    ['postgresql', 'BizID', 'character(20)', 'warning', 'pads its values with blanks'],
    ['postgresql', 'BizID', 'numeric(20,0)', 'error', 'is no text'],
    ['postgresql', 'ErrContent', 'character varying(255)', 'error', 'is shorter than 1024'],
    ['postgresql', 'StateDate', 'date', 'error', 'has no time of day'],
    [
      'postgresql',
      'StateDate',
      'timestamp with time zone',
      'warning',
      'is not the plain date of the specification',
    ],
    ['postgresql', 'StateDate', 'text', 'error', 'is no date'],
    ['oracle', 'OPFlag', 'CHAR(4)', 'warning', 'pads its values with blanks'],
    ['oracle', 'StateDate', 'TIMESTAMP(6)', 'warning', 'is not the plain date of the specification'],
    ['oracle', 'CustID', 'NUMBER(32,2)', 'warning', 'has decimal places'],
    ['oracle', 'CustID', 'FLOAT(126)', 'error', 'is no exact number'],
    ['sqlite', 'StreamingNo', 'NUMERIC(30,0)', 'error', 'would change what it is given'],
    ['sqlite', 'StreamingNo', 'NUMERIC(32,2)', 'error', 'would change what it is given'],
    ['sqlite', 'OPFlag', 'INTEGER', 'error', 'would change what it is given'],
    ['sqlite', 'State', 'TEXT', 'error', 'does not keep whole numbers as they are'],
    ['sqlite', 'CreateDate', 'REAL', 'error', 'does not keep text'],
  ] as const)('%s %s %s is a %s: it %s', (...[kind, column, type, level, words]) => {
    expect(foundWith(kind, column, type)).toEqual([
      expect.stringContaining(`${level}: IF_BNET_CUST.${column} (${type}) ${words}`),
    ]);
  });
});
