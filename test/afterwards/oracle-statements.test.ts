import { describe, expect, it } from 'vitest';
import { grammarFault } from '../support/oracle/grammar.js';
import { recordedStatements } from '../support/oracle/sent-statements.js';
import { scaled } from '../support/time-factor.js';

/*
 * Runs when every other suite of the run has ended (vitest.config.ts). Of a run of chosen files it checks what those sent;
 * a full run in which nothing was sent fails (required-suites.ts).
 */

/** With this the conformance suite spoils its own sessions; the grammar knows no texts as values there. */
const ofTheTests = /^ALTER SESSION SET NLS_/;

const statements = recordedStatements().filter((sql) => !ofTheTests.test(sql));

describe.runIf(statements.length > 0)('what all suites sent to Oracle', () => {
  it('is what an independent grammar takes', { timeout: scaled(900_000) }, () => {
    const faults = statements.flatMap((sql) => {
      const fault = grammarFault(sql);
      return fault === null ? [] : [`${fault}\n${sql}`];
    });
    expect(faults).toEqual([]);
  });
});
