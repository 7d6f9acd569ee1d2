import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  conditionArgument,
  limitArgument,
  numberArgument,
  numberArguments,
  momentArgument,
  tableArgument,
} from '../../../src/cli/arguments.js';

describe('arguments', () => {
  it('name a table in full or in short, in any case', () => {
    expect(['IF_BNET_CUST', 'if_bnet_cust', 'CUST', 'cust'].map(tableArgument)).toEqual(
      Array(4).fill('CUST'),
    );
    expect(['IF_BNET_ACCOUNT', 'Account'].map(tableArgument)).toEqual(['ACCOUNT', 'ACCOUNT']);
    for (const text of ['', 'IF_BNET_CUST_ATTR', 'customer']) {
      expect(() => tableArgument(text)).toThrow(InvalidArgumentError);
    }
  });

  it('take numbers of up to 30 digits, as a database writes them', () => {
    const longest = '9'.repeat(30);
    expect(numberArgument(longest)).toBe(longest);
    expect(numberArgument('0001141')).toBe('1141');
    expect(numberArgument('0')).toBe('0');
    for (const text of ['', '1'.repeat(31), '-1', '1.0', '1e3', ' 1', 'x1', '１']) {
      expect(() => numberArgument(text)).toThrow(InvalidArgumentError);
    }
  });

  it('gather several numbers', () => {
    expect(numberArguments('2', numberArguments('1', undefined))).toEqual(['1', '2']);
  });

  it('take a limit from 1 to 10000', () => {
    expect([limitArgument('1'), limitArgument('10000')]).toEqual([1, 10_000]);
    for (const text of ['0', '-1', '10001', '5.5', 'all']) {
      expect(() => limitArgument(text)).toThrow(InvalidArgumentError);
    }
  });

  it('take codes of five digits, dates and time spans', () => {
    const code = conditionArgument('code');
    expect([code('00402'), code('none')]).toEqual(['00402', 'none']);
    expect(() => code('402')).toThrow(InvalidArgumentError);
    expect([momentArgument('24h'), momentArgument('2026-11-21')]).toEqual(['24h', '2026-11-21 00:00:00']);
    expect(() => momentArgument('yesterday')).toThrow(InvalidArgumentError);
  });
});
