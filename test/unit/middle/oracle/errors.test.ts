import { describe, expect, it } from 'vitest';
import { DatabaseError, type DatabaseErrorKind } from '../../../../src/database/errors.js';
import { classifyOracle } from '../../../../src/middle/oracle/errors.js';

/** An error as the driver throws it. */
function driverError(message: string, properties: { code?: string; errorNum?: number } = {}): Error {
  return Object.assign(new Error(message), properties);
}

function classified(message: string, properties: { code?: string; errorNum?: number } = {}): DatabaseError {
  const error = classifyOracle(driverError(message, properties));
  if (!(error instanceof DatabaseError)) throw new Error('this is not an error of a database');
  return error;
}

const codes: Readonly<Record<DatabaseErrorKind, readonly string[]>> = {
  credentials: ['ORA-01005', 'ORA-01017', 'ORA-01045', 'ORA-28000', 'ORA-28001', 'NJS-101', 'NJS-116'],
  unreachable: [
    ...[
      'ORA-00018',
      'ORA-00020',
      'ORA-01033',
      'ORA-01034',
      'ORA-01090',
      'ORA-12514',
      'ORA-12519',
      'ORA-12541',
    ],
    ...['NJS-503', 'NJS-510', 'NJS-511', 'NJS-516', 'NJS-518', 'NJS-138'],
  ],
  connectionLost: [
    ...[
      'ORA-00028',
      'ORA-01012',
      'ORA-01089',
      'ORA-01092',
      'ORA-02396',
      'ORA-03113',
      'ORA-03114',
      'ORA-03135',
    ],
    ...['NJS-003', 'NJS-500', 'NJS-501', 'DPI-1010', 'DPI-1080'],
  ],
  timeout: ['ORA-01013', 'NJS-123', 'DPI-1067'],
  conflict: ['ORA-00060', 'ORA-01555', 'ORA-08177'],
  locked: ['ORA-00054', 'ORA-30006'],
  unavailable: ['ORA-00257', 'ORA-00600', 'ORA-01536', 'ORA-01653', 'ORA-01654', 'ORA-04031', 'ORA-16000'],
  schema: [
    ...[
      'ORA-00904',
      'ORA-00911',
      'ORA-00933',
      'ORA-00942',
      'ORA-00980',
      'ORA-00999',
      'ORA-01031',
      'ORA-01502',
    ],
    ...['ORA-01795', 'ORA-03001', 'ORA-04043', 'ORA-04063', 'ORA-04088', 'ORA-04098'],
  ],
  constraint: ['ORA-00001', 'ORA-01400', 'ORA-02290', 'ORA-02291', 'ORA-02292', 'ORA-14402'],
  data: ['ORA-01438', 'ORA-01722', 'ORA-01861', 'ORA-12899', 'NJS-011'],
  other: ['ORA-20000', 'ORA-01000', 'ORA-00899', 'ORA-01001', 'NJS-007', 'DPI-1001'],
  commitUnknown: [],
};

const cases = Object.entries(codes).flatMap(([kind, list]) => list.map((code) => [code, kind] as const));

describe('what an error of Oracle means', () => {
  it.each(cases)('%s: %s', (code, kind) => {
    const error = classified(`${code}: some words`, { code });
    expect([error.kind, error.code]).toEqual([kind, code]);
  });

  it.each(cases)('%s in the message alone: %s', (code, kind) => {
    expect(classified(`${code}: some words`).kind).toBe(kind);
  });

  it.each([
    [1089, 'connectionLost', 'ORA-01089'],
    [28, 'connectionLost', 'ORA-00028'],
    [1033, 'unreachable', 'ORA-01033'],
    [600, 'unavailable', 'ORA-00600'],
    [99_999, 'connectionLost', 'ORA-99999'],
    [0, 'connectionLost', 'NJS-500'],
    [undefined, 'connectionLost', 'NJS-500'],
  ] as const)(
    'that the driver calls NJS-500, with the number %s of the server: %s',
    (errorNum, kind, code) => {
      const properties = errorNum === undefined ? {} : { errorNum };
      const error = classified('NJS-500: connection to the Oracle Database was broken', {
        code: 'NJS-500',
        ...properties,
      });
      expect([error.kind, error.code]).toEqual([kind, code]);
    },
  );

  it.each([
    ['ORA-14402', 'ALTER TABLE … ENABLE ROW MOVEMENT'],
    ['ORA-04098', 'ALTER TRIGGER … COMPILE'],
    ['ORA-04088', 'correct or disable'],
    ['ORA-04063', 'ALL_ERRORS'],
    ['ORA-03001', 'middle.schema'],
    ['NJS-116', 'SEC_CASE_SENSITIVE_LOGON'],
    ['NJS-138', '12.1 or later'],
  ])('says what to do where the server does not: %s', (code, cure) => {
    expect(classified(`${code}: some words`, { code }).message).toMatch(
      new RegExp(`^${code}: some words; .*${cure}`),
    );
  });

  it('of a trigger that refuses a row is the trigger’s own', () => {
    const message =
      'ORA-20001: under review\nORA-06512: at "ISMP.T", line 2\nORA-04088: error during execution of trigger \'ISMP.T\'';
    expect(classified(message, { code: 'ORA-20001' })).toMatchObject({ kind: 'other', code: 'ORA-20001' });
  });

  it('is told by the code, not by numbers further on', () => {
    const message = 'ORA-12801: error signaled in parallel query server\nORA-01555: snapshot too old';
    expect(classified(message, { code: 'ORA-12801' }).kind).toBe('other');
  });

  it('keeps the words of the server in one line, without links', () => {
    const message = [
      'ORA-04031: unable to allocate 40 bytes',
      '  ORA-06512: at line 1  ',
      '',
      'Help: https://docs.oracle.com/error-help/db/ora-04031/',
    ].join('\n');
    const { message: words, cause } = classified(message, { code: 'ORA-04031' });
    expect(words).toBe('ORA-04031: unable to allocate 40 bytes; ORA-06512: at line 1');
    expect(cause).toBeInstanceOf(Error);
  });

  it('leaves alone what no database raised, and what is known already', () => {
    const known = new DatabaseError('timeout', 'no answer');
    const plain = new TypeError('this is a bug');
    expect([known, plain, 'text', undefined].map(classifyOracle)).toEqual([known, plain, 'text', undefined]);
    expect(classifyOracle(plain)).toBe(plain);
    const system = driverError('connect ECONNREFUSED', { code: 'ECONNREFUSED' });
    expect(classifyOracle(system)).toBe(system);
  });
});
