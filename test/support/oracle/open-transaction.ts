import { unsupported } from './errors.js';
import { OracleSession, type SessionSettings } from './sessions.js';
import { guard } from './sql-guard.js';
import { translate } from './sql-translation.js';
import { kindOf, tokenize } from './sql-tokens.js';

/**
 * A transaction of somebody else's, a DBA's in a tool for instance, in a session of its own: what it has changed or
 * locked stays locked until it is ended.
 */
export class OpenTransaction {
  readonly #session: OracleSession;
  readonly #ended: () => void;
  #isOpen = true;

  private constructor(session: OracleSession, ended: () => void) {
    this.#session = session;
    this.#ended = ended;
  }

  /** @param ended - called when it is committed or rolled back */
  static async begin(
    settings: SessionSettings,
    ended: (transaction: OpenTransaction) => void,
  ): Promise<OpenTransaction> {
    const session = await OracleSession.open(settings, () => {});
    const transaction: OpenTransaction = new OpenTransaction(session, () => ended(transaction));
    return transaction;
  }

  /** Executes a statement of Oracle's, without binds; returns how many rows it changed or returned. */
  async execute(sql: string): Promise<number> {
    const tokens = tokenize(sql);
    const kind = kindOf(tokens);
    if (kind !== 'query' && kind !== 'dml') throw unsupported(`in an open transaction: ${sql}`);
    guard(tokens, kind);
    const translation = translate(tokens, kind, []);
    if (kind === 'query') {
      const { rows } = await this.#session.query(translation.sql, [], translation.locks);
      return rows.length;
    }
    const { counts, errors } = await this.#session.change(translation.sql, [[]], false);
    if (errors.length > 0) throw errors[0]!.error;
    return counts[0] ?? 0;
  }

  /** Commits and ends the session. Nothing happens when it has ended. */
  async commit(): Promise<void> {
    await this.#end(() => this.#session.commit());
  }

  /** Rolls back and ends the session, also while a statement of it waits. Nothing happens when it has ended. */
  async rollback(): Promise<void> {
    await this.#end(() => Promise.resolve());
  }

  async #end(finish: () => Promise<void>): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      await finish();
    } finally {
      await this.#session.close();
      this.#ended();
    }
  }
}
