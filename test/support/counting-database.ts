import { Database, type Result, type Transaction } from '../../src/database/database.js';
import type { Fragment } from '../../src/database/dialect.js';

/** A database that keeps the statements it sends, BEGIN and COMMIT included. */
export class CountingDatabase extends Database {
  readonly statements: string[] = [];

  override async execute(statement: Fragment): Promise<Result> {
    this.statements.push(statement.sql);
    return super.execute(statement);
  }

  override async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    this.statements.push('BEGIN');
    return super.transaction(async (transaction) => {
      const result = await work({
        ...transaction,
        execute: (statement) => {
          this.statements.push(statement.sql);
          return transaction.execute(statement);
        },
      });
      this.statements.push('COMMIT');
      return result;
    });
  }
}
