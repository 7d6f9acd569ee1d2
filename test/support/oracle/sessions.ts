import pg from 'pg';
import type { PostgresAccess } from '../postgres.js';
import type { DdlSurroundings } from './ddl.js';
import { asOracleError, fromPostgres, isOfStatement, OracleError, unsupported } from './errors.js';
import type { BoundRow } from './execute-request.js';
import { searchPath } from './oracle-functions.js';
import type { UserRoles } from './privileges.js';

export type QueryResult = Pick<pg.QueryArrayResult<(string | null)[]>, 'fields' | 'rows'>;

/** What a batch changed, row by row, up to the error that ended it. */
export interface BatchResult {
  readonly counts: readonly number[];
  readonly errors: readonly { readonly row: number; readonly error: OracleError }[];
}

/** Who logs in, as both databases know them. */
export interface SessionUser extends UserRoles {
  readonly user: string;
  /** Where names without a schema are looked up; undefined: nowhere, they need one. */
  readonly schema: string | undefined;
}

export interface SessionSettings extends SessionUser {
  readonly access: PostgresAccess;
  rolesOf(user: string): UserRoles | undefined;
  /** Runs statements beside the session: to cancel its own. */
  readonly admin: pg.Pool;
  readonly timeZone: string | undefined;
}

/** Everything as PostgreSQL's text: nothing passes through a JavaScript number or Date. */
const asText = { getTypeParser: () => (value: string) => value } as pg.CustomTypesConfig;

interface BatchRow {
  readonly changed: string;
  readonly code: string | null;
  readonly message: string;
  readonly table: string;
  readonly column: string;
  readonly constraint: string;
}

/**
 * A session of the database behind the stand-in, with Oracle's transactions: the first change or locking query begins
 * one, and a statement that fails undoes only itself (PostgreSQL would end the transaction: hence the savepoints).
 */
export class OracleSession {
  readonly #client: pg.Client;
  readonly #settings: SessionSettings;
  readonly #processId: number;
  #inTransaction = false;
  #running = 0;

  private constructor(client: pg.Client, settings: SessionSettings, processId: number) {
    this.#client = client;
    this.#settings = settings;
    this.#processId = processId;
  }

  /** @param onLost - called when the database behind ends the session */
  static async open(settings: SessionSettings, onLost: () => void): Promise<OracleSession> {
    const client = new pg.Client({
      ...settings.access,
      application_name: `Oracle ${settings.user}`,
      types: asText,
    });
    client.on('error', onLost);
    await client.connect();
    const result = await client.query<{ pid: string }>('SELECT pg_backend_pid() AS pid');
    const session = new OracleSession(client, settings, Number(result.rows[0]?.pid));
    await client.query(`
      SET datestyle = 'ISO, YMD';
      SET oracle.user_name = '${settings.user}';
      SET oracle.nls_date_format = 'DD-MON-YY';
      SET SESSION AUTHORIZATION "${settings.role}"`);
    await session.#useSchema(settings.schema, settings.user);
    if (settings.timeZone !== undefined) await session.#useTimeZone(settings.timeZone);
    return session;
  }

  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  /** Whether a statement of it is being executed, or waits for a lock. */
  get isWorking(): boolean {
    return this.#running > 0;
  }

  async query(sql: string, binds: BoundRow, locks: boolean): Promise<QueryResult> {
    if (locks) await this.#begin();
    const values = binds.length === 0 ? [] : [binds];
    const run = () => this.#client.query<(string | null)[]>({ text: sql, values, rowMode: 'array' });
    return this.#undoable(() => (locks ? this.#asLocker(run) : run()));
  }

  /** With the role that may lock what the user may select; an error undoes the change of roles with the statement. */
  async #asLocker<Result>(run: () => Promise<Result>): Promise<Result> {
    const { locker } = this.#settings;
    if (locker === undefined) return run();
    await this.#client.query(`SET LOCAL ROLE "${locker}"`);
    const result = await run();
    await this.#client.query('SET LOCAL ROLE NONE');
    return result;
  }

  /** Executes a change for each row of binds. Without `goOn`, the first error ends it; what came before stays. */
  async change(sql: string, rows: readonly BoundRow[], goOn: boolean): Promise<BatchResult> {
    await this.#begin();
    // An array of PostgreSQL has no rows without columns.
    const binds = rows.map((row) => (row.length === 0 ? [null] : row));
    const { rows: outcomes } = await this.#undoable(() =>
      this.#client.query<BatchRow>('SELECT * FROM oracle.execute_batch($1, $2, $3)', [sql, binds, goOn]),
    );
    const errors: { row: number; error: OracleError }[] = [];
    for (const [row, { code, ...failure }] of outcomes.entries()) {
      if (code === null) continue;
      const error = await this.#errorOf({ code, ...failure });
      if (isOfStatement({ code, ...failure })) throw error;
      errors.push({ row, error });
    }
    return { counts: outcomes.map(({ changed }) => Number(changed)), errors };
  }

  async commit(): Promise<void> {
    if (this.#inTransaction) await this.#end('COMMIT');
  }

  async rollback(): Promise<void> {
    if (this.#inTransaction) await this.#end('ROLLBACK');
  }

  async ping(): Promise<void> {
    await this.#undoable(() => this.#client.query('SELECT 1'));
  }

  /** Data definition: it commits what came before, and itself. */
  async define(translate: (surroundings: DdlSurroundings) => string): Promise<void> {
    await this.commit();
    const { schema, user, rolesOf } = this.#settings;
    const sql = translate({ schema: schema?.toUpperCase() ?? user, rolesOf });
    // Who may not grant or revoke is only warned by PostgreSQL.
    const warnings: string[] = [];
    const listen = ({ code = '' }: { code?: string | undefined }) => void warnings.push(code);
    this.#client.on('notice', listen);
    try {
      await this.#undoable(() => this.#client.query(sql));
    } finally {
      this.#client.off('notice', listen);
    }
    if (warnings.some((code) => code === '01006' || code === '01007'))
      throw new OracleError(1031, 'insufficient privileges');
  }

  /** ALTER SESSION SET …, for the settings that the stand-in has. */
  async alter(sql: string): Promise<void> {
    const settings = [...sql.matchAll(/(\w+)\s*=\s*(?:'([^']*)'|"?(\w+)"?)/g)];
    if (settings.length === 0) throw unsupported(sql);
    for (const [, name = '', text, word = ''] of settings) {
      const value = text ?? word;
      if (/^time_zone$/i.test(name)) await this.#useTimeZone(value);
      else if (/^current_schema$/i.test(name)) await this.useSchema(value);
      else if (/^nls_date_format$/i.test(name)) await this.#set('oracle.nls_date_format', value);
      else if (!/^nls_/i.test(name)) throw unsupported(`ALTER SESSION SET ${name}`);
    }
  }

  /** Names without a schema belong to this one from now on. */
  async useSchema(schema: string): Promise<void> {
    await this.#useSchema(schema.toLowerCase(), schema.toUpperCase());
  }

  /** Stops the running statement. */
  cancel(): void {
    if (this.#running === 0) return;
    this.#settings.admin.query('SELECT pg_cancel_backend($1)', [this.#processId]).catch(() => {});
  }

  /** Ends the session; its transaction is rolled back, its statement stopped. */
  async close(): Promise<void> {
    if (this.#running > 0) {
      await this.#settings.admin.query('SELECT pg_terminate_backend($1)', [this.#processId]).catch(() => {});
    }
    await this.#client.end().catch(() => {});
  }

  async #useSchema(schema: string | undefined, name: string): Promise<void> {
    await this.#set('search_path', searchPath(schema));
    await this.#set('oracle.current_schema', name);
  }

  async #useTimeZone(zone: string): Promise<void> {
    const offset = /^[+-]\d+:\d+$/.test(zone);
    await this.#client.query(
      offset
        ? `SET TIME ZONE INTERVAL '${zone}' HOUR TO MINUTE`
        : `SET TIME ZONE '${zone.replaceAll("'", '')}'`,
    );
  }

  async #set(name: string, value: string): Promise<void> {
    await this.#client.query('SELECT set_config($1, $2, false)', [name, value]);
  }

  async #begin(): Promise<void> {
    if (this.#inTransaction) return;
    await this.#client.query('BEGIN');
    this.#inTransaction = true;
  }

  async #end(command: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    try {
      await this.#client.query(command);
    } catch (error) {
      // A commit that is refused has rolled back.
      throw asOracleError(error) ?? error;
    } finally {
      this.#inTransaction = false;
    }
  }

  async #undoable<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#running++;
    try {
      if (!this.#inTransaction) return await work();
      await this.#client.query('SAVEPOINT statement');
      try {
        const result = await work();
        await this.#client.query('RELEASE statement');
        return result;
      } catch (error) {
        await this.#client.query('ROLLBACK TO statement');
        throw error;
      }
    } catch (error) {
      throw asOracleError(error) === null ? error : await this.#errorOf(error as pg.DatabaseError);
    } finally {
      this.#running--;
    }
  }

  /** Tells a table that the user may not see from one that it may not change. */
  async #errorOf(
    failure: Pick<BatchRow, 'message'> & { readonly code?: string | null | undefined },
  ): Promise<OracleError> {
    const { code, message } = failure;
    if (failure instanceof OracleError) return failure;
    const table = /^permission denied for (?:table|view) (\w+)/.exec(message)?.[1];
    if (code === '42501' && table !== undefined) {
      const { rows } = await this.#settings.admin.query<{ known: boolean }>(
        `SELECT bool_or(has_any_column_privilege($1, oid, 'SELECT, INSERT, UPDATE')) AS known FROM pg_class
         WHERE relname = $2 AND relkind IN ('r', 'v')`,
        [this.#settings.role, table],
      );
      if (rows[0]?.known !== true) return new OracleError(942, 'table or view does not exist');
    }
    return fromPostgres({ ...failure, code: code ?? '', message });
  }
}
