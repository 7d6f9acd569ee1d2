import { describe, expect, it } from 'vitest';
import { readColumns, readIndexes } from '../../../../src/middle/oracle/catalog.js';
import { OracleDatabase, type OracleRow, type Query } from '../../../../src/middle/oracle/database.js';

/** A catalog with these tables and synonyms, for a user whose current schema is BNET_SYNC. */
interface Catalog {
  readonly tables: readonly (readonly [owner: string, name: string])[];
  readonly synonyms?: readonly (readonly [owner: string, name: string, toOwner: string, toName: string])[];
  /** Of the one column that each table has. */
  readonly column?: OracleRow;
  readonly indexColumns?: readonly OracleRow[];
  readonly expressions?: readonly OracleRow[];
}

class CatalogDatabase extends OracleDatabase {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    const limits = { maxConnections: 1, callTimeoutMs: 1000 };
    super({ name: 'middle database', connection: {}, applicationName: 'bnet-sync test', ...limits });
    this.#catalog = catalog;
  }

  override query({ sql, binds }: Query): Promise<readonly OracleRow[]> {
    const bound = new Set(Object.values(binds));
    const { tables, synonyms = [], column = {}, indexColumns = [], expressions = [] } = this.#catalog;
    const objects = [
      ...tables.map(([owner, name]) => ({ owner, name, leads_to_owner: null, leads_to_name: null })),
      ...synonyms.map(([owner, name, toOwner, toName]) => {
        return { owner, name, leads_to_owner: toOwner, leads_to_name: toName };
      }),
    ].filter(({ owner, name }) => bound.has(owner) && bound.has(name));
    if (sql.includes('CURRENT_SCHEMA')) return Promise.resolve([{ schema: 'BNET_SYNC' }]);
    if (sql.includes('ALL_IND_EXPRESSIONS')) return Promise.resolve(expressions);
    if (sql.includes('ALL_SYNONYMS')) return Promise.resolve(objects);
    const found = objects.filter((object) => object.leads_to_name === null);
    const details = sql.includes('ALL_INDEXES') ? indexColumns : [{ column_name: 'STATE', ...column }];
    return Promise.resolve(found.flatMap((place) => details.map((detail) => ({ ...place, ...detail }))));
  }
}

const bare = { schema: undefined, productIds: [], markAttributes: true, maxAttributes: 10_000 };
const date = { type: 'DATE' };

async function tablesIn(catalog: Catalog, schema?: string): Promise<string[]> {
  const database = new CatalogDatabase({ column: date, ...catalog });
  return (await readColumns(database, { ...bare, schema })).map(({ table }) => table);
}

describe('names of tables on Oracle', () => {
  const [elsewhere, ours] = [
    ['ISMP', 'CUSTOMERS'],
    ['BNET_SYNC', 'IF_BNET_CUST'],
  ] as const;
  it.each([
    ['to a table of the current schema', { tables: [ours] }],
    ['through a private synonym', { tables: [elsewhere], synonyms: [[...ours, ...elsewhere]] }],
    [
      'through a public synonym',
      { tables: [elsewhere], synonyms: [['PUBLIC', 'IF_BNET_CUST', ...elsewhere]] },
    ],
    [
      'through a synonym of a synonym',
      {
        tables: [elsewhere],
        synonyms: [['PUBLIC', 'IF_BNET_CUST', 'X', 'Y'] as const, ['X', 'Y', ...elsewhere]],
      },
    ],
  ] as const satisfies readonly (readonly [string, Catalog])[])('lead %s', async (_, catalog) => {
    expect(await tablesIn(catalog)).toEqual(['IF_BNET_CUST']);
  });

  it('lead to what is nearest', async () => {
    const synonyms = [
      ['PUBLIC', 'IF_BNET_CUST', 'NOWHERE', 'AT_ALL'],
      ['BNET_SYNC', 'IF_BNET_CUST', ...elsewhere],
    ] as const;
    expect(await tablesIn({ tables: [elsewhere], synonyms })).toEqual(['IF_BNET_CUST']);
    const hidden = [['BNET_SYNC', 'IF_BNET_CUST', 'NOWHERE', 'AT_ALL'] as const];
    const behind = ['PUBLIC', 'IF_BNET_CUST', ...elsewhere] as const;
    expect(await tablesIn({ tables: [elsewhere], synonyms: [...hidden, behind] })).toEqual([]);
  });

  it('go round in a circle without end, which ends', async () => {
    const synonyms = [[...ours, ...ours] as const];
    expect(await tablesIn({ tables: [], synonyms })).toEqual([]);
  });

  it('with a schema lead there alone', async () => {
    expect(await tablesIn({ tables: [['ISMP', 'IF_BNET_CUST']] }, 'ismp')).toEqual(['IF_BNET_CUST']);
    expect(await tablesIn({ tables: [['Is-mp', 'IF_BNET_CUST']] }, 'Is-mp')).toEqual(['IF_BNET_CUST']);
    const synonyms = [['PUBLIC', 'IF_BNET_CUST', ...ours] as const];
    expect(await tablesIn({ tables: [ours], synonyms }, 'ISMP')).toEqual([]);
  });
});

it.each([
  [{ type: 'NUMBER', precision: '30', scale: '0' }, 'NUMBER(30,0)'],
  [{ type: 'NUMBER', precision: null, scale: null }, 'NUMBER'],
  [{ type: 'NUMBER', precision: null, scale: '0' }, 'NUMBER(38,0)'],
  [{ type: 'FLOAT', precision: '126', scale: null }, 'FLOAT(126)'],
  [{ type: 'VARCHAR2', bytes: '1024', characters: '1024', counts: 'B' }, 'VARCHAR2(1024 BYTE)'],
  [{ type: 'VARCHAR2', bytes: '4000', characters: '1024', counts: 'C' }, 'VARCHAR2(1024 CHAR)'],
  [{ type: 'CHAR', bytes: '4', characters: '4', counts: 'B' }, 'CHAR(4 BYTE)'],
  [{ type: 'NVARCHAR2', bytes: '256', characters: '128', counts: 'C' }, 'NVARCHAR2(128)'],
  [{ type: 'TIMESTAMP(6)', scale: '6' }, 'TIMESTAMP(6)'],
  [date, 'DATE'],
  [{ type: 'CLOB', bytes: '4000' }, 'CLOB'],
])('the type of a column on Oracle, %o, is %s', async (column, type) => {
  const database = new CatalogDatabase({ tables: [['BNET_SYNC', 'IF_BNET_CUST']], column });
  expect((await readColumns(database, bare)).map((each) => each.type)).toEqual([type]);
});

it('indexes on Oracle have their columns in order, in lower case, with desc', async () => {
  const indexColumns = [
    { index_name: 'ISMP.ONE', column_name: 'STATE', direction: 'ASC' },
    { index_name: 'ISMP.ONE', column_name: 'SYS_NC00014$', direction: 'DESC' },
    { index_name: 'ISMP.TWO', column_name: 'CUSTID', direction: 'ASC' },
  ];
  const database = new CatalogDatabase({ tables: [['BNET_SYNC', 'IF_BNET_CUST']], indexColumns });
  expect(await readIndexes(database, bare)).toEqual([
    { table: 'IF_BNET_CUST', columns: ['state', 'sys_nc00014$ desc'] },
    { table: 'IF_BNET_CUST', columns: ['custid'] },
  ]);
});

const simple = 'case state when 3 then statedate end';

it.each([
  ['CASE "STATE" WHEN 3 THEN "STATEDATE" END', simple],
  ['CASE "STATE" WHEN 3 THEN "STATEDATE" ELSE NULL END', simple],
  ['CASE  WHEN "STATE"=3 THEN "STATEDATE" END ', 'case when state=3 then statedate end'],
])(
  'an expression in an index on Oracle, %s, is known by its form, with or without ELSE NULL',
  async (expression, known) => {
    const indexColumns = [
      { index_name: 'ISMP.ONE', column_name: 'SYS_NC00014$', direction: 'ASC', position: '1' },
      { index_name: 'ISMP.ONE', column_name: 'STREAMINGNO', direction: 'ASC', position: '2' },
    ];
    const expressions = [{ index_name: 'ISMP.ONE', position: '1', expression }];
    const tables = [['BNET_SYNC', 'IF_BNET_CUST']] as const;
    const database = new CatalogDatabase({ tables, indexColumns, expressions });
    expect(await readIndexes(database, bare)).toEqual([
      { table: 'IF_BNET_CUST', columns: [known, 'streamingno'] },
    ]);
  },
);
