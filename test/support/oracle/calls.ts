import { translateDdl } from './ddl.js';
import { asOracleError, OracleError, unsupported } from './errors.js';
import {
  type BindDescription,
  type Execution,
  type ExecuteRequest,
  readExecute,
  readExecuteAgain,
} from './execute-request.js';
import {
  type CallEnd,
  type CallStatus,
  endOfCall,
  status,
  writeDescription,
  writeRowCounts,
} from './messages.js';
import { ResultSet } from './result-sets.js';
import { recordStatement } from './sent-statements.js';
import type { OracleSession } from './sessions.js';
import { guardHints } from './hints.js';
import { guard } from './sql-guard.js';
import { translate } from './sql-translation.js';
import { kindOf, tokenize } from './sql-tokens.js';
import { type Reader, Writer } from './wire.js';
import type { Counters, Occasion } from './faults.js';

/* The calls of a session that has logged in. */

const Function = {
  ExecuteAgain: 4,
  Fetch: 5,
  Logoff: 9,
  Commit: 14,
  Rollback: 15,
  ExecuteAgainAndFetch: 78,
  Execute: 94,
  Ping: 147,
} as const;

const Piggyback = { CloseCursors: 105, CancelCursors: 120, EndToEnd: 135, CurrentSchema: 152 } as const;

/** A statement that the client may execute again by number. */
interface Cursor {
  readonly id: number;
  readonly sql: string;
  binds: readonly BindDescription[];
  results?: ResultSet | undefined;
}

/** A fault took the answer's place. */
export class AnswerLost extends Error {}

export interface CallSurroundings {
  readonly session: OracleSession;
  readonly counters: Counters;
  /** Whether the client is bnet-sync, and not a test that plants rows and looks at them. */
  readonly isOurs: boolean;
  /** Lets a planted fault strike; throws what takes the place of the answer. */
  strike(occasion: Occasion): Promise<void>;
}

export class Calls {
  readonly #surroundings: CallSurroundings;
  readonly #cursors = new Map<number, Cursor>();
  #lastCursor = 0;
  #sequence = 0;

  constructor(surroundings: CallSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Answers a function call. */
  async answer(code: number, reader: Reader): Promise<Buffer> {
    this.#surroundings.counters.roundTrips++;
    try {
      return await this.#call(code, reader);
    } catch (error) {
      if (error instanceof AnswerLost) throw error;
      const known = asOracleError(error);
      if (known === null) throw error;
      return this.error(known);
    }
  }

  error(error: OracleError): Buffer {
    return endOfCall(new Writer(), this.#status(), { error });
  }

  /** What comes in front of a function, in the same message and without an answer. */
  async takePiggyback(reader: Reader): Promise<void> {
    const code = reader.u8();
    reader.skip(1);
    switch (code) {
      case Piggyback.CloseCursors:
      case Piggyback.CancelCursors: {
        reader.skip(1);
        for (const id of reader.varints(reader.varint())) {
          if (code === Piggyback.CloseCursors) this.#cursors.delete(id);
          else delete this.#cursors.get(id)?.results;
        }
        return;
      }
      case Piggyback.EndToEnd: {
        skipEndToEnd(reader);
        return;
      }
      case Piggyback.CurrentSchema:
        reader.skip(1);
        reader.varint();
        return this.#surroundings.session.useSchema(reader.text());
      default:
        throw new Error(`The stand-in does not know the piggyback ${code}.`);
    }
  }

  async #call(code: number, reader: Reader): Promise<Buffer> {
    const { session } = this.#surroundings;
    const bindsOf = (id: number) => this.#cursors.get(id)?.binds ?? [];
    switch (code) {
      case Function.Execute:
        return this.#execute(readExecute(reader, bindsOf));
      case Function.ExecuteAgain:
        return this.#execute(readExecuteAgain(reader, false, bindsOf));
      case Function.ExecuteAgainAndFetch:
        return this.#execute(readExecuteAgain(reader, true, bindsOf));
      case Function.Fetch:
        return this.#fetch(reader.varint(), reader.varint());
      case Function.Commit:
        await this.#commit();
        return status(this.#status());
      case Function.Rollback:
        await this.#around({ at: 'rollback' }, () => session.rollback());
        this.#surroundings.counters.rollbacks++;
        return status(this.#status());
      case Function.Ping:
        await this.#around({ at: 'ping' }, () => session.ping());
        return status(this.#status());
      case Function.Logoff:
        return status(this.#status());
      default:
        throw new OracleError(3115, `unsupported network datatype or representation (function ${code})`);
    }
  }

  async #commit(): Promise<void> {
    await this.#around({ at: 'commit' }, () => this.#surroundings.session.commit());
    this.#surroundings.counters.commits++;
  }

  async #around<Result>(occasion: Omit<Occasion, 'phase'>, work: () => Promise<Result>): Promise<Result> {
    await this.#surroundings.strike({ ...occasion, phase: 'before' });
    const result = await work();
    await this.#surroundings.strike({ ...occasion, phase: 'after' });
    return result;
  }

  async #fetch(cursorId: number, count: number): Promise<Buffer> {
    const cursor = this.#cursors.get(cursorId);
    const results = cursor?.results;
    if (results === undefined) throw new OracleError(1002, 'fetch out of sequence');
    const writer = new Writer();
    const end = await this.#around({ at: 'fetch', sql: cursor?.sql ?? '' }, async () =>
      results.writeNext(writer, count),
    );
    return endOfCall(writer, this.#status(), { cursorId, ...end });
  }

  async #execute(request: ExecuteRequest): Promise<Buffer> {
    const cursor = this.#cursorFor(request);
    const { counters } = this.#surroundings;
    counters.statements++;
    counters.boundRows += cursor.binds.length === 0 ? 0 : request.execution.rows.length;
    counters.texts.push(cursor.sql);
    const writer = new Writer();
    const end = await this.#around({ at: 'execute', sql: cursor.sql }, () =>
      this.#run(cursor, request.execution, writer),
    );
    if (this.#surroundings.isOurs) recordStatement(cursor.sql);
    return endOfCall(writer, this.#status(), { cursorId: cursor.id, ...end });
  }

  #cursorFor({ cursorId, sql, binds }: ExecuteRequest): Cursor {
    const known = this.#cursors.get(cursorId);
    if (sql === null) {
      if (known === undefined) throw new OracleError(1001, 'invalid cursor');
      known.binds = binds ?? known.binds;
      return known;
    }
    const cursor: Cursor = { id: known?.id ?? ++this.#lastCursor, sql, binds: binds ?? [] };
    this.#cursors.set(cursor.id, cursor);
    return cursor;
  }

  async #run(cursor: Cursor, execution: Execution, writer: Writer): Promise<CallEnd> {
    const { session } = this.#surroundings;
    guardHints(cursor.sql);
    const tokens = tokenize(cursor.sql);
    const kind = kindOf(tokens);
    cursor.results = undefined;
    switch (kind) {
      case 'commit':
        await this.#commit();
        return {};
      case 'rollback':
        if (tokens.length > 1) throw unsupported('ROLLBACK TO');
        await session.rollback();
        return {};
      case 'session':
        await session.alter(cursor.sql);
        return {};
      case 'query':
      case 'dml':
        break;
      case 'ddl':
        guard(tokens, kind);
        await session.define((surroundings) => translateDdl(tokens, surroundings));
        return {};
      case 'savepoint':
      case 'other':
        throw unsupported(`statements that begin with ${tokens[0]?.text ?? 'nothing'}`);
    }
    guard(tokens, kind);
    const types = cursor.binds.map(({ type }) => type);
    const { sql, locks } = translate(tokens, kind, types);
    if (!execution.executes) throw unsupported('describing a statement without executing it');
    if (kind === 'dml') return this.#change(sql, execution, writer);
    cursor.results = new ResultSet(await session.query(sql, execution.rows[0] ?? [], locks));
    if (execution.describes) writeDescription(writer, cursor.results.columns);
    return cursor.results.writeNext(writer, execution.prefetch);
  }

  async #change(sql: string, execution: Execution, writer: Writer): Promise<CallEnd> {
    const { rows, batchErrors: goesOn, commits, rowCounts } = execution;
    const { counts, errors } = await this.#surroundings.session.change(sql, rows, goesOn);
    // With errors in a batch there is no commit, even when the client asked for one.
    if (commits && errors.length === 0) await this.#commit();
    if (rowCounts) writeRowCounts(writer, counts);
    const rowCount = counts.reduce((sum, count) => sum + count, 0);
    if (errors.length === 0) return { rowCount };
    return goesOn
      ? { rowCount, error: new OracleError(24_381, 'error(s) in array DML'), batchErrors: errors }
      : { rowCount, error: errors[0]!.error };
  }

  #status(): CallStatus {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return { inTransaction: this.#surroundings.session.inTransaction, sequence: this.#sequence };
  }
}

/** Names of module, action and client, in which the stand-in takes no interest. */
function skipEndToEnd(reader: Reader): void {
  const lengths: number[] = [];
  const readLength = () => {
    reader.skip(1);
    lengths.push(reader.varint());
  };
  reader.skip(2);
  reader.varint();
  for (let count = 0; count < 4; count++) readLength();
  reader.skip(1);
  reader.varint();
  readLength();
  reader.skip(1);
  reader.varint();
  reader.skip(1);
  reader.varint();
  readLength();
  for (const length of lengths) if (length > 0) reader.bytes();
}
