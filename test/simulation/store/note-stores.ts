import { isCanonicalNumber, type RowKey } from '../../../src/domain/keys.js';
import type { GuardStore } from '../../../src/store/guard-port.js';
import type { AcknowledgedCommits } from '../../../src/store/knex/acknowledged-commits.js';
import type { CrashLog, DeferralStore } from '../../../src/store/port.js';
import type { Connections } from './connections.js';
import type { SimulatedLeaseStore } from './lease-store.js';

/* The smaller parts of the port, each call one statement that commits by itself. */

/** The notes of rows that one worker tries, and of those that others left. */
export function crashLog(connections: Connections, leases: SimulatedLeaseStore): CrashLog {
  return {
    crashCounts: async (attempts) => {
      if (attempts.length === 0) return new Map();
      const { workerId } = leases.worker;
      return connections.statement('crash counts', ({ notes }) => notes.crashCounts(attempts, workerId));
    },
    begin: async (attempt) => {
      const { workerId } = leases.worker;
      await connections.statement('begin try', ({ notes }) => {
        notes.beginTry(attempt, workerId);
      });
    },
    clear: async (attempt) => {
      const { workerId } = leases.worker;
      await connections.statement('clear try', ({ notes }) => {
        notes.clearTry(attempt, workerId);
      });
    },
    forget: async (key) => {
      await connections.statement('forget tries', ({ notes }) => {
        notes.forgetTries(key);
      });
    },
  };
}

/** What one worker defers. */
export function deferralStore(connections: Connections, leases: SimulatedLeaseStore): DeferralStore {
  const hasNumber = ({ streamingNo }: RowKey) => isCanonicalNumber(streamingNo);
  return {
    put: async (requests) => {
      const { workerId } = leases.worker;
      if (!requests.some(hasNumber)) return;
      await connections.statement('defer', ({ notes }) => {
        notes.defer(requests, workerId);
      });
    },
    end: async (keys) => {
      if (!keys.some(hasNumber)) return;
      await connections.statement('end deferrals', ({ notes }) => {
        for (const key of keys) notes.endDeferral(key);
      });
    },
  };
}

/** The guard as one worker uses it. */
export function guardStore(
  connections: Connections,
  leases: SimulatedLeaseStore,
  commits: AcknowledgedCommits,
): GuardStore {
  return {
    origins: () => connections.statement('origins', ({ notes }) => notes.readOrigins()),
    outcomes: async (keys) =>
      keys.length === 0
        ? new Map()
        : connections.statement('outcomes', ({ journalTable }) => journalTable.outcomes(keys)),
    heldShards: (shards) =>
      connections.statement('held shards', ({ leaseTables }) => leaseTables.heldShards(shards)),
    openAlarms: () => connections.statement('alarms', ({ notes }) => notes.openAlarms()),
    raise: async (alarmId, evidence) => {
      const { worker } = leases;
      await connections.statement('raise alarm', ({ notes }) => {
        notes.raise(alarmId, evidence, worker);
      });
    },
    isClosed: (alarmId) => connections.statement('alarm closed?', ({ notes }) => notes.isClosed(alarmId)),
    addOrigins: async (origins) => {
      if (origins.length === 0) return;
      await connections.statement('add origins', ({ notes }) => {
        notes.addOrigins(origins);
      });
    },
    forgetCommits: () => {
      commits.forget();
    },
  };
}
