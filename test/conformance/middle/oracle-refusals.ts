import { describe, expect, it } from 'vitest';
import type { DatabaseErrorKind } from '../../../src/database/errors.js';
import type { Fault } from '../../support/oracle/faults.js';
import { calls, standings, type CallName, type OracleOutage } from './oracle-outage.js';
import { kindOf } from './outages.js';

type Refusal = readonly [number: number, kind: DatabaseErrorKind];

const refusals: readonly Refusal[] = [
  [60, 'conflict'],
  [54, 'locked'],
  [30_006, 'locked'],
  [1555, 'conflict'],
  [1653, 'unavailable'],
  [257, 'unavailable'],
  [4031, 'unavailable'],
  [942, 'schema'],
  [1031, 'schema'],
  [904, 'schema'],
  [14_402, 'constraint'],
  [4098, 'schema'],
  [12_899, 'data'],
  [1, 'constraint'],
  [3113, 'connectionLost'],
  [28, 'connectionLost'],
  [1013, 'timeout'],
];

const loginRefusals: readonly Refusal[] = [
  [1033, 'unreachable'],
  [1034, 'unreachable'],
  [18, 'unreachable'],
  [1017, 'credentials'],
  [28_000, 'credentials'],
  [28_001, 'credentials'],
];

interface Place {
  readonly call: CallName;
  readonly what: string;
  readonly fault: Omit<Fault, 'action'>;
  /** Whether the statement brings the commit along: then an error may leave the outcome open. */
  readonly commits?: boolean;
}

const places: readonly Place[] = [
  { call: 'poll', what: 'the query', fault: { at: 'execute' } },
  ...(['claim', 'mark'] as const).flatMap((call): Place[] => [
    { call, what: 'the lock', fault: { at: 'execute' } },
    { call, what: 'the lock of the attribute rows', fault: { at: 'execute', skip: 1 } },
    { call, what: 'the change', fault: { at: 'execute', skip: 2 } },
    { call, what: 'the attribute rows', fault: { at: 'execute', skip: 3 }, commits: true },
  ]),
];

/** Kinds of an answer after which the server may still have committed. */
const mayHaveCommitted: readonly DatabaseErrorKind[] = ['connectionLost', 'timeout', 'unavailable'];

/** What becomes of a call, and of what it has done so far, when the server answers with an error. */
export function refusalRules(outage: () => OracleOutage): void {
  describe.each(places)('that refuses $what of a $call', ({ call, fault, commits }) => {
    it.each(refusals)('with ORA-%i: %s, and nothing is half done', async (number, kind) => {
      const { before, done } = standings[call];
      await outage().prepare(before.state);
      const middle = outage().open();
      await middle.ping();
      outage().plant({ ...fault, action: { kind: 'error', number } });
      const unknown = commits === true && mayHaveCommitted.includes(kind);
      expect(await kindOf(calls[call](middle))).toBe(unknown ? 'commitUnknown' : kind);
      if (kind === 'connectionLost') await outage().untilAlone();
      await outage().expectNoLock();
      expect(await outage().standing()).toEqual(before);
      await calls[call](middle);
      expect(await outage().standing()).toEqual(done);
      expect(outage().standIn.counters.logins).toBe(kind === 'connectionLost' ? 2 : 1);
    });
  });

  describe('that refuses the login', () => {
    it.each(loginRefusals)('with ORA-%i: %s, after one try', async (number, kind) => {
      await outage().prepare();
      const middle = outage().open();
      outage().plant({ at: 'login', action: { kind: 'error', number } });
      expect(await kindOf(middle.ping())).toBe(kind);
      expect(outage().standIn.counters.connectionAttempts).toBe(1);
      await outage().untilAlone();
      await outage().untilClosed();
      await expect(middle.ping()).resolves.toBeUndefined();
    });
  });
}
