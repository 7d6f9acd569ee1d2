import { describe, expect, it } from 'vitest';
import { missingSuites, type SuiteResult, withoutSuites } from './required-suites.js';

function suite(name: string, ran: boolean, ...suites: SuiteResult[]): SuiteResult {
  return { name, ran, suites };
}

describe('a full run', () => {
  it('is complete when each required name has a suite that ran, in a test file or below', () => {
    const files = [
      suite('test/acceptance/demo.test.ts', true),
      suite('a', true, suite('store on SQLite', true)),
    ];
    expect(missingSuites(['acceptance', 'sqlite'], files)).toEqual([]);
  });

  it('is incomplete when no suite carries a required name', () => {
    expect(missingSuites(['Oracle'], [suite('a', true)])).toEqual(['no suite named "Oracle" ran']);
  });

  it('is incomplete when one of the suites of a required name was skipped', () => {
    const files = [suite('a', true, suite('rows on SQLite', true), suite('store on SQLite', false))];
    expect(missingSuites(['SQLite'], files)).toEqual(['"store on SQLite" was skipped']);
  });

  it('is complete when only a part of a required suite was skipped', () => {
    const files = [suite('a', true, suite('store on SQLite', true, suite('locks of SQLite', false)))];
    expect(missingSuites(['SQLite'], files)).toEqual([]);
  });

  it('may skip suites that are left out of the rule, and files in which nothing else is', () => {
    const failover = suite('test/acceptance/failover.test.ts', false, suite('standby: fail-over', false));
    const run = suite('test/acceptance/run.test.ts', true, suite('standby: run', false), suite('run', true));
    const empty = suite('test/acceptance/skipped.test.ts', false);
    expect(missingSuites(['acceptance'], [failover, run])).toEqual([
      '"test/acceptance/failover.test.ts" was skipped',
    ]);
    expect(missingSuites(['acceptance'], withoutSuites(['standby'], [failover, run]))).toEqual([]);
    expect(missingSuites(['acceptance'], withoutSuites(['standby'], [failover]))).toEqual([
      'no suite named "acceptance" ran',
    ]);
    expect(withoutSuites(['standby'], [empty])).toHaveLength(1);
  });
});
