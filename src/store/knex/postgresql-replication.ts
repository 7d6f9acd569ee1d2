import type { Executor } from '../../database/database.js';
import type { Replication } from '../../domain/replication.js';

/** Backups and logical subscribers are senders of the log, too, and no standbys. */
const replicationState = `
  SELECT pg_is_in_recovery() AS standby,
         (SELECT s.source FROM pg_settings AS s
          WHERE s.name = 'default_transaction_read_only' AND s.setting = 'on') AS read_only_by,
         current_setting('synchronous_commit') AS commits,
         current_setting('synchronous_standby_names') AS names,
         ARRAY(SELECT coalesce(r.application_name, '') FROM pg_stat_replication AS r
               WHERE r.application_name NOT IN ('pg_basebackup', 'pg_receivewal', 'pg_recvlogical')
                 AND NOT EXISTS (SELECT 1 FROM pg_replication_slots AS l
                                 WHERE l.active_pid = r.pid AND l.slot_type = 'logical')
               ORDER BY 1 LIMIT 100) AS standbys`;

/** What an ordinary role can see of how a PostgreSQL server keeps what is committed. */
export async function readReplication(executor: Executor): Promise<Replication> {
  const { rows } = await executor.execute({ sql: replicationState, bindings: [] });
  const [row = {}] = rows;
  return {
    isStandby: row['standby'] === true,
    readOnlyBy: (row['read_only_by'] as string | null | undefined) ?? null,
    synchronousCommit: String(row['commits']),
    synchronousNames: String(row['names']),
    standbys: (row['standbys'] as string[] | undefined) ?? [],
  };
}
