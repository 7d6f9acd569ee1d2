import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errContent, type Refusal } from '../../../src/domain/err-content.js';
import { isRefusal, parseOperation, type Operation } from '../../../src/domain/operation.js';
import type { InterfaceRow } from '../../../src/domain/rows.js';
import { accountRow, attributeRow, customerRow } from '../../support/builders.js';

type Column = keyof InterfaceRow;

/** The specification's name of each column. */
const names = {
  streamingNo: 'StreamingNo',
  productId: 'ProductID',
  bizId: 'BizID',
  custId: 'CustID',
  areaCode: 'AreaCode',
  custAccount: 'CustAccount',
  custName: 'CustName',
  userId: 'UserID',
  accType: 'AccType',
  accName: 'AccName',
} as const;
type Named = keyof typeof names;

const identityFields = ['streamingNo', 'productId', 'bizId', 'custId'] as const;
const needs: Readonly<Record<Operation['opFlag'], readonly Named[]>> = {
  '0101': [...identityFields, 'custAccount', 'custName'],
  '0102': identityFields,
  '0103': identityFields,
  '0201': [...identityFields, 'userId', 'accType', 'accName'],
  '0202': [...identityFields, 'userId'],
  '0203': [...identityFields, 'userId'],
};
const opFlags = Object.keys(needs) as Operation['opFlag'][];

const customerTexts = { bizId: 20, areaCode: 5, custAccount: 100, custName: 128 } as const;
const accountTexts = { bizId: 20, areaCode: 5, userId: 100, accName: 100 } as const;

/** A valid row of the operation's table, with every field. */
function rowOf(opFlag: string, overrides: Partial<InterfaceRow> = {}): InterfaceRow {
  return opFlag.startsWith('02')
    ? accountRow({ opFlag, ...overrides })
    : customerRow({ opFlag, ...overrides });
}

function withCell(row: InterfaceRow, column: Column, value: string | null): InterfaceRow {
  return { ...row, [column]: value };
}

function operationOf(row: InterfaceRow): Operation {
  const result = parseOperation(row);
  if (isRefusal(result)) throw new Error(`refused: ${result.code} ${result.detail}`);
  return result;
}

function refusalOf(row: InterfaceRow): Refusal {
  const result = parseOperation(row);
  if (!isRefusal(result)) throw new Error('not refused');
  return result;
}

const textOf = (row: InterfaceRow): string => errContent(row.source, refusalOf(row));

/** A value as a refusal quotes it. */
const shown = (value: string) => value.replace(/\p{Cc}/u, ' ');

describe('a complete row', () => {
  it('is the operation that its OPFlag names', () => {
    expect(operationOf(customerRow({ opFlag: '0102' }))).toEqual({
      source: 'CUST',
      opFlag: '0102',
      streamingNo: '1001',
      identity: { productId: '323002000', custId: '990947809', bizId: 'B-1' },
      areaCode: '571',
      custAccount: 'huawang',
      custName: '华望公司',
      attributes: [],
    });
    expect(operationOf(accountRow())).toMatchObject({
      source: 'ACCOUNT',
      userId: 'li@huawang',
      accType: '2',
    });
  });

  it.each(opFlags)('of %s needs no field that is not named as needed', (opFlag) => {
    const row = rowOf(opFlag);
    for (const column of Object.keys(names) as Named[]) {
      if (needs[opFlag].includes(column)) continue;
      for (const absent of [null, '', '  ', '\u3000']) {
        const operation = operationOf(withCell(row, column, absent));
        if (column in operation) expect(operation[column as keyof Operation]).toBeNull();
      }
    }
  });

  it('keeps the blanks around a text that is not blank', () => {
    expect(operationOf(customerRow({ bizId: ' B 1 ' })).identity.bizId).toBe(' B 1 ');
  });
});

describe('a needed field that is missing is refused with 00401', () => {
  it.each(
    opFlags.flatMap((opFlag) => needs[opFlag].map((column) => [opFlag, names[column], column] as const)),
  )('%s without %s, absent, empty or blank', (opFlag, name, column) => {
    for (const missing of [null, '', ' ', '\t \n', '\u3000']) {
      expect(refusalOf(withCell(rowOf(opFlag), column, missing))).toEqual({ code: '00401', detail: name });
    }
  });

  it.each(opFlags)('one text names all that %s lacks', (opFlag) => {
    let row = rowOf(opFlag);
    for (const column of needs[opFlag]) row = withCell(row, column, null);
    const { code, detail } = refusalOf(row);
    expect(code).toBe('00401');
    expect(detail.split(', ').sort()).toEqual(needs[opFlag].map((column) => names[column]).sort());
  });

  it('also where other fields are malformed', () => {
    expect(refusalOf(customerRow({ custName: null, areaCode: '571020', custId: 'x' }))).toEqual({
      code: '00401',
      detail: 'CustName',
    });
  });

  it.each(['CUST', 'ACCOUNT'] as const)('the OPFlag of a row of %s', (source) => {
    for (const opFlag of [null, '', ' ']) {
      const row =
        source === 'CUST' ? customerRow({ opFlag, bizId: null }) : accountRow({ opFlag, bizId: null });
      expect(refusalOf(row)).toEqual({ code: '00401', detail: 'OPFlag' });
    }
  });

  it('the AttrSpecID of an attribute', () => {
    for (const attrSpecId of [null, '', ' ']) {
      const attributes = [attributeRow({ attrId: '7' }), attributeRow({ attrId: '8', attrSpecId })];
      expect(textOf(customerRow({ attributes }))).toBe('00401 关键数据项不能为空: AttrSpecID (CustAttrID=8)');
      expect(textOf(accountRow({ attributes }))).toBe('00401 关键数据项不能为空: AttrSpecID (AccAttrID=8)');
    }
  });
});

describe('an OPFlag that is not one of its table is refused with 00403', () => {
  const foreign = [
    '0104',
    '0000',
    '101',
    '0101 ',
    ' 0101',
    '０１０１',
    ...['0101\u0000', '__proto__', 'constructor'],
  ];

  it.each([...foreign, '0201', '0202', '0203'])('%j in IF_BNET_CUST', (opFlag) => {
    const { code, detail } = refusalOf(customerRow({ opFlag }));
    expect([code, detail]).toEqual(['00403', `OPFlag "${shown(opFlag)}" 不是 0101、0102、0103`]);
  });

  it.each([...foreign, '0101', '0102', '0103'])('%j in IF_BNET_ACCOUNT', (opFlag) => {
    const { code, detail } = refusalOf(accountRow({ opFlag }));
    expect([code, detail]).toEqual(['00403', `OPFlag "${shown(opFlag)}" 不是 0201、0202、0203`]);
  });
});

describe('a text', () => {
  const cases = [
    ...(['0101', '0102', '0103'] as const).flatMap((flag) =>
      Object.entries(customerTexts).map((c) => [flag, ...c] as const),
    ),
    ...(['0201', '0202', '0203'] as const).flatMap((flag) =>
      Object.entries(accountTexts).map((c) => [flag, ...c] as const),
    ),
  ];

  it.each(cases)('of %s may fill its column, in characters: %s, %i', (opFlag, column, limit) => {
    for (const character of ['x', '中', '𠮷']) {
      expect(
        parseOperation(withCell(rowOf(opFlag), column as Named, character.repeat(limit))),
      ).not.toHaveProperty('code');
    }
  });

  it.each(cases)('of %s one character longer is refused with 00403: %s, %i', (opFlag, column, limit) => {
    for (const character of ['x', '中', '𠮷']) {
      const { code, detail } = refusalOf(
        withCell(rowOf(opFlag), column as Named, character.repeat(limit + 1)),
      );
      expect(code).toBe('00403');
      expect(detail.startsWith(`${names[column as Named]} "${character}`)).toBe(true);
      expect(detail.endsWith(`超过 ${limit} 位`)).toBe(true);
    }
  });

  it.each(cases)('of %s with a NUL character is refused with 00403: %s', (opFlag, column) => {
    for (const value of ['\u0000', 'a\u0000', '\u0000b']) {
      const row = withCell(rowOf(opFlag), column as Named, value);
      expect(refusalOf(row)).toEqual({
        code: '00403',
        detail: `${names[column as Named]} "${shown(value)}" 含有空字符 (NUL)`,
      });
      expect(textOf(row)).not.toContain('\u0000');
    }
  });

  it('at fault is named with its value, in the words the platform reads', () => {
    expect(textOf(customerRow({ areaCode: '571020' }))).toBe(
      '00403 数据格式不正确: AreaCode "571020" 超过 5 位',
    );
    expect(textOf(accountRow({ areaCode: '571020' }))).toBe(
      '00403 数据格式不正确: AreaCode "571020" 超过 5 位',
    );
  });

  it('is one of several faults, and all are named in one text', () => {
    const { code, detail } = refusalOf(accountRow({ areaCode: '571020', accType: '3', custId: '1.5' }));
    expect(code).toBe('00403');
    expect(detail.split('; ').sort()).toEqual([
      'AccType "3" 不是 1 (管理员) 或 2 (普通用户)',
      'AreaCode "571020" 超过 5 位',
      'CustID "1.5" 不是 30 位以内的整数',
    ]);
  });
});

describe('a number', () => {
  const numbers = ['streamingNo', 'productId', 'custId'] as const;
  const malformed = [
    '9'.repeat(31),
    `-${'9'.repeat(31)}`,
    '007',
    '00',
    '-0',
    '1.5',
    '1.0',
    '1e3',
    '1E+30',
    '0x1f',
  ].concat([
    ' 1',
    '1 ',
    '1\n',
    '+1',
    '--1',
    '1-',
    '1,000',
    '１２',
    '٣',
    'abc',
    'NaN',
    'Infinity',
    '-',
    '1\u0000',
  ]);

  it.each(numbers)('of up to 30 digits is taken as it is written: %s', (column) => {
    const below = column === 'streamingNo' ? [] : ['-1', `-${'9'.repeat(30)}`];
    for (const value of ['0', '9', '9'.repeat(30), '9007199254740993', ...below]) {
      const operation = operationOf(withCell(customerRow(), column, value));
      expect({ ...operation, ...operation.identity }[column]).toBe(value);
    }
  });

  it.each(numbers)('of another form is refused with 00403: %s', (column) => {
    for (const value of malformed) {
      const wanted = column === 'streamingNo' ? '非负整数' : '整数';
      const detail = `${names[column]} "${shown(value)}" 不是 30 位以内的${wanted}`;
      const refusal = { code: '00403', detail };
      expect(refusalOf(withCell(customerRow(), column, value))).toEqual(refusal);
      expect(refusalOf(withCell(accountRow(), column, value))).toEqual(refusal);
    }
  });

  it.each(['-1', '-10', `-${'9'.repeat(30)}`])(
    'below 0 is no StreamingNo: %s is refused with 00403',
    (streamingNo) => {
      const refusal = { code: '00403', detail: `StreamingNo "${streamingNo}" 不是 30 位以内的非负整数` };
      expect(refusalOf(customerRow({ streamingNo }))).toEqual(refusal);
      expect(refusalOf(accountRow({ streamingNo }))).toEqual(refusal);
    },
  );
});

describe('an AccType', () => {
  it.each(['0201', '0202', '0203'])('of %s is 1 or 2, whether needed or not', (opFlag) => {
    for (const accType of ['1', '2'])
      expect(operationOf(accountRow({ opFlag, accType }))).toMatchObject({ accType });
    for (const accType of ['0', '3', '12', '-1', '01', '1.0', '1 ', '１', '1\u0000', 'admin']) {
      const detail = `AccType "${shown(accType)}" 不是 1 (管理员) 或 2 (普通用户)`;
      expect(refusalOf(accountRow({ opFlag, accType }))).toEqual({ code: '00403', detail });
    }
  });
});

describe('whatever a row holds', () => {
  const junk = fc.oneof(
    fc.constantFrom(
      null,
      '',
      ' ',
      '0',
      '1',
      '2',
      '9'.repeat(30),
      '9'.repeat(31),
      '\u0000',
      'a\u0000b',
      '中'.repeat(21),
    ),
    fc.string({ unit: 'binary', maxLength: 140 }),
  );
  const attributes = fc.array(fc.record({ attrId: junk, attrSpecId: junk, attrValue: junk }), {
    maxLength: 3,
  });
  const cells = Object.fromEntries([...Object.keys(names), 'opFlag'].map((column) => [column, junk]));
  const rows = fc
    .tuple(fc.constantFrom(...opFlags), fc.record({ ...cells, attributes }, { requiredKeys: [] }))
    .map(([opFlag, overrides]): InterfaceRow => rowOf(opFlag, overrides as Partial<InterfaceRow>));

  it('it is an operation without blank or unstorable texts, or refused with 00401 or 00403 and a reason', () => {
    fc.assert(
      fc.property(rows, (row) => {
        const result = parseOperation(row);
        if (isRefusal(result)) {
          expect(['00401', '00403']).toContain(result.code);
          expect(result.detail).not.toBe('');
          return;
        }
        const { identity, attributes: given, ...fields } = result;
        for (const value of Object.values({ ...identity, ...fields })) expect(value?.trim()).not.toBe('');
        expect(JSON.stringify([identity, fields, given])).not.toContain('\\u0000');
        for (const column of needs[result.opFlag]) expect({ ...identity, ...fields }).toHaveProperty(column);
      }),
      { numRuns: 1000 },
    );
  });
});
