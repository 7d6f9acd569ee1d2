import { describe, expect, it } from 'vitest';
import { isRefusal, parseOperation } from '../../../src/domain/operation.js';
import type { AttributeRow, InterfaceRow } from '../../../src/domain/rows.js';
import { accountRow, attribute, attributeRow, customerRow } from '../../support/builders.js';

type RowWith = (attributes: readonly AttributeRow[]) => InterfaceRow;

const kinds: readonly (readonly [string, RowWith])[] = [
  ['CustAttrID', (attributes) => customerRow({ attributes })],
  ['AccAttrID', (attributes) => accountRow({ attributes })],
];

function attributesOf(row: InterfaceRow) {
  const result = parseOperation(row);
  if (isRefusal(result)) throw new Error(`refused: ${result.code} ${result.detail}`);
  return result.attributes;
}

describe.each(kinds)('attributes with a %s', (idName, rowWith) => {
  it('keep several values of one spec, in the numeric order of their ids', () => {
    const ids = ['10', '9', '100', '9'.repeat(30), '1'];
    const rows = ids.map((attrId) => attributeRow({ attrId, attrSpecId: '5', attrValue: `v${attrId}` }));
    expect(attributesOf(rowWith(rows)).map(({ attrId }) => attrId)).toEqual([
      '1',
      '9',
      '10',
      '100',
      '9'.repeat(30),
    ]);
  });

  it('may lack their id', () => {
    const rows = [attributeRow({ attrId: '3' }), attributeRow({ attrId: null, attrValue: 'b' })];
    expect(attributesOf(rowWith(rows)).map(({ attrId }) => attrId)).toEqual([null, '3']);
  });

  it('keep an empty value as NULL', () => {
    for (const attrValue of [null, '']) {
      expect(attributesOf(rowWith([attributeRow({ attrSpecId: '5', attrValue })]))).toEqual([
        attribute('5', null),
      ]);
    }
  });

  it('keep a value as it is written', () => {
    for (const attrValue of [' 20 ', '值', '{"a":1}']) {
      expect(attributesOf(rowWith([attributeRow({ attrSpecId: '5', attrValue })]))).toEqual([
        attribute('5', attrValue),
      ]);
    }
  });

  it('may have an AttrSpecID of 30 digits, and no longer one', () => {
    const [longest, tooLong] = ['9'.repeat(30), '9'.repeat(31)];
    expect(attributesOf(rowWith([attributeRow({ attrSpecId: longest })]))).toEqual([
      attribute(longest, 'value'),
    ]);
    expect(parseOperation(rowWith([attributeRow({ attrId: '8', attrSpecId: tooLong })]))).toEqual({
      code: '00403',
      detail: `AttrSpecID (${idName}=8) "${tooLong}" 不是 30 位以内的整数`,
    });
  });

  it('are refused where AttrSpecID or id is no number', () => {
    for (const value of ['x', '1.5', '1e3', '007', ' 1', '\u0000']) {
      const shown = value.replace('\u0000', ' ');
      expect(parseOperation(rowWith([attributeRow({ attrId: '8', attrSpecId: value })]))).toEqual({
        code: '00403',
        detail: `AttrSpecID (${idName}=8) "${shown}" 不是 30 位以内的整数`,
      });
      expect(parseOperation(rowWith([attributeRow({ attrId: value })]))).toEqual({
        code: '00403',
        detail: `${idName} "${shown}" 不是 30 位以内的整数`,
      });
    }
  });

  it('may have a value of 100 characters, and no longer one', () => {
    for (const character of ['x', '中', '𠮷']) {
      const longest = character.repeat(100);
      expect(attributesOf(rowWith([attributeRow({ attrValue: longest })]))[0]?.attrValue).toBe(longest);
      const result = parseOperation(
        rowWith([attributeRow({ attrId: '8', attrValue: `${longest}${character}` })]),
      );
      expect(result).toMatchObject({
        code: '00403',
        detail: expect.stringMatching(/^AttrValue .*超过 100 位$/) as string,
      });
      expect(result).toHaveProperty('detail', expect.stringContaining(`(${idName}=8) "${character}`));
    }
  });

  it('are refused where a value holds a NUL character', () => {
    for (const attrValue of ['\u0000', 'a\u0000b']) {
      expect(parseOperation(rowWith([attributeRow({ attrId: '8', attrValue })]))).toEqual({
        code: '00403',
        detail: `AttrValue (${idName}=8) "${attrValue.replace('\u0000', ' ')}" 含有空字符 (NUL)`,
      });
    }
  });

  it('at fault are all named in one text', () => {
    const rows = [
      attributeRow({ attrId: '8', attrSpecId: null }),
      attributeRow({ attrId: '9', attrSpecId: '' }),
    ];
    expect(parseOperation(rowWith(rows))).toEqual({
      code: '00401',
      detail: `AttrSpecID (${idName}=8), AttrSpecID (${idName}=9)`,
    });
  });

  it('leave the row they came with in its own order', () => {
    const rows = [attributeRow({ attrId: '2' }), attributeRow({ attrId: '1' })];
    attributesOf(rowWith(rows));
    expect(rows.map(({ attrId }) => attrId)).toEqual(['2', '1']);
  });
});
