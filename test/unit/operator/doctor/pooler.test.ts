import { describe, expect, it } from 'vitest';
import type { Pooler } from '../../../../src/domain/pooler.js';
import { poolerFindings } from '../../../../src/operator/doctor/pooler.js';

const pooler: Pooler = {
  refusesLimits: true,
  keepsTransactions: true,
  role: 'bnet sync',
  idleLimitMs: 18_000,
  roleIdleLimitMs: 0,
};

describe('a connection pooler before a database', () => {
  it('is named with the statement that limits the other sessions of the role', () => {
    const [finding, ...more] = poolerFindings('product store', pooler);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ area: 'product store', level: 'warning' });
    expect(finding?.finding).toMatch(
      /connection pooler, which refuses the limits.*each transaction sets its own/,
    );
    expect(finding?.whatToDo).toContain(
      `ALTER ROLE "bnet sync" SET idle_in_transaction_session_timeout = '18000ms';`,
    );
  });

  it('is fine where the role has a limit', () => {
    const [finding] = poolerFindings('server', { ...pooler, refusesLimits: false, roleIdleLimitMs: 60_000 });
    expect(finding).toMatchObject({ area: 'server', level: 'ok', whatToDo: null });
    expect(finding?.finding).toContain('does not pass limits on');
  });

  it('is a fault where it allows no transactions', () => {
    const [finding] = poolerFindings('product store', { ...pooler, keepsTransactions: false });
    expect(finding).toMatchObject({ level: 'error' });
    expect(finding?.whatToDo).toContain('pool_mode = transaction');
  });

  it('is nothing to name where there is none', () => {
    expect(poolerFindings('server', null)).toEqual([]);
  });
});
