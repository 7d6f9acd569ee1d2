import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../../src/database/errors.js';
import { unwritableFinding, writingFindings } from '../../../../src/operator/doctor/replication.js';
import { storeServer } from '../../../support/operations.js';

const failing = (error: Error) => storeServer({ tryWriting: () => Promise.reject(error) });

describe('a row that is tried', () => {
  it.each(['53100', 'SQLITE_FULL'])('on a full disk says what to do: %s', async (code) => {
    const full = new DatabaseError('unavailable', 'No space left on device', { code });
    expect(await writingFindings(failing(full), null)).toEqual([
      {
        area: 'product store',
        level: 'error',
        finding: 'cannot be written: No space left on device',
        whatToDo: 'make room on its disk: rows stay in State 0 and 1 until then, and none is failed',
      },
    ]);
  });

  it('on a server with another trouble says where to look', async () => {
    const [finding] = await writingFindings(failing(new DatabaseError('unavailable', 'panic')), null);
    expect(finding).toMatchObject({ level: 'error', finding: 'cannot be written: panic' });
    expect(finding?.whatToDo).toContain('log');
  });

  it('is no matter here where a privilege is missing, and not judged where another has it locked', async () => {
    expect(await writingFindings(failing(new DatabaseError('schema', 'denied')), null)).toEqual([]);
    const locked = new DatabaseError('locked', 'busy');
    await expect(writingFindings(failing(locked), null)).rejects.toBe(locked);
  });
});

describe('default_transaction_read_only', () => {
  it.each([
    ['user', /^ALTER ROLE … RESET/],
    ['database', /^ALTER DATABASE … RESET/],
    ['database user', /^ALTER ROLE … IN DATABASE … RESET/],
    ['client', /^take it out of the options of store\.connection/],
    ['configuration file', /^ALTER SYSTEM RESET/],
    ['command line', /^ALTER SYSTEM RESET/],
  ])('set by %s is taken away there', (readOnlyBy, words) => {
    const server = { isStandby: false, synchronousCommit: 'on', synchronousNames: '', standbys: [] };
    expect(unwritableFinding({ ...server, readOnlyBy })?.whatToDo).toMatch(words);
    expect(unwritableFinding({ ...server, readOnlyBy: null })).toBeNull();
  });
});
