import type { Area, Finding } from '../contract/checks.js';

/** Names an isolation level that bnet-sync does not use, and that handlers may rely on. */
export function isolationFindings(area: Area, level: string | null): Finding[] {
  if (level === null || level === 'read committed') return [];
  return [
    {
      area,
      level: 'warning',
      finding: `transactions begin as ${level.toUpperCase()} by default; those of bnet-sync are READ COMMITTED all the same`,
      whatToDo:
        'see that no trigger or handler relies on the default; ALTER ROLE or ALTER DATABASE … RESET ' +
        'default_transaction_isolation takes it away',
    },
  ];
}
