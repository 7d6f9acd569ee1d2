import type { Executor } from '../../database/database.js';
import { DatabaseError } from '../../database/errors.js';
import type { AcknowledgedCommit, AcknowledgedCommits } from './acknowledged-commits.js';
import { storeDialects } from './dialects.js';
import { knownCommits, requireCommits } from './guard.js';
import { inRecovery } from './postgresql.js';

/*
 * What a worker checks on each new session of the product store's server, in one statement, before anything else: which
 * server it is, and whether its journal holds what was committed before. A connection is a session; behind a pooler, where
 * connections outlive servers, each transaction may meet a new one (database/connections.ts).
 *
 * A PostgreSQL server is identified by its system identifier, its timeline, which every promotion raises, and the
 * identities of the database and of a table, which a restore makes anew. If a fail-over leaves two primaries behind one
 * address, connections lead to both: the one on the older timeline is dropped, and when the newer one appears, all
 * others are. Behind a pooler, sessions that were checked before are checked again then, and one that fails is ended. A
 * standby in recovery may lag: nothing is concluded from it. The name is also an expression: leases record by it on which
 * server their rows were compared (leases.ts). SQLite has none.
 */

/** Drops every connection open now, once it is idle. */
type RetireOthers = () => void;

/** Checks new connections, and remembers the process's server. */
export class ServerCheck {
  readonly #commits: AcknowledgedCommits;
  #server: string | null = null;
  /** False if the server lacks such functions, or denies them. */
  #isNamed = true;
  #serverName: string | null = null;

  constructor(commits: AcknowledgedCommits) {
    this.#commits = commits;
  }

  /** The server's name as an expression, known with the first connection. */
  get name(): string {
    return this.#isNamed ? (this.#serverName ?? `''`) : `''`;
  }

  /** Commits the store must know. */
  get commits(): readonly AcknowledgedCommit[] {
    return this.#commits.last;
  }

  /** StoreWentBackError if commits are missing; DatabaseError if the connection leads to the wrong server. */
  async check(connection: Executor, retireOthers: RetireOthers): Promise<void> {
    const { server, known } = await this.#ask(connection);
    if (server !== null) this.#compare(server, retireOthers);
    // Once a loss is known the alarm must reach the store; the fence keeps this process from deciding anything.
    if (this.#commits.lost.length === 0 && known < this.#commits.last.length)
      await requireCommits(connection, this.#commits);
  }

  async #ask(connection: Executor): Promise<{ readonly server: string | null; readonly known: number }> {
    this.#serverName = storeDialects[connection.dialect.name].serverName;
    const known = knownCommits(connection, this.#commits.last);
    try {
      const { rows } = await connection.execute({
        sql: `SELECT ${this.name} AS server, ${known.sql} AS known`,
        bindings: known.bindings,
      });
      const server = String(rows[0]?.['server']);
      return { server: server === '' ? null : server, known: Number(rows[0]?.['known']) };
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.kind !== 'schema') throw error;
      if (this.name === this.#serverName) {
        this.#isNamed = false;
        return this.#ask(connection);
      }
      // The name is valid: the journal's table is missing, as its next user will report.
      this.#isNamed = true;
      return { server: null, known: this.#commits.last.length };
    }
  }

  #compare(server: string, retireOthers: RetireOthers): void {
    if (server === inRecovery) {
      throw new DatabaseError('unavailable', 'the server is a standby: it takes no changes');
    }
    const present = this.#server;
    if (server === present) return;
    if (present !== null && isOlder(server, present)) {
      const words = `an older primary answered (${server}, after ${present}): two servers are behind one address`;
      throw new DatabaseError('unavailable', words);
    }
    this.#server = server;
    if (present !== null) retireOthers();
  }
}

/** The same system on a lower timeline; timelines are eight hexadecimal digits. */
function isOlder(server: string, present: string): boolean {
  const [system, timeline = ''] = server.split('/');
  const [presentSystem, presentTimeline = ''] = present.split('/');
  return system === presentSystem && timeline < presentTimeline;
}
