import {
  Database,
  type ConnectionCheck,
  type Executor,
  type Result,
  type Transaction,
} from '../../src/database/database.js';
import type { DatabaseOptions } from '../../src/database/options.js';
import type { Fragment } from '../../src/database/dialects/dialect.js';

/** Looks at a statement before it is sent; statements of its own go to the executor. */
export type Observer = (statement: Fragment, executor: Executor) => Promise<void> | void;

/** A database that shows every statement to an observer, BEGIN and COMMIT included. */
export class ObservedDatabase extends Database {
  readonly #observe: Observer;

  constructor(options: DatabaseOptions, observe: Observer) {
    super(options);
    this.#observe = observe;
  }

  override async execute(statement: Fragment): Promise<Result> {
    const plain = { dialect: this.dialect, execute: (other: Fragment) => super.execute(other) };
    await this.#observe(statement, plain);
    return super.execute(statement);
  }

  override async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return super.transaction(async (transaction) => {
      await this.#observe({ sql: 'BEGIN', bindings: [] }, transaction);
      const result = await work({
        ...transaction,
        execute: async (statement) => {
          await this.#observe(statement, transaction);
          return transaction.execute(statement);
        },
      });
      await this.#observe({ sql: 'COMMIT', bindings: [] }, transaction);
      return result;
    });
  }
}

/** A database that counts the statements it sends, BEGIN and COMMIT included. */
export class CountingDatabase extends ObservedDatabase {
  readonly #sent: string[];

  constructor(options: DatabaseOptions) {
    const sent: string[] = [];
    super(options, ({ sql }) => {
      sent.push(sql);
    });
    this.#sent = sent;
  }

  get statements(): readonly string[] {
    return this.#sent;
  }
}

/** A database that counts what is asked of new connections. */
export class CheckedDatabase extends Database {
  readonly checked = { connections: 0, statements: 0 };

  override checkConnections(check: ConnectionCheck): void {
    super.checkConnections((connection, retireOthers) => {
      this.checked.connections += 1;
      const execute = (statement: Fragment): Promise<Result> => {
        this.checked.statements += 1;
        return connection.execute(statement);
      };
      return check({ dialect: connection.dialect, execute }, retireOthers);
    });
  }
}

/** A database that keeps the server's plan of every UPDATE, as text. */
export class ExplainingDatabase extends ObservedDatabase {
  readonly plans: string[];

  constructor(options: DatabaseOptions) {
    const plans: string[] = [];
    const explain = options.client === 'pg' ? 'EXPLAIN' : 'EXPLAIN QUERY PLAN';
    super(options, async ({ sql, bindings }, executor) => {
      if (!/^(UPDATE|WITH main)/.test(sql)) return;
      const { rows } = await executor.execute({ sql: `${explain} ${sql}`, bindings });
      plans.push(rows.map((row) => String(row['QUERY PLAN'] ?? row['detail'])).join('\n'));
    });
    this.plans = plans;
  }
}
