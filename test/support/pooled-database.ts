import { Database } from '../../src/database/database.js';
import type { DatabaseOptions } from '../../src/database/options.js';
import { column } from './databases.js';
import { openOptions } from './middle-databases.js';
import { PgBouncer, type PgBouncerSettings } from './pgbouncer.js';
import { createDatabase, type TestDatabase } from './postgres.js';

/** What statements rely on, as one text: both limits, the isolation level, and the planner's settings. */
export const settingsOfSession = `SELECT concat_ws(' ', current_setting('statement_timeout'),
  current_setting('idle_in_transaction_session_timeout'), current_setting('transaction_isolation'),
  current_setting('enable_seqscan'), current_setting('jit'))`;

const limits = { callTimeoutMs: 30_000, serverTimeoutMs: 24_000 };

/** The settings that databases of a `PooledDatabase` bring. */
export const ourSettings = '24s 24s read committed off off';

/** A database behind a pooler with a few sessions. */
export class PooledDatabase {
  readonly poolSize = 3;
  readonly #opened: { close(): Promise<unknown> }[] = [];

  private constructor(
    readonly direct: TestDatabase,
    readonly pooler: PgBouncer,
  ) {}

  static async start(
    mode: 'session' | 'transaction',
    settings: PgBouncerSettings = {},
  ): Promise<PooledDatabase> {
    const direct = await createDatabase('pooled');
    const pool = { default_pool_size: '3', min_pool_size: '3' };
    const pooler = new PgBouncer(direct.connection, { mode, settings: { ...pool, ...settings } });
    await pooler.start();
    return new PooledDatabase(direct, pooler);
  }

  /** How clients reach it through the pooler. */
  get access() {
    return this.pooler.accessTo(this.direct.connection);
  }

  open(options: Partial<DatabaseOptions> = {}): Database {
    const connection = { ...this.access };
    return this.keep(
      new Database({ ...openOptions, ...limits, client: 'pg', connection, byKey: true, ...options }),
    );
  }

  /** Has it closed at the end. */
  keep<T extends { close(): Promise<unknown> }>(part: T): T {
    this.#opened.push(part);
    return part;
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((each) => each.close()));
    await this.pooler.remove();
    await this.direct.drop();
  }
}

/** The first column of a statement in a transaction. */
export async function columnInTransaction(database: Database, sql: string): Promise<unknown[]> {
  return database.transaction((transaction) => column(transaction, sql));
}
