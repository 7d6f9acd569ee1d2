import type { Pooler } from '../../domain/pooler.js';
import type { Area, Finding } from '../contract/checks.js';

/** Says that a pooler is before a database, how limits are kept there, and what limits everything else. */
export function poolerFindings(area: Area, pooler: Pooler | null): Finding[] {
  if (pooler === null) return [];
  if (!pooler.keepsTransactions) {
    return [
      {
        area,
        level: 'error',
        finding: 'reached through a connection pooler that allows no transactions (statement pooling)',
        whatToDo: 'set pool_mode = transaction for this database in pgbouncer.ini',
      },
    ];
  }
  const { refusesLimits, role, idleLimitMs, roleIdleLimitMs } = pooler;
  const does = refusesLimits
    ? 'refuses the limits that connections ask for'
    : 'does not pass limits on to the server';
  const finding = `reached through a connection pooler, which ${does}: each transaction sets its own`;
  if (roleIdleLimitMs > 0) return [{ area, level: 'ok', finding, whatToDo: null }];
  const limit = `ALTER ROLE "${role.replaceAll('"', '""')}" SET idle_in_transaction_session_timeout = '${idleLimitMs}ms';`;
  return [
    {
      area,
      level: 'warning',
      finding: `${finding}; nothing limits other sessions of the role`,
      whatToDo:
        `${limit} limits handlers' own connections, people and older versions as well, ` +
        'which keep their locks for ever when they hang in a transaction (docs/pgbouncer.md)',
    },
  ];
}
