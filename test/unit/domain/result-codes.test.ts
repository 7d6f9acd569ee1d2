import { describe, expect, it } from 'vitest';
import { isRefusalCode, resultCodes, resultText } from '../../../src/domain/result-codes.js';

const tables = ['CUST', 'ACCOUNT'] as const;

describe('the registry of result codes', () => {
  it('has the specification’s texts for both tables', () => {
    for (const source of tables) {
      expect(resultText(source, '00000')).toBe('交易成功');
      expect(resultText(source, '00205')).toBe('过程执行异常');
      expect(resultText(source, '00401')).toBe('关键数据项不能为空');
      expect(resultText(source, '00402')).toBe('业务数据内容不存在');
      expect(resultText(source, '00403')).toBe('数据格式不正确');
      expect(resultText(source, '00404')).toBe('业务逻辑执行错误');
      expect(resultText(source, '00405')).toBe('有用户未解绑');
      expect(resultText(source, '00406')).toBe('绑定用户已超上限');
    }
  });

  it('has 23 codes that mean the same for both tables', () => {
    const shared = resultCodes('CUST').filter(({ code }) => !code.startsWith('007'));
    expect(shared).toHaveLength(23);
    expect(resultCodes('ACCOUNT').filter(({ code }) => !code.startsWith('007'))).toEqual(shared);
  });

  it('tells the codes of M2M products apart by table', () => {
    const m2m = (source: 'CUST' | 'ACCOUNT') =>
      resultCodes(source).filter(({ code }) => code.startsWith('007'));
    expect(m2m('CUST').map(({ code, text }) => `${code} ${text}`)).toEqual([
      '00701 CustID 错误',
      '00702 ProductID 错误',
      '00703 AreaCode 错误',
      '00704 MDN 错误',
      '00705 MDN 已存在',
      '00706 IMSI 已使用',
      '00707 ICCID 已使用',
      '00708 UIMID 已使用',
    ]);
    expect(m2m('ACCOUNT').map(({ code, text }) => `${code} ${text}`)).toEqual([
      '00701 CustID 错误',
      '00702 ProductID 错误',
      '00703 CustID 不存在',
      '00704 UserStatus 错误',
      '00705 MDN 错误',
      '00706 MDN 未开通',
      '00707 MDN 与 CustID 对应关系错误',
      '00708 MDN 不存在',
      '00709 IMSI 已使用',
      '00710 ICCID 已使用',
      '00711 UIMID 已使用',
      '00712 MDN 与 CustID 对应关系错误',
    ]);
  });

  it('lists its codes in order, each of five digits and with a text', () => {
    for (const source of tables) {
      const codes = resultCodes(source).map(({ code }) => code);
      expect(codes).toEqual([...codes].sort());
      for (const { code, text } of resultCodes(source)) {
        expect(code).toMatch(/^\d{5}$/);
        expect(resultText(source, code)).toBe(text);
      }
    }
  });
});

describe('a row may be refused', () => {
  it('with every registered code of its table but that of success', () => {
    for (const source of tables) {
      for (const { code } of resultCodes(source)) expect(isRefusalCode(source, code)).toBe(code !== '00000');
    }
  });

  it('not with a code that is registered for the other table only', () => {
    for (const code of ['00709', '00710', '00711', '00712']) {
      expect(isRefusalCode('ACCOUNT', code)).toBe(true);
      expect(isRefusalCode('CUST', code)).toBe(false);
      expect(resultText('CUST', code)).toBeUndefined();
    }
  });

  it('not with anything else, names that every object has included', () => {
    for (const code of [
      '',
      '402',
      '00007',
      '00402 ',
      '00402\n',
      '99999',
      'toString',
      '__proto__',
      'constructor',
    ]) {
      for (const source of tables) expect(isRefusalCode(source, code)).toBe(false);
    }
  });
});
