import type { Client, Connection, QueryConfig, QueryResult } from 'pg';
import type { Fragment, PooledConnection } from './dialect.js';

/*
 * A connection through a pooler such as PgBouncer, which may give each transaction another session of the server. What a
 * statement relies on comes with its transaction and ends with it: the server's limits, without which a frozen worker would
 * keep its locks for ever, the isolation level, the planner's settings, the schema. Nothing is left behind in a session.
 *
 * No round trip is added for it. A transaction begins with all of its settings in one message. A statement by itself is sent
 * between BEGIN and COMMIT in one message, too, as the protocol allows: the server leaves out the rest at the first failure.
 */

/** What begins every transaction; a role's or a session's default level does not count. */
const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED';

/**
 * Names a session: a process of a server that has run since then. The start of the process itself would be more exact, and
 * looking it up takes longer than all the rest. A process with the number of one that has ended is on the same server.
 */
const session = `concat_ws('/', pg_backend_pid(), extract(epoch FROM pg_postmaster_start_time()))`;

/** Statements over a connection through a pooler. */
export class PooledPgConnection implements PooledConnection {
  readonly #connection: Client;
  readonly #settings: readonly string[];

  /** @param settings - what each transaction needs, by name */
  constructor(connection: Client, settings: Readonly<Record<string, string>>) {
    this.#connection = connection;
    this.#settings = Object.entries(settings).map(([name, value]) => {
      const text = connection.escapeLiteral(value);
      // A search path in one piece would be one name to SET.
      return name === 'search_path'
        ? `SELECT set_config('${name}', ${text}, true)`
        : `SET LOCAL ${name} = ${text}`;
    });
  }

  async begin(): Promise<string> {
    const statements = [begin, ...this.#settings, `SELECT ${session} AS session`];
    const results: unknown = await this.#connection.query(statements.join('; '));
    const last = (results as readonly QueryResult<{ readonly session: string }>[]).at(-1);
    return String(last?.rows[0]?.session);
  }

  async executeAlone(statement: Fragment): Promise<QueryResult> {
    return this.#send(statement, { before: [begin, ...this.#settings], after: ['COMMIT'] });
  }

  async executeLast(statement: Fragment): Promise<QueryResult> {
    return this.#send(statement, { before: [], after: ['COMMIT'] });
  }

  async run(command: string): Promise<void> {
    await this.#connection.query(command);
  }

  async #send({ sql, bindings }: Fragment, envelope: Envelope): Promise<QueryResult> {
    const Query = envelopedQuery(
      (this.#connection.constructor as unknown as { readonly Query: QueryClass }).Query,
    );
    return new Promise((resolve, reject) => {
      const query = new Query({ text: sql, values: [...bindings] }, (error, result) => {
        if (error === null) resolve(result);
        else reject(error);
      });
      query.envelope = envelope;
      this.#connection.query(query);
    });
  }
}

/** What is sent with a statement, in the same message: before it and after it. */
interface Envelope {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The parts of the driver's connection and query that send and take messages. */
interface Wire extends Connection {
  parse(statement: { readonly text: string }): void;
  bind(portal: object): void;
  execute(portal: object): void;
  sync(): void;
}
interface DriverQuery {
  submit(connection: Connection): void;
  requiresPreparation(): boolean;
  prepare(connection: Wire): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Wire): void;
}
type Answered = (error: Error | null, result: QueryResult) => void;
type QueryClass = new (config: QueryConfig, answered: Answered) => DriverQuery;
type EnvelopedClass = new (config: QueryConfig, answered: Answered) => DriverQuery & { envelope: Envelope };

const enveloped = new WeakMap<QueryClass, EnvelopedClass>();

/** The driver's class of queries, extended: one that Knex has loaded, wherever that is installed. */
function envelopedQuery(Query: QueryClass): EnvelopedClass {
  const known = enveloped.get(Query);
  if (known !== undefined) return known;
  class EnvelopedQuery extends Query {
    envelope: Envelope = { before: [], after: [] };
    #completed = 0;

    /** Only prepared statements can be sent several at a time with one answer to all. */
    override requiresPreparation(): boolean {
      return true;
    }

    override prepare(connection: Wire): void {
      const { before, after } = this.envelope;
      for (const text of before) sendOne(connection, text);
      // The driver ends the message after its own statement.
      const sync = (): void => {
        for (const text of after) sendOne(connection, text);
        connection.sync();
      };
      super.prepare(Object.create(connection, { sync: { value: sync } }) as Wire);
    }

    override handleDataRow(message: unknown): void {
      if (this.#isOwn) super.handleDataRow(message);
    }

    override handleCommandComplete(message: unknown, connection: Wire): void {
      if (this.#isOwn) super.handleCommandComplete(message, connection);
      this.#completed += 1;
    }

    /** Whether the server answers the statement itself. */
    get #isOwn(): boolean {
      return this.#completed === this.envelope.before.length;
    }
  }
  enveloped.set(Query, EnvelopedQuery);
  return EnvelopedQuery;
}

function sendOne(connection: Wire, text: string): void {
  connection.parse({ text });
  connection.bind({});
  connection.execute({});
}
