import { describe, expect, it } from 'vitest';
import type { MiddleKind, ServerDescription } from '../../../../src/middle/admin-port.js';
import { indexFindings } from '../../../../src/operator/doctor/indexes.js';
import { privilegeFindings } from '../../../../src/operator/doctor/privileges.js';
import { serverFindings } from '../../../../src/operator/doctor/server.js';
import { tableFindings } from '../../../../src/operator/doctor/tables.js';

const product = 'Oracle Database 19c Enterprise Edition';
const oracle: ServerDescription = {
  ...{ product, version: '19.0.0.0.0', characterSet: 'AL32UTF8' },
  ...{ user: 'BNET_SYNC', schemas: ['ISMP'], isolation: null, pooler: null },
};
const errContents = (cust: string, account = cust) => [
  { table: 'IF_BNET_CUST', column: 'ERRCONTENT', type: cust },
  { table: 'IF_BNET_ACCOUNT', column: 'ERRCONTENT', type: account },
];

function found(kind: MiddleKind, changes: Partial<ServerDescription>, columns = errContents('TEXT')) {
  return serverFindings(kind, { ...oracle, ...changes }, columns);
}

describe('the version of Oracle', () => {
  it.each([
    ['12.1.0.2.0', 'ok', `${product} 12.1.0.2.0`],
    ['23.0.0.0.0', 'ok', `${product} 23.0.0.0.0`],
    ['11.2.0.4.0', 'error', `${product} 11.2.0.4.0 is below 12.1`],
    ['', 'error', `${product} is below 12.1`],
  ])('%s: %s', (version, level, finding) => {
    expect(found('oracle', { version })[0]).toMatchObject({ area: 'server', level, finding });
  });
});

describe('the character set', () => {
  it.each([
    ['oracle', 'AL32UTF8', 'ok', 'takes 3 bytes'],
    ['oracle', 'ZHS16GBK', 'warning', 'takes 2 bytes: it has no emoji and lacks rare characters'],
    ['oracle', 'ZHS16CGB231280', 'warning', 'lacks rare characters, which arrive as "?"'],
    ['oracle', 'WE8MSWIN1252', 'error', 'has no Chinese characters: they are lost'],
    ['oracle', 'WE8ISO8859P1', 'error', 'has no Chinese characters: they are lost'],
    ['oracle', 'US7ASCII', 'error', 'has no Chinese characters: they are lost'],
    ['oracle', 'CL8MSWIN1251', 'error', 'has no Chinese characters: they are lost'],
    ['oracle', 'UTF8', 'warning', 'neither AL32UTF8 nor ZHS16GBK'],
    ['oracle', 'ZHS32GB18030', 'warning', 'neither AL32UTF8 nor ZHS16GBK'],
    ['oracle', 'JA16SJIS', 'warning', 'neither AL32UTF8 nor ZHS16GBK'],
    ['postgresql', 'UTF8', 'ok', 'UTF8'],
    ['postgresql', 'SQL_ASCII', 'warning', 'lengths count bytes'],
    ['postgresql', 'EUC_CN', 'warning', 'lacks rare characters'],
    ['postgresql', 'LATIN1', 'error', 'Chinese error texts are refused'],
    ['sqlite', 'UTF-16le', 'ok', 'UTF-16le'],
  ] as const)('%s %s: %s', (kind, characterSet, level, words) => {
    const finding = found(kind, { characterSet })[1];
    expect(finding).toMatchObject({ level, finding: expect.stringContaining(words) as string });
    expect(finding?.whatToDo === null).toBe(level === 'ok');
  });

  it.each([
    ['AL32UTF8', 'VARCHAR2(1024 BYTE)', 'counts bytes (VARCHAR2(1024 BYTE)): 341 Chinese characters fit;'],
    ['AL32UTF8', 'VARCHAR2(1024 CHAR)', 'counts characters (VARCHAR2(1024 CHAR)): 1024 Chinese characters'],
    ['ZHS16GBK', 'VARCHAR2(1024 BYTE)', 'counts bytes (VARCHAR2(1024 BYTE)): 512 Chinese characters fit;'],
    ['JA16SJIS', 'VARCHAR2(1024 BYTE)', 'counts bytes (VARCHAR2(1024 BYTE)); bnet-sync cuts'],
  ])('%s: ErrContent as %s %s', (characterSet, type, words) => {
    const findings = found('oracle', { characterSet }, errContents(type));
    expect(findings).toHaveLength(3);
    expect(findings[2]?.finding).toContain(`ErrContent ${words}`);
  });

  it('tells the tables apart where they count differently', () => {
    const columns = errContents('VARCHAR2(1024 BYTE)', 'VARCHAR2(1024 CHAR)');
    const [cust, account] = found('oracle', {}, columns).slice(2);
    expect(cust?.finding).toContain('IF_BNET_CUST.ErrContent counts bytes');
    expect(account?.finding).toContain('IF_BNET_ACCOUNT.ErrContent counts characters');
  });
});

describe('names in ready statements for Oracle', () => {
  const refused = [{ privilege: 'UPDATE (State) ON IF_BNET_CUST', error: 'ORA-01031' }];
  it.each([
    ['ismp', 'bnet_sync', 'ISMP.IF_BNET_CUST TO BNET_SYNC;'],
    ['ISMP$1', 'BNET#1', 'ISMP$1.IF_BNET_CUST TO BNET#1;'],
    ['Is-mp', 'bnet sync', '"Is-mp".IF_BNET_CUST TO "bnet sync";'],
  ])('have quotes where they need them: %s, %s', (schema, user, end) => {
    expect(privilegeFindings({ kind: 'oracle', schema, user }, refused)[0]?.whatToDo).toBe(
      `GRANT UPDATE (State) ON ${end}`,
    );
    expect(indexFindings({ kind: 'oracle', schema }, [])[0]?.whatToDo).toContain(
      ` ON ${end.split(' TO ')[0]!} (State, CreateDate, StreamingNo) ONLINE`,
    );
  });
});

describe('tables that are missing on Oracle', () => {
  const whatToDo = (context: Partial<Parameters<typeof tableFindings>[0]>) =>
    tableFindings({ kind: 'oracle', user: 'BNET_SYNC', ...context }, [])[0]?.whatToDo;

  it('may stand in a schema that this user sees', () => {
    const way =
      /^set middle.schema to ISMP, or let a DBA run CREATE SYNONYM BNET_SYNC.IF_BNET_CUST FOR ISMP.IF/;
    expect(whatToDo({ schemas: ['ISMP'] })).toMatch(way);
    expect(whatToDo({ schemas: ['ISMP'] })).not.toContain('sees such tables');
    expect(whatToDo({ schemas: ['ISMP', 'TRIAL'] })).toContain('This user sees such tables in ISMP, TRIAL');
    expect(whatToDo({ schema: 'other', schemas: ['ISMP'] })).toContain('sees such tables in ISMP');
    expect(whatToDo({ schema: 'ismp', schemas: ['ISMP'] })).not.toContain('sees such tables');
  });

  it('need a schema or a synonym, where none is seen', () => {
    expect(whatToDo({})).toMatch(/^set middle.schema to the owner of the tables .* CREATE SYNONYM /);
    const context = { kind: 'oracle', missingTables: ['IF_BNET_CUST'] } as const;
    const refused = { privilege: 'SELECT ON IF_BNET_CUST', error: 'ORA-00942' };
    expect(privilegeFindings(context, [refused])[0]?.whatToDo).toMatch(
      /^set middle.schema .*; then, as the owner of the tables: GRANT SELECT ON IF_BNET_CUST TO BNET_SYNC;$/,
    );
  });
});
