/** A metric of our own, as `/metrics` shows it. */
export interface MetricDescription {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[];
  /**
   * Where its numbers come from: `worker`, the events of this process's worker, so only with `run`; `overview`, what the
   * databases say, read at most once in ten seconds, the same for every process; `process`, this process's pools.
   */
  readonly from: 'worker' | 'overview' | 'process';
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const counted = 'counted up to a limit: the highest value means that many or more';

/** Every metric of ours by what the code calls it: registration and the documents are both made from this. */
export const metrics = {
  rows: {
    name: 'bnet_sync_rows_total',
    type: 'counter',
    help: 'Rows answered in the middle database by this worker; code is empty for those applied.',
    labels: ['table', 'outcome', 'code'],
    from: 'worker',
  },
  rowsPending: {
    name: 'bnet_sync_rows_pending',
    type: 'gauge',
    help: `Rows in State 0, ${counted}.`,
    labels: ['table'],
    from: 'overview',
  },
  rowsProcessing: {
    name: 'bnet_sync_rows_processing',
    type: 'gauge',
    help: `Rows in State 1, ${counted}.`,
    labels: ['table'],
    from: 'overview',
  },
  rowsFailed: {
    name: 'bnet_sync_rows_failed',
    type: 'gauge',
    help: `Rows in State 3, ${counted}.`,
    labels: ['table'],
    from: 'overview',
  },
  oldestPending: {
    name: 'bnet_sync_oldest_pending_seconds',
    type: 'gauge',
    help: 'For how long the oldest row has stood in State 0; 0 where there is none, or its dates are ahead of the clock.',
    labels: [],
    from: 'overview',
  },
  createdAhead: {
    name: 'bnet_sync_created_ahead_seconds',
    type: 'gauge',
    help: 'How far the latest CreateDate of a row in State 0 is ahead of the clock of the middle database; 0 where none is.',
    labels: [],
    from: 'overview',
  },
  rowsOther: {
    name: 'bnet_sync_rows_other',
    type: 'gauge',
    help: `Rows in a State outside the specification, or in none, ${counted}.`,
    labels: ['table'],
    from: 'overview',
  },
  strayAttributes: {
    name: 'bnet_sync_stray_attributes',
    type: 'gauge',
    help: 'Attribute rows in State 0 that came after their row was taken (late), or have none (orphaned), among the newest 1000.',
    labels: ['table', 'kind'],
    from: 'overview',
  },
  batchRows: {
    name: 'bnet_sync_batch_rows',
    type: 'histogram',
    help: 'Rows decided in one transaction of the product store.',
    labels: [],
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000],
    from: 'worker',
  },
  stageDuration: {
    name: 'bnet_sync_stage_duration_seconds',
    type: 'histogram',
    help: 'How long a stage took: poll, claim, apply, mark.',
    labels: ['stage'],
    buckets: seconds,
    from: 'worker',
  },
  claimsEmpty: {
    name: 'bnet_sync_claims_empty_total',
    type: 'counter',
    help: 'Claims that brought no row: all had changed since the poll.',
    labels: [],
    from: 'worker',
  },
  retries: {
    name: 'bnet_sync_retries_total',
    type: 'counter',
    help: 'Failed calls to a database that are tried again after a back-off; no row is failed for it.',
    labels: ['database'],
    from: 'worker',
  },
  rowsTakenOver: {
    name: 'bnet_sync_rows_taken_over_total',
    type: 'counter',
    help: 'Rows in State 1 taken over from a process that ended or lost its lease.',
    labels: [],
    from: 'worker',
  },
  shardsHeld: {
    name: 'bnet_sync_shards_held',
    type: 'gauge',
    help: 'Shards that this worker holds.',
    labels: [],
    from: 'worker',
  },
  leaseChanges: {
    name: 'bnet_sync_lease_changes_total',
    type: 'counter',
    help: 'How often the shards held by this worker changed.',
    labels: [],
    from: 'worker',
  },
  leasesLost: {
    name: 'bnet_sync_leases_lost_total',
    type: 'counter',
    help: 'Batches dropped because another worker had taken their lease; nothing was written.',
    labels: [],
    from: 'worker',
  },
  markConflicts: {
    name: 'bnet_sync_mark_conflicts_total',
    type: 'counter',
    help: 'Marks that were skipped because the row had changed since it was claimed.',
    labels: [],
    from: 'worker',
  },
  waitingCustomers: {
    name: 'bnet_sync_waiting_customers',
    type: 'gauge',
    help: 'Customers whose rows wait for an open or a bind that has not been seen yet.',
    labels: [],
    from: 'worker',
  },
  deferrals: {
    name: 'bnet_sync_deferrals_total',
    type: 'counter',
    help: 'Tries after which this worker deferred a row with its customer, by stage (claim, apply, mark) and cause (locked, refused, ignored).',
    labels: ['stage', 'cause'],
    from: 'worker',
  },
  pollDelay: {
    name: 'bnet_sync_poll_delay_seconds',
    type: 'gauge',
    help: 'Pause before the next poll.',
    labels: [],
    from: 'worker',
  },
  poolConnections: {
    name: 'bnet_sync_pool_connections',
    type: 'gauge',
    help: 'Connections of this process by state (used, idle), and calls that wait for one (waiting).',
    labels: ['database', 'state'],
    from: 'process',
  },
  securityEvents: {
    name: 'bnet_sync_security_events_total',
    type: 'counter',
    help: 'What concerned the safety of this HTTP server: login, loginRefused, logout, actionRefused, wrongHost, export.',
    labels: ['kind'],
    from: 'process',
  },
  breakerOpen: {
    name: 'bnet_sync_breaker_open',
    type: 'gauge',
    help: '1 while unexpected errors, row after row, have stopped this worker from claiming; else 0.',
    labels: [],
    from: 'worker',
  },
  databaseUp: {
    name: 'bnet_sync_database_up',
    type: 'gauge',
    help: '1 where the database answered at the last look, else 0.',
    labels: ['database'],
    from: 'overview',
  },
  storeAlarms: {
    name: 'bnet_sync_store_alarms',
    type: 'gauge',
    help: 'Open alarms that the product store has lost something; while there is one no worker processes a row.',
    labels: [],
    from: 'overview',
  },
  deferredRows: {
    name: 'bnet_sync_deferred_rows',
    type: 'gauge',
    help: 'Deferred rows, each with its customer, by stage and cause.',
    labels: ['stage', 'cause'],
    from: 'overview',
  },
  oldestDeferred: {
    name: 'bnet_sync_oldest_deferred_seconds',
    type: 'gauge',
    help: 'For how long the first of the deferred rows has been so; 0 where none is.',
    labels: [],
    from: 'overview',
  },
  verifyDifferences: {
    name: 'bnet_sync_verify_differences',
    type: 'gauge',
    help: 'Differences that the last verification of everything has found, by kind; absent where none has finished.',
    labels: ['kind'],
    from: 'overview',
  },
  verifyLastFinished: {
    name: 'bnet_sync_verify_last_finished_timestamp_seconds',
    type: 'gauge',
    help: "When the last verification of everything finished, in seconds since 1970 by the store's clock; 0 where none has.",
    labels: [],
    from: 'overview',
  },
  verifyInterval: {
    name: 'bnet_sync_verify_interval_seconds',
    type: 'gauge',
    help: 'How often the holder of shard 0 verifies by itself (verify.every); 0 where it does not.',
    labels: [],
    from: 'worker',
  },
  workersAlive: {
    name: 'bnet_sync_workers_alive',
    type: 'gauge',
    help: 'Workers of this product store with a fresh heartbeat.',
    labels: [],
    from: 'overview',
  },
  pausedTargets: {
    name: 'bnet_sync_paused_targets',
    type: 'gauge',
    help: 'Tables and products that are paused.',
    labels: [],
    from: 'overview',
  },
  oldestPause: {
    name: 'bnet_sync_oldest_pause_timestamp_seconds',
    type: 'gauge',
    help: "When the oldest pause in force began, in seconds since 1970 by the store's clock; 0 where nothing is paused.",
    labels: [],
    from: 'overview',
  },
} as const satisfies Readonly<Record<string, MetricDescription>>;

/** The same as a list, for documents and for checks of dashboards and alerts. */
export const metricCatalogue: readonly MetricDescription[] = Object.values(metrics);
