import { describe, expect, it } from 'vitest';
import { DatabaseError, type DatabaseErrorKind } from '../../../src/database/errors.js';
import { State } from '../../../src/domain/states.js';
import type { MiddleDatabase } from '../../../src/middle/port.js';
import type { Fixture } from '../middle.js';
import { cust, everything, longAgo, requestFor } from './rows.js';

/** Every call of the port that reaches the tables. */
const calls: Readonly<Record<string, (middle: MiddleDatabase) => Promise<unknown>>> = {
  poll: (middle) => middle.poll(everything()),
  claim: (middle) => middle.claim([requestFor(cust('1'))]),
  'claim of a row in State 1': (middle) =>
    middle.claim([requestFor(cust('1', { state: State.Processing, stateDate: longAgo }))]),
  mark: (middle) =>
    middle.mark([{ source: 'CUST', streamingNo: '1', attempt: longAgo, custId: null, errContent: null }]),
  hasOpenRows: (middle) => middle.hasOpenRows(),
};

/** The kind of error a call fails with. */
export async function kindOf(call: Promise<unknown>): Promise<DatabaseErrorKind> {
  const error: unknown = await call.then(
    () => new Error('the call did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof DatabaseError) return error.kind;
  throw error;
}

/** How calls fail when the database is not what it should be. */
export function outageRules(fixture: Fixture): void {
  describe('a call', () => {
    it.each(Object.entries(calls))(
      'to a server that is not there fails as unreachable: %s',
      async (_name, call) => {
        expect(await kindOf(call(fixture().openUnreachable()))).toBe('unreachable');
      },
    );

    it.each(Object.entries(calls))(
      'fails for the schema where the tables are missing: %s',
      async (_name, call) => {
        expect(await kindOf(call(fixture().openWithoutTables()))).toBe('schema');
      },
    );
  });

  describe('a ping', () => {
    it('answers where the server is there, tables or not', async () => {
      await expect(fixture().open().ping()).resolves.toBeUndefined();
      await expect(fixture().openWithoutTables().ping()).resolves.toBeUndefined();
    });

    it('fails where the server is not there', async () => {
      expect(await kindOf(fixture().openUnreachable().ping())).toBe('unreachable');
    });
  });
}
