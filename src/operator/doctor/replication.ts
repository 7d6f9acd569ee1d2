import { DatabaseError } from '../../database/errors.js';
import { durabilityOf, type Replication } from '../../domain/replication.js';
import type { StoreServer } from '../../store/admin-port.js';
import type { Finding } from '../contract/checks.js';
import { fine } from './finding.js';

const area = 'product store';
const guide = 'docs/high-availability.md';

/** Whether rows can be written to the store, and what a fail-over of its server would lose. */
export async function writingFindings(
  server: StoreServer,
  replication: Replication | null,
): Promise<Finding[]> {
  return [...(await tried(server)), ...(replication === null ? [] : durabilityFindings(replication))];
}

/** What keeps everything from being written, as far as the server says so itself; null: nothing. */
export function unwritableFinding({ isStandby, readOnlyBy }: Replication): Finding | null {
  const fault = (finding: string, whatToDo: string): Finding => ({ area, level: 'error', finding, whatToDo });
  if (isStandby)
    return fault(
      'is a standby: it takes no changes',
      `have store.connection lead to the primary, or name all hosts in it: ${guide}`,
    );
  if (readOnlyBy === null) return null;
  return fault(
    `is read-only: default_transaction_read_only is on (${readOnlyBy})`,
    `${resetOf(readOnlyBy)}; a managed database sets it where its disk is full, and a program that fails over in the midst of it`,
  );
}

/** What takes the setting away, by where pg_settings says that it comes from. */
function resetOf(source: string): string {
  const setting = 'default_transaction_read_only';
  switch (source) {
    case 'user':
      return `ALTER ROLE … RESET ${setting}`;
    case 'database':
      return `ALTER DATABASE … RESET ${setting}`;
    case 'database user':
      return `ALTER ROLE … IN DATABASE … RESET ${setting}`;
    case 'client':
      return 'take it out of the options of store.connection, or of PGOPTIONS';
    default:
      return `ALTER SYSTEM RESET ${setting}, SELECT pg_reload_conf(), and see that postgresql.conf does not set it`;
  }
}

/** A missing privilege is a finding of its own. */
async function tried(server: StoreServer): Promise<Finding[]> {
  try {
    await server.tryWriting();
    return [fine(area, 'can be written')];
  } catch (error) {
    if (error instanceof DatabaseError && error.kind === 'schema') return [];
    if (!(error instanceof DatabaseError) || error.kind !== 'unavailable') throw error;
    const isFull = error.code === '53100' || error.code === 'SQLITE_FULL';
    const whatToDo = isFull
      ? 'make room on its disk: rows stay in State 0 and 1 until then, and none is failed'
      : "see the server's log: rows stay in State 0 and 1 until then, and none is failed";
    return [{ area, level: 'error', finding: `cannot be written: ${error.message}`, whatToDo }];
  }
}

function durabilityFindings(replication: Replication): Finding[] {
  const { standbys, synchronousCommit, synchronousNames } = replication;
  const warning = (finding: string, whatToDo: string): Finding[] => [
    { area, level: 'warning', finding, whatToDo },
  ];
  const copies = standbys.length === 1 ? 'a standby' : `${standbys.length} standbys`;
  const named = `${copies} (${standbys.join(', ')})`;
  const afterwards = `after a fail-over that lost some, workers stop and "bnet-sync repair" puts it right: ${guide}`;
  switch (durabilityOf(replication)) {
    case 'lostInCrash':
      return warning(
        'synchronous_commit is off: a crash of the server loses its last commits, and a fail-over more of them',
        `ALTER ROLE … SET synchronous_commit = on for the worker's role; ${afterwards}`,
      );
    case 'lostInFailOver':
      return warning(
        `is copied to ${named}, but no commit waits for it${synchronousCommit === 'local' ? ' (synchronous_commit is local)' : ''}: a fail-over loses the last commits`,
        `set synchronous_standby_names (in Patroni synchronous_mode: true); ${afterwards}`,
      );
    case 'waits':
      return [
        {
          area,
          level: 'error',
          finding: `commits wait for a standby that is not connected (synchronous_standby_names: ${synchronousNames}; connected: ${standbys.join(', ') || 'none'})`,
          whatToDo:
            'start the standby, or name another; taking the name away lets commits go on, and a fail-over lose them',
        },
      ];
    case 'kept':
      return [
        fine(area, `is copied to ${named}, and commits wait for ${synchronousNames} (${synchronousCommit})`),
      ];
    case 'oneServer':
      return [];
  }
}
