import type { WorkerDescription } from '../../store/port.js';
import { durationText } from '../duration.js';
import type { Finding } from '../contract/checks.js';
import { fine } from './finding.js';

/** The workers, and their shards. */
export interface WorkerState {
  readonly workers: readonly WorkerDescription[];
  /** How many shards the store was set up with. */
  readonly storeShards: number;
  /** `worker.shards` of the configuration. */
  readonly configuredShards: number;
  /** Rows of both tables in State 1. */
  readonly rowsInProcessing: number;
  /** The store's clock, ISO 8601, UTC. */
  readonly storeNow: string;
}

/** Checks leases and heartbeats. */
export function workerFindings(workforce: WorkerState): Finding[] {
  const { workers, storeShards, configuredShards, rowsInProcessing, storeNow } = workforce;
  const findings: Finding[] = [];
  if (storeShards !== configuredShards) {
    findings.push({
      area: 'workers',
      level: 'error',
      finding: `worker.shards is ${configuredShards}, the product store has ${storeShards}: no worker will start`,
      whatToDo: storeShards === 0 ? 'run "bnet-sync migrate"' : `set worker.shards to ${storeShards}`,
    });
  }
  const alive = workers.filter((worker) => worker.alive);
  for (const worker of workers.filter(({ alive: lives }) => !lives))
    findings.push(deadWorker(worker, storeNow));
  if (alive.length === 0) findings.push(nobodyWorks(rowsInProcessing));
  else findings.push(...sharesOf(alive, storeShards));
  return findings;
}

function deadWorker(worker: WorkerDescription, storeNow: string): Finding {
  const { workerId, host, pid, heartbeatAt, shards } = worker;
  const held = shards.length === 0 ? '' : `; it holds ${shards.length} shards until others take them`;
  const ahead = (Date.parse(heartbeatAt) - Date.parse(storeNow)) / 1000;
  if (ahead > 0) {
    return {
      area: 'workers',
      level: 'warning',
      finding:
        `the product store's clock shows ${storeNow}, and the last heartbeat of worker ${workerId} (${host}, process ` +
        `${pid}) is ${durationText(ahead)} ahead of it: the clock was set back, and the worker counts as dead${held}`,
      whatToDo:
        "keep the clock of the product store's server right by NTP; a running worker takes over the rows",
    };
  }
  return {
    area: 'workers',
    level: 'warning',
    finding: `worker ${workerId} (${host}, process ${pid}) has been silent since ${heartbeatAt}${held}`,
    whatToDo: 'see its last log lines; a running worker takes over its rows',
  };
}

function nobodyWorks(rowsInProcessing: number): Finding {
  const processing = rowsInProcessing === 0 ? '' : `, and ${rowsInProcessing} rows are in State 1`;
  return {
    area: 'workers',
    level: 'warning',
    finding: `no worker is running${processing}`,
    whatToDo:
      'start one with "bnet-sync run": it takes over what others left, there is nothing to reset by hand',
  };
}

function sharesOf(alive: readonly WorkerDescription[], storeShards: number): Finding[] {
  const held = new Set(alive.flatMap((worker) => worker.shards)).size;
  if (held === storeShards)
    return [fine('workers', `${alive.length} running, all ${storeShards} shards are held`)];
  return [
    {
      area: 'workers',
      level: 'warning',
      finding: `${alive.length} running, they hold ${held} of ${storeShards} shards`,
      whatToDo: 'look again after worker.leaseTtlMs: leases of stopped workers must run out first',
    },
  ];
}
