import { randomBytes, randomUUID } from 'node:crypto';
import type { Database } from '../../database/database.js';
import { undone } from '../../database/probes.js';
import type { HostState } from '../../domain/host-state.js';
import type { Replication } from '../../domain/replication.js';
import type { StoreServer } from '../admin-port.js';
import { storeDialects } from './dialects.js';

/** Enough for pages of its own: a full disk refuses no row that fits into one that is there. */
const probeBytes = 64 * 1024;

/** The server of the product store behind Knex. */
export class KnexStoreServer implements StoreServer {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  hosts(): Promise<readonly HostState[]> {
    return this.#database.hosts();
  }

  replication(): Promise<Replication | null> {
    return storeDialects[this.#database.dialect.name].readReplication(this.#database);
  }

  /** The row of a worker that never was: no other session sees it, and it has neither a number nor a lock of others. */
  async tryWriting(): Promise<void> {
    const { dialect } = this.#database;
    await undone(this.#database, {
      sql: `INSERT INTO sync_worker (worker_id, host, pid, started_at, heartbeat_at, lease_ttl_ms)
            VALUES (?, ?, 0, ${dialect.now}, ${dialect.now}, 0)`,
      bindings: [`doctor ${randomUUID()}`, randomBytes(probeBytes).toString('base64')],
    });
  }
}
